"""`quintet models list` and `sets`: what is shown first, and what only on request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main
from configs.sets import load_sets


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    assert main(["models", *arguments, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_older_models_are_listed_on_request_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--data-dir", str(tmp_path))
    names = {row["id"] for row in listed(capsys, "list", "text", *at)}
    every = {row["id"] for row in listed(capsys, "list", "text", "--all", *at)}
    assert "qwen3.5-4b" in names
    assert "vicuna-7b-v1.5" not in names
    assert "vicuna-7b-v1.5" in every
    assert main(["models", "list", "text", *at]) == 0
    note = capsys.readouterr().err
    assert f"{len(every - names)} older models are not shown; --all shows them." in note


def test_what_is_in_use_and_what_is_recommended_stand_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = listed(capsys, "list", "text", "--data-dir", str(tmp_path))
    marks = [(not row["is_default"], not row["recommended"]) for row in rows]
    assert marks == sorted(marks)
    assert rows[0]["is_default"]
    assert rows[1]["recommended"]


def test_the_sets_are_listed_and_one_is_for_this_machine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = listed(capsys, "sets", "--data-dir", str(tmp_path))
    assert [row["id"] for row in rows] == [one.id for one in load_sets()]
    (mine,) = [row for row in rows if row["is_for_this_machine"]]
    assert main(["models", "sets", "--data-dir", str(tmp_path)]) == 0
    assert f"quintet models pull {mine['text']}" in capsys.readouterr().out
