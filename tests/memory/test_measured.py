"""The book of measured peaks."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from workers.pool.memory.measured import FILE, MeasuredPeaks, PeakKey, key_of
from workers.pool.memory.memory_estimate import LoadOptions, MemoryEstimate

KEY = PeakKey(model_id="smollm2", weights="b179c9523d0e", context_tokens=4096, slots=4)


def test_a_peak_is_remembered_also_by_the_next_start(tmp_path: Path) -> None:
    peaks = MeasuredPeaks(tmp_path)
    assert peaks.get(KEY) is None
    peaks.record(KEY, 371)
    assert peaks.get(KEY) == 371
    assert MeasuredPeaks(tmp_path).get(KEY) == 371


def test_only_a_higher_peak_counts(tmp_path: Path) -> None:
    peaks = MeasuredPeaks(tmp_path)
    for peak_mib in (300, 371, 200, 0, -5):
        peaks.record(KEY, peak_mib)
    assert MeasuredPeaks(tmp_path).get(KEY) == 371


def test_each_way_of_use_has_its_own_peak(tmp_path: Path) -> None:
    card = load_catalogue()["smollm2-135m-instruct"]
    uses = [
        LoadOptions(),
        LoadOptions(slots=4),
        LoadOptions(context_tokens=512),
        LoadOptions(device="cuda:0"),
        LoadOptions(extra_cards=(load_catalogue()["all-minilm-l6-v2"],)),
    ]
    peaks = MeasuredPeaks(tmp_path)
    for number, options in enumerate(uses):
        peaks.record(key_of(card, options), 100 + number)
    assert [peaks.get(key_of(card, options)) for options in uses] == [
        100,
        101,
        102,
        103,
        104,
    ]
    assert key_of(card, LoadOptions(device="cuda:1")) == key_of(card, LoadOptions(device="cuda:0"))


def record_many(folder: Path, start: int) -> None:
    peaks = MeasuredPeaks(folder)
    for number in range(start, start + 40):
        peaks.record(PeakKey(model_id=f"model-{number}", weights="x"), number + 1)


def test_two_processes_write_into_one_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=record_many, args=(tmp_path, at)) for at in (0, 40)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    peaks = MeasuredPeaks(tmp_path)
    found = [peaks.get(PeakKey(model_id=f"model-{n}", weights="x")) for n in range(80)]
    assert found == list(range(1, 81))


def test_what_another_process_wrote_is_seen(tmp_path: Path) -> None:
    first, second = MeasuredPeaks(tmp_path), MeasuredPeaks(tmp_path)
    assert first.get(KEY) is None
    second.record(KEY, 400)
    assert first.get(KEY) == 400


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"version": 1}', '{"version": 1, "peaks_mib": [1]}',
     '{"version": 1, "peaks_mib": {"a": "x"}}', "\x00" * 100, "[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_is_put_aside(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    peaks = MeasuredPeaks(tmp_path)
    assert peaks.get(KEY) is None
    assert (tmp_path / "memory.damaged").read_text() == content
    peaks.record(KEY, 371)
    assert MeasuredPeaks(tmp_path).get(KEY) == 371


def test_a_file_of_bytes_that_are_no_text_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"\xff\xfe\x00")
    assert MeasuredPeaks(tmp_path).get(KEY) is None
    assert (tmp_path / "memory.damaged").exists()


def test_a_file_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"version": 0, "peaks_mib": {str(KEY): 5}}))
    assert MeasuredPeaks(tmp_path).get(KEY) is None


def test_the_file_is_bounded_and_keeps_the_newest(tmp_path: Path) -> None:
    old = {f"old-{number}": 1 for number in range(600)}
    (tmp_path / FILE).write_text(json.dumps({"version": 1, "peaks_mib": old}))
    MeasuredPeaks(tmp_path).record(KEY, 371)
    content = json.loads((tmp_path / FILE).read_text())["peaks_mib"]
    assert len(content) == 512
    assert content[str(KEY)] == 371


def test_a_data_folder_that_is_a_file_harms_nothing(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("not a folder")
    peaks = MeasuredPeaks(path)
    peaks.record(KEY, 371)
    assert peaks.get(KEY) == 371


def test_a_measured_estimate_is_what_was_measured() -> None:
    predicted = MemoryEstimate(
        weights_mib=100, kv_cache_mib=50, activations_mib=20, runtime_mib=30, error=0.2
    )
    for peak_mib in (1, 173, 200, 3333):
        measured = predicted.measured(peak_mib)
        assert measured.total_mib == peak_mib
        assert measured.is_measured
        assert measured.kv_cache_mib == pytest.approx(peak_mib / 4)
    nothing = MemoryEstimate(
        weights_mib=0, kv_cache_mib=0, activations_mib=0, runtime_mib=0, error=0
    )
    assert nothing.measured(70).total_mib == 70
