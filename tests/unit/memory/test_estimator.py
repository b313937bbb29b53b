"""What a model will need: its measured peak, between bounds that its own files give."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from workers.pool.memory.estimator import MAX_TIMES_PREDICTED, Estimator
from workers.pool.memory.measured import MeasuredPeaks

CARD = load_catalogue()["smollm2-135m-instruct"]
REMOTE = CARD.model_copy(update={"source": "remote:http://127.0.0.1:1/v1"})


def needed_mib(folder: Path, card: ModelCard, peak_mib: int | None = None) -> int:
    """The need as each start estimates it anew from what is on the disk."""
    if peak_mib is not None:
        estimator(folder).record(card, "cpu", peak_mib)
    return estimator(folder).estimate(card).total_mib


def estimator(folder: Path) -> Estimator:
    settings = load_settings("cpu", {"data_dir": str(folder)})
    return Estimator(settings, MeasuredPeaks(folder), {"cpu": 16_384})


def test_a_peak_within_the_bounds_is_what_counts(tmp_path: Path) -> None:
    predicted = estimator(tmp_path).estimate(REMOTE)
    peak_mib = predicted.high_mib + 1
    assert needed_mib(tmp_path, REMOTE, peak_mib) == peak_mib


@pytest.mark.parametrize("peak_mib", [17_622, 10**9])
def test_one_request_that_ran_wild_makes_no_model_too_large_for_everybody(
    tmp_path: Path, peak_mib: int
) -> None:
    predicted = estimator(tmp_path).estimate(REMOTE)
    most_mib = round(MAX_TIMES_PREDICTED * predicted.high_mib)
    assert needed_mib(tmp_path, REMOTE, peak_mib) == most_mib < 1000
    assert needed_mib(tmp_path, REMOTE) == most_mib  # after a restart, too
