"""g4l's benchmark report."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.report import Run, main, report

FIELDS = [
    "Model",
    "Number of iterations",
    "Average loading time",
    "Average total tokens",
    "Average total time",
    "Average speed",
]


def test_the_six_fields_are_means_of_the_runs() -> None:
    runs = [
        Run(loading_s=2.0, total_s=1.0, num_tokens=10),
        Run(loading_s=0.0, total_s=3.0, num_tokens=50),
    ]
    assert report("m", runs).splitlines() == [
        "Model: m",
        "Number of iterations: 2",
        "Average loading time: 1.00s",
        "Average total tokens: 30.00",
        "Average total time: 2.00s",
        "Average speed: 15.00 t/s",
    ]


def test_a_real_model_is_measured(models_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["smollm2", "--models-dir", str(models_dir)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines[-6:]] == FIELDS
    assert main(["missing", "--models-dir", str(models_dir)]) == 2
    assert "missing.gguf" in capsys.readouterr().err
