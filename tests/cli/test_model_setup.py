"""`quintet models setup`: what it offers, and what it says where nothing can be fetched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main

NO_HUB = "http://127.0.0.1:9"


def test_without_a_yes_nobody_is_there_to_give_nothing_is_fetched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUINTET_HUB__ENDPOINT", NO_HUB)
    at = ("--data-dir", str(tmp_path), "--only", "text")
    assert main(["models", "setup", *at]) != 0
    said = capsys.readouterr().err
    assert "to download" in said
    assert "Add --yes" in said
    assert main(["models", "setup", "--yes", *at]) != 0
    said = capsys.readouterr().err
    assert "No model hub can be reached" in said
    assert str(tmp_path / "models") in said


def test_what_was_chosen_is_forgotten_and_other_machines_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "setup", "--undo", "--json", "--data-dir", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {"undone": True}
    assert main(["models", "setup", "--url", NO_HUB]) != 0
    assert "leave out --url" in capsys.readouterr().err
