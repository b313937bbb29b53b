"""When a commit counts as slower than the one before it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks import gate

ROUND = {"chat": 1.0, "speech": 0.9}


def rounds(**values: tuple[float, ...]) -> list[dict[str, float]]:
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def test_what_varies_as_it_always_does_is_not_slower() -> None:
    before = rounds(chat=(1.0, 0.97, 1.03), speech=(0.9, 0.95, 0.88))
    after = rounds(chat=(0.96, 1.0, 0.95), speech=(0.9, 0.86, 0.93))
    assert gate.slower(before, after) == []
    assert gate.slower(after, before) == []


def test_what_is_slower_in_the_medians_and_in_most_rounds_is_named_with_both_numbers() -> None:
    before = rounds(chat=(1.0, 1.0, 1.0), speech=(0.9, 0.9, 0.9))
    after = rounds(chat=(0.8, 0.85, 1.0), speech=(0.9, 0.9, 0.4))
    assert gate.slower(before, after) == ["chat: 1 before, 0.85 now (-15%)"]


def test_one_bad_round_and_a_row_that_is_new_or_gone_are_nobodys_fault() -> None:
    before = rounds(chat=(1.0, 1.0, 1.0), gone=(1.0, 1.0, 1.0))
    after = rounds(chat=(0.2, 1.0, 1.0), new=(0.1, 0.1, 0.1))
    assert gate.slower(before, after) == []


def test_only_ratios_count_and_a_latency_is_turned_over() -> None:
    rows = [
        {"what": "chat", "value": 0.97, "unit": "ratio", "bar": "≥ 0.97"},
        {"what": "first audio", "value": 1.25, "unit": "ratio", "bar": "≤ 1.15"},
        {"what": "start", "value": 1.6, "unit": "s", "bar": "≤ 3"},
    ]
    assert gate.more_is_better(rows) == {"chat": 0.97, "first audio": 0.8}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two commits whose only benchmark says 1.0, and then 0.5."""
    root = tmp_path / "repository"
    (root / "benchmarks").mkdir(parents=True)
    (root / "benchmarks" / "__init__.py").touch()

    def git(*words: str) -> None:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True)

    git("init", "--initial-branch=main")
    for value in (1.0, 0.5):
        row = json.dumps({"what": "toy", "value": value, "unit": "ratio", "bar": ""})
        (root / "benchmarks" / "toy.py").write_text(
            "from dataclasses import make_dataclass\n"
            f"row = {row}\n"
            "Row = make_dataclass('Row', row)\n"
            "def measure():\n    return [Row(**row)]\n"
        )
        git("add", ".")
        git("commit", "--message", f"toy: {value}")
    monkeypatch.setattr(gate, "ROOT", root)
    return root


def test_two_commits_are_measured_from_checkouts_of_their_own(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gate.main(["--scripts", "toy", "--rounds", "2"]) == 1
    assert "toy: 1 before, 0.5 now (-50%)" in capsys.readouterr().out
    assert gate.main(["HEAD", "--scripts", "toy", "--rounds", "1"]) == 0
    assert "nothing has become slower" in capsys.readouterr().out
    assert gate.main(["HEAD", "--after", "HEAD~1", "--scripts", "toy", "--rounds", "1"]) == 0
    listed = subprocess.run(
        ["git", "worktree", "list"],
        cwd=repository, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert len(listed.stdout.splitlines()) == 1
