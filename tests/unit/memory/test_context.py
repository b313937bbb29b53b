"""How long a context a model gets: what is asked, else what fits the machine; the same for estimate and engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import Settings, load_settings
from workers.assembly import process_spec_of
from workers.models.facts.model import ModelFacts
from workers.models.tuning.checkpoints import MOST, checkpoint_bytes, num_checkpoints
from workers.models.tuning.context import context_tokens
from workers.pool.memory.context import STEPS, chosen_steps, step_for
from workers.pool.memory.estimate import LoadOptions, estimate
from workers.pool.memory.estimator import Estimator
from workers.pool.memory.measured import MeasuredPeaks
from workers.pool.memory.placement import Placement, place

CARDS = load_catalogue()
SMOL = CARDS["smollm2-135m-instruct"]
QWEN = CARDS["qwen3-4b"]
GIB = 1024


def settings_of(folder: Path, **more: Any) -> Settings:
    return load_settings("cpu", {"data_dir": str(folder), **more})


def placements(settings: Settings, card: ModelCard, **capacity_mib: int) -> tuple[Placement, ...]:
    peaks = MeasuredPeaks(settings.data_dir)
    capacities = {"cpu": capacity_mib["ram"]}
    if "vram" in capacity_mib:
        capacities["cuda:0"] = capacity_mib["vram"]
    return Estimator(settings, peaks, capacities).placements(card)


def tokens_of(placement: Placement) -> int:
    assert placement.context is not None
    assert placement.options["context_tokens"] == placement.context.tokens
    return placement.context.tokens


@pytest.mark.parametrize(
    ("card", "ram_gib", "tokens"),
    [(SMOL, 2, 4096), (SMOL, 16, 8192), (SMOL, 512, 8192), (QWEN, 16, 4096), (QWEN, 64, 8192)],
)
def test_the_machine_decides_and_the_model_s_own_length_bounds(
    card: ModelCard, ram_gib: int, tokens: int, tmp_path: Path
) -> None:
    settings = settings_of(tmp_path)
    found = placements(settings, card, ram=ram_gib * GIB)
    assert tokens_of(found[0]) == tokens
    assert placements(settings, card, ram=ram_gib * GIB) == found  # the same after a restart
    assert tokens_of(found[-1]) == 4096
    assert tokens_of(found[0]) <= (card.context_length or tokens)


def test_a_budget_counts_as_the_machine(tmp_path: Path) -> None:
    free = placements(settings_of(tmp_path), SMOL, ram=64 * GIB)
    tight = placements(settings_of(tmp_path, memory={"budget": "1GiB"}), SMOL, ram=64 * GIB)
    assert (tokens_of(free[0]), tokens_of(tight[0])) == (8192, 4096)


def test_nobody_leaves_for_a_longer_context_and_a_shorter_one_is_taken_instead(
    tmp_path: Path,
) -> None:
    long, short, *_ = placements(settings_of(tmp_path), SMOL, ram=16 * GIB)
    assert (long.may_evict, short.may_evict) == (False, True)
    headroom = {"cpu": long.need_mib["cpu"] - 1}
    decision = place((long, short), headroom, ())
    assert decision is not None
    assert decision.placement is short


@pytest.mark.parametrize(
    ("card_option", "worker", "everybody", "tokens"),
    [
        (None, None, None, 8192),
        (None, None, 2048, 2048),
        (None, 1024, 2048, 1024),
        (512, 1024, 2048, 512),
        (100_000, None, None, 8192),
        (None, 100_000, None, 8192),
    ],
)
def test_the_estimate_and_the_engine_use_what_is_asked_for(
    card_option: int | None,
    worker: int | None,
    everybody: int | None,
    tokens: int,
    tmp_path: Path,
) -> None:
    settings = settings_of(
        tmp_path,
        workers={"text": {"context_tokens": worker}},
        memory={"context_tokens": everybody},
    )
    card = SMOL.model_copy(update={"options": {"context_tokens": card_option}})
    first = placements(settings, card, ram=16 * GIB)[0]
    assert first.context is not None
    assert first.context.is_asked == any((card_option, worker, everybody))
    spec = process_spec_of(card, settings, placement=first)
    assert context_tokens(spec.settings.card, spec.settings.limits) == tokens_of(first) == tokens


def test_what_is_asked_for_is_not_shortened_to_fit(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, workers={"text": {"context_tokens": 8192}})
    assert {tokens_of(found) for found in placements(settings, SMOL, ram=1 * GIB)} == {8192}


def test_the_limit_bounds_what_is_chosen_and_nothing_that_is_asked_for(tmp_path: Path) -> None:
    limits = {"max_context_tokens": 2048}
    chosen = settings_of(tmp_path, limits=limits)
    worker = settings_of(tmp_path, limits=limits, workers={"text": {"context_tokens": 8192}})
    everybody = settings_of(tmp_path, limits=limits, memory={"context_tokens": 8192})
    own = SMOL.model_copy(update={"options": {"context_tokens": 8192}})
    assert tokens_of(placements(chosen, SMOL, ram=16 * GIB)[0]) == 2048
    for settings, card in ((worker, SMOL), (everybody, SMOL), (chosen, own)):
        first = placements(settings, card, ram=16 * GIB)[0]
        assert tokens_of(first) == 8192
        spec = process_spec_of(card, settings, placement=first)
        assert context_tokens(spec.settings.card, spec.settings.limits) == 8192


def test_the_price_of_a_longer_context_is_said(tmp_path: Path) -> None:
    first = placements(settings_of(tmp_path), SMOL, ram=16 * GIB)[0]
    assert first.context is not None
    # 30 layers × 3 heads × (64 + 64) values × 2 bytes × 1,024 tokens
    assert first.context.mib_per_1024 == pytest.approx(30 * 3 * 128 * 2 * 1024 / 2**20)
    assert first.context.slots == 4
    assert "8,192 tokens in each of 4 slots" in str(first.context)
    assert "24 MB per 1,024 tokens and slot" in str(first.context)


def test_a_model_without_conversations_has_no_context(tmp_path: Path) -> None:
    for name in ("whisper-tiny-en", "piper-en-us-joe-medium", "all-minilm-l6-v2", "ppocr-v6-small"):
        settings = settings_of(tmp_path)
        assert [p.context for p in placements(settings, CARDS[name], ram=16 * GIB)] == [None]


@given(st.floats(0, 4), st.floats(0, 10_000), st.integers(0, 200_000), st.integers(0, 300_000))
def test_more_memory_never_means_a_shorter_context(
    mib_per_token: float, bare_mib: float, capacity_mib: int, most: int
) -> None:
    def need_mib(tokens: int) -> float:
        return bare_mib + tokens * mib_per_token

    found = chosen_steps(need_mib, capacity_mib, "cpu", most)
    larger = chosen_steps(need_mib, 2 * capacity_mib, "cpu", most)
    assert list(found) == sorted(set(found), reverse=True)
    assert found[-1] == min(STEPS[0], most or STEPS[0])
    assert larger[0] >= found[0]
    assert max(found) <= (most or STEPS[-1])


@given(st.integers(1, 1_000_000), st.integers(0, 1_000_000))
def test_a_step_holds_the_prompt_and_an_answer_if_the_model_can(tokens: int, made_for: int) -> None:
    step = step_for(tokens, made_for)
    assert step == made_for or step >= tokens * 1.25 - 1
    assert made_for == 0 or step <= made_for


def test_checkpoints_of_recurrent_layers_are_counted_and_bounded() -> None:
    facts = ModelFacts(
        weights_bytes={"Q4_K": 2**30}, num_layers=32, whole_kv_values=16_384, recurrent_bytes=50 * 2**20,
        hidden_size=2048, feed_forward_size=8192, vocab_size=150_000, is_from_files=True,
    )  # fmt: skip
    card = QWEN.model_copy(update={"context_length": 0})
    assert checkpoint_bytes(facts, 4096, "f16") == 50 * 2**20
    assert num_checkpoints(4096) < num_checkpoints(65_536) < num_checkpoints(10**9) == MOST
    options = LoadOptions(context_tokens=4096, slots=2)
    need = estimate(card, facts, options)
    none = estimate(card, ModelFacts(**{**as_dict(facts), "recurrent_bytes": 0}), options)
    copies_mib = 2 * num_checkpoints(4096) * 50
    assert need.high_mib - none.high_mib >= copies_mib + 2 * 50
    assert need.high_mib - none.high_mib <= 1.1 * (copies_mib + 2 * 50)


def as_dict(facts: ModelFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in ModelFacts.__dataclass_fields__}
