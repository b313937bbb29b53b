"""What is remembered of the machine and of uses, and which of it counts."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from workers.messages import (
    ChatMessage,
    Embed,
    Finished,
    FinishReason,
    Generate,
    ListCollections,
    Media,
    Request,
    Synthesize,
    Transcribe,
    Usage,
)
from workers.pool.memory.memory_estimate import MemoryEstimate
from workers.pool.memory.placement import Placement
from workers.pool.memory.plan import Plan
from workers.pool.speed import graphics_speed
from workers.pool.speed.correction import LEAST, MOST, correction
from workers.pool.speed.device_speed import DeviceSpeed
from workers.pool.speed.measuring import last_cache_bytes
from workers.pool.speed.speed_book import MACHINE_FILE, MODEL_FILE, NUM_VALUES, SpeedBook
from workers.pool.speed.speed_seen import speed_seen
from workers.pool.speed.speeds import Speeds

CARD = load_catalogue()["smollm2-135m-instruct"]
OTHER = load_catalogue()["qwen3-4b"]
VOICE = load_catalogue()["piper-en-us-joe-medium"]
NEED = MemoryEstimate(weights_mib=90, kv_cache_mib=0, activations_mib=0, runtime_mib=0, error=0.0)
PLACE = Placement(device="cpu", need_mib={"cpu": 90}, memory_estimate=NEED)
CPU = DeviceSpeed(read_bytes_s=30e9, flops=100e9, source="measured", date="2026-11-30")
SAY = Generate(messages=(ChatMessage(role="user", text="Hello"),))
HEAR = Transcribe(audio=Media(data=b"", name="a.wav"))


def speeds(folder: Path, cpu: DeviceSpeed | Exception = CPU) -> Speeds:
    def measure() -> DeviceSpeed:
        if isinstance(cpu, Exception):
            raise cpu
        return cpu

    return Speeds(load_settings("cpu", {"data_dir": str(folder)}), measure)


def done(reason: FinishReason = "stop", run_s: float = 10.0, **usage: Any) -> Finished:
    return Finished(request_id="1", reason=reason, run_s=run_s, usage=Usage(**usage))


def test_a_use_replaces_the_prediction_and_says_so(tmp_path: Path) -> None:
    here = speeds(tmp_path)
    assert here.of(CARD, PLACE) is None  # nobody has measured the machine yet
    here.measure()
    predicted = here.of(CARD, PLACE)
    assert predicted is not None
    assert predicted.words.startswith("about ")
    here.note(CARD, PLACE, SAY, done(completion_tokens=100, decode_s=5.0))
    here.close()
    seen = speeds(tmp_path).of(CARD, PLACE)
    assert seen is not None
    assert seen.words == "20 tokens/s, measured"


def test_what_one_model_showed_is_believed_of_the_others(tmp_path: Path) -> None:
    here = speeds(tmp_path)
    here.measure()
    before, voice_before = (here.of(card, PLACE) for card in (OTHER, VOICE))
    seen = here.of(CARD, PLACE)
    assert before is not None
    assert seen is not None
    slow = 500 / seen.value  # seconds for half of what a chat of 1,000 tokens lets expect
    here.note(CARD, PLACE, SAY, done(prompt_tokens=875, completion_tokens=250, decode_s=slow))
    here.close()
    after = speeds(tmp_path)
    corrected = after.of(OTHER, PLACE)
    assert corrected is not None
    assert not corrected.is_measured
    assert corrected.value == pytest.approx(before.value / 2, rel=0.01)
    assert after.of(VOICE, PLACE) == voice_before  # another engine predicts for itself


def test_one_model_is_not_believed_without_limits(tmp_path: Path) -> None:
    assert correction([]) == 1.0
    assert correction([0.8]) == 0.8
    assert correction([0.8, 0.9, 0.1]) == 0.8
    assert correction([0.01]) == LEAST
    assert correction([100.0]) == MOST


def test_corrections_belong_to_the_figures_that_they_were_seen_with(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path)
    book.note_device("cpu", CPU)
    book.note_ratio(CARD, "estimator", "cpu", 0.5)
    assert book.ratios("estimator", "cpu") == [0.5]
    assert book.ratios("another", "cpu") == []
    assert book.ratios("estimator", "cuda:0") == []
    book.note_device("cpu", DeviceSpeed(read_bytes_s=15e9, flops=50e9, source="measured"))
    assert book.ratios("estimator", "cpu") == []


def test_a_plan_says_how_fast_unless_the_model_goes_nowhere(tmp_path: Path) -> None:
    here = speeds(tmp_path)
    here.measure()
    made = Plan(model_id=CARD.id, name=CARD.name, outcome="fits", placement=PLACE, free_mib=900)
    added = here.added_to(made, CARD)
    assert added.speed is not None
    assert str(added).endswith(f"About {added.speed.number} tokens/s.")
    assert added.as_dict()["speed"]["words"] == added.speed_words
    large = Plan(model_id=CARD.id, name=CARD.name, outcome="too_large", placement=PLACE, free_mib=9)
    assert here.added_to(large, CARD).speed_words == ""
    assert large.as_dict()["speed"] is None


def test_the_machine_is_measured_again_only_after_a_busy_time(tmp_path: Path) -> None:
    busy = DeviceSpeed(read_bytes_s=9e9, flops=9e9, source="measured", load=1e9)
    for found, expected in ((busy, busy), (CPU, CPU), (busy, CPU)):
        speeds(tmp_path, found).measure()
        assert SpeedBook(tmp_path).device("cpu") == expected


def test_a_measurement_that_fails_is_logged_and_not_repeated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here = speeds(tmp_path, OSError("no more processes"))
    here.measure()
    here.measure()
    assert caplog.text.count("no more processes") == 1
    assert here.of(CARD, PLACE) is None


def test_the_median_of_the_latest_uses_counts(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path)
    for value in (1.0, *[50.0] * NUM_VALUES, 1000.0):
        book.note_model(CARD, "cpu", {}, value)
    assert book.model(CARD, "cpu", {}) == 50.0
    assert book.model(CARD, "cuda:0", {}) is None
    assert book.model(CARD, "cpu", {"gpu_layers": 7}) is None


@pytest.mark.parametrize("damage", ["{", "[]", '{"version": 1}', '{"version": 1, "models": 3}'])
def test_a_damaged_book_is_as_if_there_were_none(tmp_path: Path, damage: str) -> None:
    for name in (MACHINE_FILE, MODEL_FILE):
        (tmp_path / name).write_text(damage, encoding="utf-8")
    book = SpeedBook(tmp_path)
    assert book.device("cpu") is None
    assert book.model(CARD, "cpu", {}) is None
    book.note_device("cpu", CPU)
    assert SpeedBook(tmp_path).device("cpu") == CPU


def test_an_entry_that_means_nothing_is_not_used(tmp_path: Path) -> None:
    book = SpeedBook(tmp_path)
    book.note_model(CARD, "cpu", {}, 5.5)
    path = tmp_path / MODEL_FILE
    path.write_text(path.read_text(encoding="utf-8").replace("5.5", '"fast"'), encoding="utf-8")
    assert SpeedBook(tmp_path).model(CARD, "cpu", {}) is None


@pytest.mark.parametrize(
    ("asked", "end", "speed"),
    [
        (SAY, done(completion_tokens=100, decode_s=5.0), 20.0),
        (SAY, done(completion_tokens=3, decode_s=0.1), None),
        (SAY, done(completion_tokens=100), None),
        (SAY, done(reason="cancelled", completion_tokens=100, decode_s=5.0), None),
        (HEAR, done(audio_s=60.0), 6.0),
        (HEAR, done(audio_s=4.0), None),
        (Synthesize(text="Hello"), done(audio_s=40.0), 4.0),
        (Embed(texts=("a",)), done(num_chunks=50.0, prefill_s=2.0), 25.0),
        (Embed(texts=("a",)), done(num_chunks=0.1, prefill_s=0.1), None),
        (ListCollections(), done(), None),
    ],
)
def test_what_a_receipt_says_of_the_speed(
    asked: Request, end: Finished, speed: float | None
) -> None:
    assert speed_seen(asked, end) == speed


class Driver:
    """As the bindings of NVML look to us."""

    NVML_CLOCK_MEM, NVML_CLOCK_SM = 2, 1
    NVMLError = OSError

    def __init__(self, **said: Any) -> None:
        self._said = SimpleNamespace(**said)

    def nvmlDeviceGetMaxClockInfo(self, _handle: object, kind: int) -> int:  # noqa: N802 — NVML's
        return int(self._said.memory_mhz if kind == self.NVML_CLOCK_MEM else self._said.sm_mhz)

    def nvmlDeviceGetMemoryBusWidth(self, _handle: object) -> int:  # noqa: N802 — NVML's
        return int(self._said.bus_bits)

    def nvmlDeviceGetNumGpuCores(self, _handle: object) -> int:  # noqa: N802 — NVML's
        if self._said.cores is None:
            raise self.NVMLError("not supported")
        return int(self._said.cores)


@pytest.mark.parametrize(
    ("cores", "flops"), [(16896, 2 * 16896 * 1.98e9), (None, 20 * 2 * 3.201e9 * 6144 / 8)]
)
def test_a_graphics_card_is_what_its_driver_says(
    cores: int | None, flops: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An H200 on paper: 4.9 TB/s (4.8 in its data sheet) and 67 TFLOP/s of float32.
    driver = Driver(memory_mhz=3201, bus_bits=6144, sm_mhz=1980, cores=cores)
    monkeypatch.setattr(graphics_speed, "nvml_cards", lambda: iter([(driver, object())]))
    graphics_speed.graphics_speeds.cache_clear()
    found = graphics_speed.graphics_speeds()
    graphics_speed.graphics_speeds.cache_clear()
    assert found["cuda:0"].read_bytes_s == pytest.approx(4.917e12, rel=1e-3)
    assert found["cuda:0"].flops == pytest.approx(flops)


def test_the_largest_cache_is_found(tmp_path: Path) -> None:
    for number, size in enumerate(("32K", "1024K", "32M", "odd")):
        (tmp_path / f"index{number}").mkdir()
        (tmp_path / f"index{number}" / "size").write_text(size, encoding="ascii")
    assert last_cache_bytes(tmp_path) == 32 << 20
    assert last_cache_bytes(tmp_path / "none") == 0
