"""Speeds on this machine: it is measured, a model answers, and the plan says what was seen."""

from __future__ import annotations

from pathlib import Path

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from workers.assembly import build_pool
from workers.messages import Complete, Embed, SamplingParams
from workers.pool.speed.measuring_process import MeasuringProcess
from workers.pool.speed.speeds import Speeds
from workers.standalone import build_standalone

SMOLLM = "smollm2-135m-instruct"
MINILM = "all-minilm-l6-v2"


def test_the_machine_is_measured_in_a_process_of_its_own() -> None:
    found = MeasuringProcess().measure()
    assert found.source == "measured"
    assert found.read_bytes_s > 1e8
    assert found.flops > 1e8


def test_a_process_that_is_stopped_says_nothing(tmp_path: Path) -> None:
    process = MeasuringProcess()
    process.stop()
    settings = load_settings("cpu", {"data_dir": str(tmp_path)})
    speeds = Speeds(settings, process.measure)
    speeds.measure()
    assert speeds.devices().get("cpu") is None


def test_what_was_seen_in_use_replaces_the_prediction(tmp_path: Path) -> None:
    flags = {"data_dir": str(tmp_path), "pool": {"warm": []}, "log_level": "ERROR"}
    settings = load_settings("cpu", flags)
    standalone = build_standalone(settings)
    before = {name: standalone.pool.plan(load_catalogue()[name]) for name in (SMOLLM, MINILM)}
    assert all(plan.speed_words.startswith("about ") for plan in before.values())
    pool, client = build_pool(settings, load_catalogue())
    pool.start()
    try:
        sampling = SamplingParams(max_tokens=24, ignore_eos=True)
        client.run(Complete(prompt="Once upon a time", sampling=sampling))
        client.run(Embed(texts=("The grey fox went to town. " * 30,) * 8))
    finally:
        pool.close()
    for name, unit in ((SMOLLM, "tokens/s"), (MINILM, "chunks/s")):
        speed = build_standalone(settings).pool.plan(load_catalogue()[name]).speed
        assert speed is not None
        assert speed.is_measured
        assert speed.unit == unit
        assert speed.value > 0
