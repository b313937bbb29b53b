"""Cards are compared with a hub: what is gone, of another length or of other content is told."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from cli.main import main
from configs.settings import HubSettings
from tests.downloads.conftest import CONFIG, REPOSITORY, WEIGHTS, make_card
from tests.downloads.local_hub import LocalHub
from workers.messages.errors import UnsupportedInputError
from workers.models.downloads.recheck import recheck
from workers.models.importing import save

BIG = "tiny.Q4_K_M.gguf"
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()


def hub_of(local_hub: LocalHub) -> HubSettings:
    return HubSettings(endpoint=local_hub.url)


def test_a_card_that_is_right_says_what_it_could_say_besides(local_hub: LocalHub) -> None:
    found = recheck(make_card(), hub_of(local_hub))
    assert (found.problems, found.is_right) == ((), True)
    assert found.total_bytes == len(WEIGHTS) + len(CONFIG)
    assert set(found.unsaid) == {
        f"file_bytes: {BIG}: {len(WEIGHTS)}",
        f"files: {BIG}: {SHA256}",
        f"file_bytes: config.json: {len(CONFIG)}",
    }
    assert [r for r in local_hub.requests if r.method == "GET"] == []  # no weights are fetched


def test_a_card_that_says_all_leaves_nothing_to_say(local_hub: LocalHub) -> None:
    card = make_card(files={BIG: SHA256}, file_bytes={BIG: len(WEIGHTS)})
    assert recheck(card, hub_of(local_hub)).unsaid == ()


def test_every_file_is_compared_although_the_first_is_wrong(local_hub: LocalHub) -> None:
    card = make_card(
        files={BIG: "0" * 64, "gone.json": None, "config.json": None},
        file_bytes={"config.json": 5},
    )
    first, second, third = recheck(card, hub_of(local_hub)).problems
    assert "the card expects 000000000000" in first
    assert "has no file gone.json" in second
    assert f"has {len(CONFIG)} bytes there, and the card expects 5" in third


def test_a_repository_that_has_gone_is_told_once_for_each_file(local_hub: LocalHub) -> None:
    card = make_card(source="hf:maker/gone@main", files={BIG: None})
    (problem,) = recheck(card, hub_of(local_hub)).problems
    assert "knows no repository maker/gone" in problem


def test_a_model_that_is_not_downloaded_has_nothing_to_compare(local_hub: LocalHub) -> None:
    with pytest.raises(UnsupportedInputError, match="nothing to download"):
        recheck(make_card(source="path:/somewhere"), hub_of(local_hub))


def test_the_command_ends_with_1_where_something_has_changed(
    local_hub: LocalHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("QUINTET_HUB__ENDPOINT", local_hub.url)
    save(make_card(id="right"), tmp_path)
    save(make_card(id="wrong", file_bytes={BIG: 7}), tmp_path)
    at = ["--data-dir", str(tmp_path)]
    assert main(["models", "check", "right", *at]) == 0
    assert "ok    right: 2 files, 3.0 MB" in capsys.readouterr().out
    assert main(["models", "check", "right", "wrong", "--json", *at]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["is_right"] for line in lines] == [True, False]
    assert REPOSITORY in lines[0]["source"]
