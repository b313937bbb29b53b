"""The page of a passage as HTML: escaped, marked where it stands, or why there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ui.documents.page_sheet import failed_html, page_button, sheet_html
from workers.messages import PageShown, Passage
from workers.messages.errors import NotFoundError

PASSAGE = Passage(
    chunk_id='c"1', document_id="d", document_name="a.pdf", page=4, text="words", score=0.5
)
SHOWN = PageShown(
    request_id="r",
    name="<b>.pdf",
    page=1,
    num_pages=3,
    picture=b"png",
    boxes=((0.1, 0.2, 0.3, 0.04),),
    note="<not found>",
)


@pytest.mark.parametrize(
    ("name", "page", "is_there"),
    [("a.pdf", 4, True), ("a.TIFF", 1, True), ("a.pdf", None, False), ("a.pptx", 2, False)],
)
def test_only_pages_that_can_be_drawn_are_offered(
    name: str, page: int | None, is_there: bool
) -> None:
    button = page_button(replace(PASSAGE, document_name=name, page=page))
    assert ("data-page-of" in button) == is_there


def test_the_sheet_is_escaped_and_marked() -> None:
    html = sheet_html(SHOWN, 'c"1')
    assert "&lt;b&gt;.pdf" in html
    assert "&lt;not found&gt;" in html
    assert 'data-page-of="c&quot;1"' in html
    assert "left:10.00%;top:20.00%;width:30.00%;height:4.00%" in html


def test_there_is_no_page_before_the_first() -> None:
    before, after = sheet_html(SHOWN, "c").split('aria-label="Page after"')
    assert "disabled" in before
    assert "disabled" not in after


def test_why_there_is_no_page_is_said() -> None:
    assert "Gone." in failed_html(NotFoundError("Gone.", "Add it again."))
