"""`quintet tune` on the packaged model: what is chosen is kept, shown, used, and forgotten again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main
from configs.catalogue import load_catalogue
from configs.settings import load_settings
from workers.assembly import process_spec_of
from workers.models.tuning.book import TuningBook

MODEL = "smollm2-135m-instruct"


def shown(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["models", "show", MODEL, "--json", "--data-dir", str(data_dir)]) == 0
    runs: str = json.loads(capsys.readouterr().out)["runs"]
    return runs


@pytest.mark.slow
def test_a_measured_choice_is_kept_shown_used_and_forgotten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.flows.tuning.ROUNDS", 1)
    assert "estimated" in shown(tmp_path, capsys)
    assert main(["tune", MODEL, "--json", "--data-dir", str(tmp_path)]) == 0
    chosen = json.loads(capsys.readouterr().out)
    assert chosen["id"] == MODEL
    assert chosen["reading"] > 0
    assert chosen["writing"] > 0
    tuned = TuningBook(tmp_path).find(load_catalogue()[MODEL], "cpu")
    assert tuned is not None
    assert tuned.settings.as_options() == chosen["settings"]
    assert shown(tmp_path, capsys) == str(tuned)
    spec = process_spec_of(
        load_catalogue()[MODEL], load_settings("cpu", {"data_dir": str(tmp_path)})
    )
    assert spec.settings.card.options.items() >= chosen["settings"].items()
    assert main(["tune", MODEL, "--reset", "--data-dir", str(tmp_path)]) == 0
    assert "estimated" in shown(tmp_path, capsys)


def test_what_cannot_be_tuned_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tune", "whisper-tiny-en", "--data-dir", str(tmp_path)]) == 2
    assert "whisper-tiny-en" in capsys.readouterr().err
    assert main(["tune", MODEL, "--url", "http://127.0.0.1:9"]) == 2
    assert "--url" in capsys.readouterr().err
