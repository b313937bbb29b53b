"""`quintet benchmark`: what is measured is shown, kept, and shown again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main


def test_a_result_is_shown_kept_and_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ["--profile", "fake", "--data-dir", str(tmp_path)]
    assert main(["benchmark", "--history", *at]) == 0
    assert "Nothing was measured" in capsys.readouterr().err
    assert main(["benchmark", "fake-text", "-n", "1", "--json", *at]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["model_id"] == "fake-text"
    assert found["unit"] == "tokens/s"
    fields = ("load_s", "read", "written", "total_s", "first_s", "pace", "peak_mib")
    assert all(found[name] > 0 for name in fields)
    assert main(["benchmark", "fake-text", "-n", "1", *at]) == 0
    table = capsys.readouterr().out
    assert table.count("fake-text") == 2
    assert "tokens/s" in table
    assert main(["benchmark", "fake-text", "--history", "--json", *at]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[0]) == found
    assert len(lines) == 2


def test_another_machine_is_not_measured_from_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", "--url", "http://127.0.0.1:9"]) == 2
    assert "measures this machine" in capsys.readouterr().err
    assert main(["benchmark", "no-such-model", "--data-dir", str(tmp_path)]) == 2
    assert "no-such-model" in capsys.readouterr().err
