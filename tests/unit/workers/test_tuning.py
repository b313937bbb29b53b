"""How a model is run: estimated, measured, remembered, and followed by memory and processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from configs.card_options import checked_options
from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from workers.assembly import process_spec_of
from workers.flows.tuning import Trial, chosen, kv_choices, spin_choices, thread_choices
from workers.messages import Usage
from workers.models.facts.model import ModelFacts
from workers.models.tuning.book import FILE, Tuned, TuningBook
from workers.models.tuning.entries import Entries
from workers.models.tuning.learning import ReadingSpeeds
from workers.models.tuning.run_settings import (
    LEAST_BATCH,
    MOST_BATCH,
    STOP_S,
    RunSettings,
    batch_for,
    run_settings,
)
from workers.models.tuning.waiting_prompts import LEAST_MIB, waiting_mib, waiting_mib_of
from workers.pool.memory.estimator import Estimator
from workers.pool.memory.measured import MeasuredPeaks
from workers.pool.memory.placement import place

CARDS = load_catalogue()
SMOL = CARDS["smollm2-135m-instruct"]
SETTINGS = RunSettings(
    decode_threads=3, batch_threads=4, batch_tokens=96, kv_type="q8_0", spin=1234
)
MACHINE = {"cpu": 2048}
"""MiB: so small that every model gets the shortest context."""
TUNED = Tuned(settings=SETTINGS, reading=150.0, writing=60.0, date="2026-11-29", load=0.1)


def with_options(card: ModelCard, **options: object) -> ModelCard:
    return card.model_copy(update={"options": {**card.options, **options}})


@given(st.floats(0, 1e6))
def test_a_batch_is_read_before_stop_has_waited_too_long(tokens_per_s: float) -> None:
    batch = batch_for(tokens_per_s)
    assert LEAST_BATCH <= batch <= MOST_BATCH
    assert batch == LEAST_BATCH or batch <= tokens_per_s * STOP_S


@given(st.integers(1, 256), st.sampled_from(["cpu", "cuda:0"]))
def test_no_more_threads_than_allowed_and_never_none(threads: int, device: str) -> None:
    settings = run_settings(SMOL, threads, device)
    assert 1 <= settings.decode_threads <= threads
    assert 1 <= settings.batch_threads <= threads


def test_larger_models_get_smaller_batches() -> None:
    small, large = (run_settings(CARDS[name], 8, "cpu").batch_tokens for name in
                    ("smollm2-135m-instruct", "qwen2.5-3b-instruct"))  # fmt: skip
    assert small > large


def test_what_a_person_wrote_into_the_card_counts_first(tmp_path: Path) -> None:
    card = with_options(SMOL, decode_threads=1)
    book = TuningBook(tmp_path)
    book.note(card, "cpu", TUNED)
    settings = run_settings(book.applied(card, "cpu"), 4, "cpu")
    assert settings == replace(SETTINGS, decode_threads=1)


def test_a_choice_is_kept_for_its_model_and_device_alone(tmp_path: Path) -> None:
    TuningBook(tmp_path).note(SMOL, "cpu", TUNED)
    book = TuningBook(tmp_path)
    assert book.find(SMOL, "cpu") == TUNED
    assert book.find(SMOL, "cuda:0") is None
    assert book.find(CARDS["smollm2-360m-instruct"], "cpu") is None
    other_weights = SMOL.model_copy(update={"files": {SMOL.weight_file: "0" * 64}})
    assert book.find(other_weights, "cpu") is None
    book.forget(SMOL, "cpu")
    assert book.find(SMOL, "cpu") is None
    assert book.applied(SMOL, "cpu") == SMOL


def test_a_choice_does_not_follow_the_folder_to_another_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = TuningBook(tmp_path)
    book.note(SMOL, "cpu", TUNED)
    monkeypatch.setattr("workers.models.tuning.book.processor", lambda: "Another CPU @ 9 GHz")
    assert book.find(SMOL, "cpu") is None


def test_nothing_is_forgotten_while_another_program_writes(tmp_path: Path) -> None:
    entries = Entries(tmp_path / FILE, "models")
    entries.note("a", {"n": 1})
    with (
        FileLock(tmp_path / "tuning.models-lock"),
        pytest.raises(OSError, match="locked by another"),
    ):
        entries.forget("a")
    assert entries.all() == {"a": {"n": 1}}
    entries.forget("a")
    assert entries.all() == {}


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"version": 1, "models": []}', '{"version": 99, "models": {}}', "\x00\xff"],
)
def test_a_damaged_book_is_an_empty_one(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content, encoding="latin-1")
    book = TuningBook(tmp_path)
    assert book.find(SMOL, "cpu") is None
    book.note(SMOL, "cpu", TUNED)
    assert book.find(SMOL, "cpu") == TUNED


def test_an_entry_that_makes_no_sense_is_not_used(tmp_path: Path) -> None:
    book = TuningBook(tmp_path)
    book.note(SMOL, "cpu", TUNED)
    path = tmp_path / FILE
    path.write_text(path.read_text().replace('"q8_0"', "[7]"))
    assert book.find(SMOL, "cpu") is None


def test_the_process_and_the_memory_follow_the_choice(tmp_path: Path) -> None:
    settings = load_settings("cpu", {"data_dir": str(tmp_path)})
    estimator = Estimator(settings, MeasuredPeaks(tmp_path), MACHINE)
    before = estimator.estimate(SMOL).kv_cache_mib
    TuningBook(tmp_path).note(SMOL, "cpu", TUNED)
    after = estimator.estimate(SMOL).kv_cache_mib
    assert after == pytest.approx(before * 34 / 64)
    spec = process_spec_of(SMOL, settings)
    assert spec.environment["GOMP_SPINCOUNT"] == "1234"
    assert run_settings(spec.settings.card, 4, "cpu") == SETTINGS


def test_where_memory_is_short_the_kv_cache_is_kept_in_half_of_it(tmp_path: Path) -> None:
    settings = load_settings("cpu", {"data_dir": str(tmp_path)})
    wide, narrow = Estimator(settings, MeasuredPeaks(tmp_path), MACHINE).placements(SMOL)
    headroom = {"cpu": wide.need_mib["cpu"] - 1}
    decision = place((wide, narrow), headroom, ())
    assert decision is not None
    spec = process_spec_of(SMOL, settings, placement=decision.placement)
    assert spec.settings.card.options["kv_type"] == "q8_0"
    fixed = with_options(SMOL, kv_type="f16")
    assert len(Estimator(settings, MeasuredPeaks(tmp_path), MACHINE).placements(fixed)) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("kv_type", "q3_k"), ("batch_tokens", -1), ("spin", "long"), ("kv_type", 8)]
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=name):
        checked_options({name: value})


def usage_of(tokens: int, seconds: float) -> Usage:
    return Usage(prompt_tokens=tokens, completion_tokens=10, prefill_s=seconds, decode_s=0.2)


def test_a_batch_that_is_far_too_large_is_smaller_the_next_time(tmp_path: Path) -> None:
    speeds = ReadingSpeeds(SMOL, replace(SETTINGS, batch_tokens=512), "cpu", tmp_path)
    speeds.note(usage_of(2000, 20.0))
    speeds.note(usage_of(2000, 10.0))
    speeds.note(usage_of(100, 0.001))  # says nothing: it is less than one batch
    assert TuningBook(tmp_path).find(SMOL, "cpu") is None
    speeds.note(usage_of(2000, 40.0))
    learned = TuningBook(tmp_path).find(SMOL, "cpu")
    assert learned is not None
    assert learned.settings == replace(SETTINGS, batch_tokens=batch_for(200.0))
    assert learned.reading == 200.0


def test_a_batch_that_fits_is_left_alone(tmp_path: Path) -> None:
    fitting = replace(SETTINGS, batch_tokens=batch_for(200.0))
    speeds = ReadingSpeeds(SMOL, fitting, "cpu", tmp_path)
    for seconds in (10.0, 11.0, 50.0, 12.0):
        speeds.note(usage_of(2000, seconds))
    assert TuningBook(tmp_path).find(SMOL, "cpu") is None


def trial(settings: RunSettings, *speeds: tuple[float, float]) -> Trial:
    return Trial(
        settings=settings,
        reading=[reading for reading, _ in speeds],
        writing=[writing for _, writing in speeds],
    )


def test_only_a_clear_difference_changes_a_setting() -> None:
    other = replace(SETTINGS, decode_threads=1)
    first = trial(SETTINGS, (100, 50), (100, 50), (100, 50))
    assert chosen([first, trial(other, (101, 51), (101, 51), (101, 51))]) == SETTINGS
    assert chosen([first, trial(other, (100, 70), (1, 1), (100, 70))]) == other


@given(st.integers(1, 256))
def test_what_is_tried_is_within_the_machine(threads: int) -> None:
    start = replace(SETTINGS, decode_threads=threads, kv_type="f16")
    tried = [*thread_choices(start), *kv_choices(start), *spin_choices(start)]
    assert start not in tried
    assert all(1 <= settings.decode_threads <= threads for settings in tried)


@pytest.mark.parametrize(
    ("kv_heads", "context_tokens", "kv_type", "expected"),
    [(3, 512, "f16", LEAST_MIB), (8, 4096, "f16", 576), (8, 4096, "q8_0", 306)],
)
def test_one_conversation_fits_among_the_prompts_that_wait(
    kv_heads: int, context_tokens: int, kv_type: str, expected: int
) -> None:
    # 36 layers × 8 heads × (128 + 128) × 4,096 tokens × 2 bytes = 576 MiB.
    facts = ModelFacts(num_layers=36, whole_kv_values=36 * kv_heads * (128 + 128))
    assert waiting_mib(facts, context_tokens, kv_type) == expected


def test_a_file_that_cannot_be_read_gets_the_least(tmp_path: Path) -> None:
    assert waiting_mib_of(tmp_path / "none.gguf", 4096, "f16") == LEAST_MIB
    (tmp_path / "bad.gguf").write_bytes(b"no model")
    assert waiting_mib_of(tmp_path / "bad.gguf", 4096, "f16") == LEAST_MIB
