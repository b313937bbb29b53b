"""What people say of where to look is read the same way at every door, or said to be wrong."""

from __future__ import annotations

import pytest

from workers.engines.rag.filtering import fits
from workers.flows.filters import filter_of
from workers.messages import DocumentInfo
from workers.messages.errors import UnsupportedInputError


def document(name: str, added_s: float | None = None) -> DocumentInfo:
    return DocumentInfo(
        document_id="d", name=name, num_pages=None, num_chunks=1, num_bytes=1, added_s=added_s
    )


def test_nothing_said_is_no_filter() -> None:
    assert filter_of() is None
    assert filter_of(files=[], types=[], pages="  ") is None


@pytest.mark.parametrize(("said", "pages"), [("3", (3, 3)), ("3-5", (3, 5)), (" 3 - 5 ", (3, 5))])
def test_pages(said: str, pages: tuple[int, int]) -> None:
    only = filter_of(pages=said)
    assert only is not None
    assert only.pages == pages


@pytest.mark.parametrize(
    "said", [{"pages": "5-3"}, {"pages": "0"}, {"pages": "all"}, {"since": "soon"}]
)
def test_what_cannot_be_read_is_said(said: dict[str, str]) -> None:
    with pytest.raises(UnsupportedInputError, match=r"are no pages|is no day"):
        filter_of(**said)


def test_names_kinds_and_days_must_all_fit() -> None:
    only = filter_of(files=["report*"], types=[".PDF"])
    assert only is not None
    assert fits(document("Report 2024.pdf"), only)
    assert not fits(document("Report 2024.md"), only)
    assert not fits(document("Letter.pdf"), only)
    day = filter_of(since="2026-11-30", until="2026-11-30")
    assert day is not None
    assert day.since_s is not None
    assert fits(document("a", day.since_s), day)
    assert fits(document("a", day.since_s + 86_399), day)
    assert not fits(document("a", day.since_s - 1), day)
    assert not fits(document("a", day.since_s + 86_401), day)
    assert not fits(document("a"), day)
