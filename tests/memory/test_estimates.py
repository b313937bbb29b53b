"""What a model is predicted to need: in order, within its band, and against what was measured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.catalogue import ModelCard, load_catalogue
from tests.coder import coder_card
from workers.models.facts.model import ModelFacts
from workers.pool.memory.estimate import LoadOptions, MemoryEstimate, estimate
from workers.pool.memory.facts import facts_of_card, read_facts

CARDS = load_catalogue()
LOCAL = [card for card in CARDS.values() if not card.is_remote]

MEASURED_MIB = [
    ("smollm2-135m-instruct", 512, 1, 180),
    ("smollm2-135m-instruct", 512, 4, 202),
    ("smollm2-135m-instruct", 4096, 1, 231),
    ("smollm2-135m-instruct", 4096, 4, 379),
    ("smollm2-135m-instruct", 16384, 1, 279),
    ("smollm2-135m-instruct", 16384, 4, 571),
    ("whisper-tiny-en", 0, 1, 361),
    ("parakeet-tdt-0.6b-v3", 0, 1, 1176),  # drawn weights in its layout: 652 MiB
    ("piper-en-us-joe-medium", 0, 1, 483),
    ("ppocr-v6-small", 0, 1, 673),
    ("all-minilm-l6-v2", 0, 2, 225),
]
"""Model, context, slots, and the highest peak seen under work, by `benchmarks/memory.py` or by hand."""

MEASURED_CODER_MIB = [
    (512, 1, 616),
    (512, 4, 633),
    (4096, 1, 644),
    (4096, 4, 727),
    (16384, 1, 722),
    (16384, 4, 1037),
]
"""The same of the larger model that only tests use."""

AS_MEASURED = {"kv_type": "q8_0", "batch_tokens": 32}
"""How llama.cpp ran when these peaks were taken."""

MEASURED_F16_MIB = [(512, 1, 190), (4096, 1, 287), (4096, 4, 563), (16384, 1, 376)]
"""The smaller model again, with the KV cache that a CPU gets by default."""

cards = st.sampled_from(LOCAL)
counts = st.integers(0, 200_000)
facts_of_any_model = st.builds(
    ModelFacts,
    weights_bytes=st.dictionaries(
        st.sampled_from(["F32", "F16", "BF16", "Q4_K", "Q8_0", "I32", "onnx", "bin"]),
        st.integers(1, 10**11),
        min_size=1,
    ),
    linear_elements=st.integers(0, 10**11),
    other_elements=st.integers(0, 10**10),
    num_layers=st.integers(0, 200),
    whole_kv_values=st.integers(0, 10**7),
    sliding_kv_values=st.integers(0, 10**7),
    recurrent_bytes=st.integers(0, 10**9),
    hidden_size=counts,
    feed_forward_size=counts,
    vocab_size=counts,
    sliding_window=st.sampled_from([0, 512, 4096]),
    projector_bytes=st.integers(0, 10**10),
    image_tokens=st.integers(0, 10_000),
    is_from_files=st.booleans(),
)
options_of_any_use = st.builds(
    LoadOptions,
    device=st.sampled_from(["cpu", "cuda:0"]),
    slots=st.integers(1, 64),
    threads=st.integers(1, 64),
    context_tokens=st.integers(0, 1_000_000),
    image_tokens=st.integers(0, 20_000),
    extra_cards=st.sampled_from([(), (CARDS["all-minilm-l6-v2"],)]),
)


def size(card: ModelCard, facts: ModelFacts, options: LoadOptions) -> float:
    need = estimate(card, facts, options)
    return need.total_mib + need.host_mib


@given(cards, facts_of_any_model, options_of_any_use)
def test_nothing_is_negative_and_the_band_holds_the_total(
    card: ModelCard, facts: ModelFacts, options: LoadOptions
) -> None:
    need = estimate(card, facts, options)
    parts = (
        need.weights_mib,
        need.kv_cache_mib,
        need.activations_mib,
        need.runtime_mib,
        need.host_mib,
    )
    assert all(part >= 0 for part in parts)
    assert 0 <= need.low_mib <= need.total_mib <= need.high_mib
    assert 0 < need.error < 1
    assert not need.is_measured


@given(
    cards, facts_of_any_model, options_of_any_use, st.integers(1, 100_000), st.integers(1, 100_000)
)
def test_a_longer_context_never_needs_less(
    card: ModelCard, facts: ModelFacts, options: LoadOptions, one: int, other: int
) -> None:
    short, long = sorted((one, other))
    assert size(card, facts, replace(options, context_tokens=short)) <= size(
        card, facts, replace(options, context_tokens=long)
    )


@given(cards, facts_of_any_model, options_of_any_use, st.integers(1, 64))
def test_more_slots_never_need_less(
    card: ModelCard, facts: ModelFacts, options: LoadOptions, more: int
) -> None:
    wider = replace(options, slots=options.slots + more)
    assert size(card, facts, options) <= size(card, facts, wider)


@given(cards, facts_of_any_model, options_of_any_use, st.integers(1, 10**10))
def test_more_weights_never_need_less(
    card: ModelCard, facts: ModelFacts, options: LoadOptions, more: int
) -> None:
    kind = next(iter(facts.weights_bytes))
    heavier = {**facts.weights_bytes, kind: facts.weights_bytes[kind] + more}
    assert size(card, facts, options) <= size(card, replace(facts, weights_bytes=heavier), options)


def running(card: ModelCard, **options: object) -> ModelCard:
    return card.model_copy(update={"options": {**card.options, **options}})


def predicted(card: ModelCard, context: int, slots: int, data_dir: Path) -> MemoryEstimate:
    options = LoadOptions(context_tokens=context, slots=slots)
    return estimate(card, read_facts(card, data_dir), options)


@pytest.mark.parametrize(("model_id", "context", "slots", "peak_mib"), MEASURED_MIB)
def test_measured_peaks_lie_in_their_bands(
    model_id: str, context: int, slots: int, peak_mib: int, tmp_path: Path
) -> None:
    card = CARDS[model_id]
    if card.engine == "llamacpp" and card.modality == "text":
        card = running(card, **AS_MEASURED)
    need = predicted(card, context, slots, tmp_path)
    assert need.low_mib <= peak_mib <= need.high_mib


@pytest.mark.parametrize(("context", "slots", "peak_mib"), MEASURED_F16_MIB)
def test_measured_peaks_with_the_default_kv_cache_lie_in_their_bands(
    context: int, slots: int, peak_mib: int, tmp_path: Path
) -> None:
    need = predicted(CARDS["smollm2-135m-instruct"], context, slots, tmp_path)
    assert need.low_mib <= peak_mib <= need.high_mib


@pytest.mark.coder
@pytest.mark.parametrize(("context", "slots", "peak_mib"), MEASURED_CODER_MIB)
def test_measured_peaks_of_a_larger_model_lie_in_their_bands(
    context: int, slots: int, peak_mib: int, tmp_path: Path
) -> None:
    need = predicted(running(coder_card(), **AS_MEASURED), context, slots, tmp_path)
    assert need.low_mib <= peak_mib <= need.high_mib


@pytest.mark.parametrize(("kv_type", "num_bytes"), [("f16", 2), ("q8_0", 34 / 32)])
def test_the_kv_cache_is_counted_to_the_byte(
    kv_type: str, num_bytes: float, tmp_path: Path
) -> None:
    card = running(CARDS["smollm2-135m-instruct"], kv_type=kv_type)
    need = estimate(card, read_facts(card, tmp_path), LoadOptions(context_tokens=4096, slots=4))
    assert need.kv_cache_mib * 2**20 == 2 * 30 * 3 * 64 * 4096 * 4 * num_bytes


def test_a_model_gets_no_more_context_than_it_was_made_for(tmp_path: Path) -> None:
    card = CARDS["smollm2-135m-instruct"]
    facts = read_facts(card, tmp_path)
    whole = estimate(card, facts, LoadOptions(context_tokens=8192))
    assert estimate(card, facts, LoadOptions(context_tokens=1_000_000)) == whole


def test_sliding_layers_keep_their_window_only() -> None:
    card = CARDS["gemma-3-4b-it"].model_copy(update={"context_length": 131072})
    shape = facts_of_card(card)
    values = shape.whole_kv_values
    sliding = replace(
        shape, sliding_window=1024, whole_kv_values=values // 6, sliding_kv_values=values * 5 // 6
    )
    options = LoadOptions(context_tokens=32768)
    ratio = (
        estimate(card, sliding, options).kv_cache_mib / estimate(card, shape, options).kv_cache_mib
    )
    assert 1 / 6 < ratio < 0.25


def test_what_goes_to_the_graphics_card_leaves_the_ram(tmp_path: Path) -> None:
    card = CARDS["qwen2.5-1.5b-instruct"]
    facts = read_facts(card, tmp_path)

    def on_gpu(layers: int) -> MemoryEstimate:
        laid = card.model_copy(update={"options": {"gpu_layers": layers}})
        return estimate(laid, facts, LoadOptions(device="cuda:0"))

    half, whole = on_gpu(facts.num_layers // 2), on_gpu(-1)
    assert half.weights_mib < whole.weights_mib
    assert half.host_mib > whole.host_mib
    assert estimate(card, facts, LoadOptions(device="cuda:0")) == whole


def test_quantising_at_load_takes_a_third_of_the_card_or_less(tmp_path: Path) -> None:
    card = CARDS["llama-2-7b-chat-hf"]
    facts = read_facts(card, tmp_path)
    on_gpu = LoadOptions(device="cuda:0", context_tokens=2048)
    whole = estimate(card.model_copy(update={"options": {}}), facts, on_gpu).weights_mib
    sizes = {
        kind: estimate(card.model_copy(update={"options": {"load_in": kind}}), facts, on_gpu)
        for kind in ("nf4", "int8")
    }
    assert 0.27 < sizes["nf4"].weights_mib / whole < 0.34
    assert 0.5 < sizes["int8"].weights_mib / whole < 0.55
    assert whole == pytest.approx(6738e6 * 2 / 2**20, rel=0.05)


def test_an_unknown_engine_is_taken_at_its_cards_word() -> None:
    card = CARDS["smollm2-135m-instruct"].model_copy(
        update={"engine": "brandnew", "memory_mib": 777}
    )
    need = estimate(card, facts_of_card(card), LoadOptions())
    assert need.total_mib == 777
    assert need.error >= 0.5


def test_a_remote_model_needs_only_its_client() -> None:
    card = CARDS["gpt-4o"]
    assert estimate(card, facts_of_card(card), LoadOptions()).high_mib < 130


def test_default_models_fit_together_into_what_was_promised(tmp_path: Path) -> None:
    default = {
        "smollm2-135m-instruct": 4,
        "whisper-tiny-en": 1,
        "piper-en-us-joe-medium": 1,
        "ppocr-v6-small": 1,
        "all-minilm-l6-v2": 2,
    }
    needs = [
        estimate(CARDS[name], read_facts(CARDS[name], tmp_path), LoadOptions(slots=slots))
        for name, slots in default.items()
    ]
    assert sum(need.high_mib for need in needs) < 3072


def test_a_text_model_that_sees_needs_its_projector_and_room_for_pictures() -> None:
    card = CARDS["qwen3.5-4b"]
    assert card.sees
    blind = card.model_copy(update={"files": {card.weight_file: None}})
    facts = replace(facts_of_card(card), projector_bytes=600 << 20)
    needs = [estimate(one, facts, LoadOptions(device="cpu", slots=1)) for one in (card, blind)]
    assert needs[0].activations_mib >= needs[1].activations_mib + 100
    without = estimate(card, replace(facts, projector_bytes=0), LoadOptions(device="cpu", slots=1))
    assert needs[0].weights_mib == pytest.approx(without.weights_mib + 600)
