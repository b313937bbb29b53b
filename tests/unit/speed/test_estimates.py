"""Each modality's speed from a device's two figures, computed by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from configs.catalogue import ModelCard, load_catalogue
from workers.models.facts.model import ModelFacts
from workers.models.facts.whisper import whisper_shape
from workers.pool.memory.memory_estimate import LoadOptions
from workers.pool.speed import estimate_embedding_speed as embedding
from workers.pool.speed import estimate_sound_speed as sound
from workers.pool.speed import estimate_text_speed as text
from workers.pool.speed.device_speed import DeviceSpeed, DeviceSpeeds
from workers.pool.speed.speed_case import SpeedCase
from workers.pool.speed.speed_estimate import SpeedEstimate, Unit

CARDS = load_catalogue()
CHAT = CARDS["qwen3-4b"]
ON_CPU = LoadOptions(context_tokens=2000)
ON_CARD = replace(ON_CPU, device="cuda:0")
SPEEDS = {
    "cpu": DeviceSpeed(read_bytes_s=10e9, flops=100e9, source="measured"),
    "cuda:0": DeviceSpeed(read_bytes_s=1000e9, flops=20e12, source="driver"),
}
NOTHING = ModelFacts()
FACTS = ModelFacts(
    weights_bytes={"Q4_0": 600_000_000},
    token_bytes={"Q4_0": 562_500_000},
    linear_elements=1_000_000_000,
    num_layers=20,
    hidden_size=1000,
    whole_kv_values=10_000,
)


def case(
    card: ModelCard, facts: ModelFacts, options: LoadOptions, devices: DeviceSpeeds
) -> SpeedCase:
    return SpeedCase(card=card, facts=facts, options=options, devices=devices)


def known(value: float | None) -> float:
    assert value is not None
    return value


def test_a_thousand_tokens_of_a_chat_are_filled() -> None:
    # 0.05625 s to read, 1.2e9 ÷ 1e11 = 0.012 s to multiply, 0.0002 + 20 × 0.000045 = 0.0011 s; of 1,000
    # tokens (1e7 × 89 + 1000 × 1000 × 20 × 18) ÷ 1e11 = 0.0125 s: 0.08185 s in all.
    for context in (2000, 200_000):
        options = replace(ON_CPU, context_tokens=context)
        found = text.estimate_llamacpp(case(CHAT, FACTS, options, SPEEDS))
        assert found == pytest.approx(1 / 0.08185)


def test_of_a_short_context_half_is_filled() -> None:
    options = replace(ON_CPU, context_tokens=400)
    found = text.estimate_llamacpp(case(CHAT, FACTS, options, SPEEDS))
    assert found == pytest.approx(1 / (0.05625 + 0.012 + 0.0011 + 0.2 * 0.0125))


def test_what_was_in_use_is_compared_at_the_context_that_it_had() -> None:
    found = text.estimate_llamacpp(replace(case(CHAT, FACTS, ON_CPU, SPEEDS), tokens_before=40.0))
    assert found == pytest.approx(1 / (0.05625 + 0.012 + 0.0011 + 0.04 * 0.0125))


def test_layers_that_stay_in_ram_take_the_cpus_time() -> None:
    cut = CHAT.model_copy(update={"options": {"gpu_layers": 7}})  # of 20 and the head: a third
    on_cpu, on_card, between = (
        known(text.estimate_llamacpp(case(one, FACTS, options, SPEEDS)))
        for one, options in ((CHAT, ON_CPU), (CHAT, ON_CARD), (cut, ON_CARD))
    )
    assert 1 / between == pytest.approx(2 / 3 / on_cpu + 1 / 3 / on_card)


def test_nobody_can_tell_without_the_devices_figures_or_the_models() -> None:
    assert text.estimate_llamacpp(case(CHAT, FACTS, ON_CPU, {})) is None
    assert text.estimate_llamacpp(case(CHAT, NOTHING, ON_CPU, SPEEDS)) is None
    assert text.estimate_torch(case(CHAT, NOTHING, ON_CPU, SPEEDS)) is None
    assert embedding.estimate_onnx(case(CHAT, NOTHING, ON_CPU, SPEEDS)) is None
    assert sound.estimate_piper(case(CARDS["piper-en-us-joe-medium"], FACTS, ON_CPU, {})) is None
    assert sound.estimate_whisper(case(CARDS["whisper-tiny-en"], FACTS, ON_CPU, {})) is None


def test_pytorch_reads_weights_as_wide_as_it_computes() -> None:
    facts = replace(FACTS, weights_bytes={"BF16": 2 * 10**9}, token_bytes={"BF16": 2 * 10**9})
    wide, narrow, packed = (
        known(
            text.estimate_torch(
                case(CHAT.model_copy(update={"options": options}), facts, ON_CARD, SPEEDS)
            )
        )
        for options in ({"dtype": "float32"}, {}, {"load_in": "nf4"})
    )
    assert wide < narrow < packed


def test_a_window_of_whisper_is_its_frames_and_its_tokens() -> None:
    # tiny: the decoder has 16 × 384² × 4 + 51,865 × 384 of 39 million, the encoder the others.
    flops = sound.window_flops(whisper_shape(39.0), 39.0)
    decoder = 16 * 384**2 * 4 + 51_865 * 384
    encoder = 39e6 - decoder
    attention = 4 * 1500**2 * 384 * encoder / (12 * 384**2)
    assert flops == pytest.approx(3000 * encoder + attention + 1000 * decoder)
    found = sound.estimate_whisper(case(CARDS["whisper-tiny-en"], FACTS, ON_CPU, SPEEDS))
    assert found == pytest.approx(30 / (0.2 + 2.0 * flops / 100e9))


def test_a_voice_takes_as_long_as_it_is_large() -> None:
    # Joe has 16 million parameters: 380 × 16e6 = 6.08e9 operations for a second.
    found = sound.estimate_piper(case(CARDS["piper-en-us-joe-medium"], FACTS, ON_CPU, SPEEDS))
    assert found == pytest.approx(100e9 / 6.08e9)


def test_an_embedder_computes_every_token_of_a_chunk() -> None:
    # 200 tokens × 1e7 values × 1.75 ÷ 1e11 = 35 ms, and 0.3 ms.
    facts = ModelFacts(linear_elements=10_000_000)
    found = embedding.estimate_onnx(case(CARDS["all-minilm-l6-v2"], facts, ON_CPU, SPEEDS))
    assert found == pytest.approx(1 / 0.0353)


@pytest.mark.parametrize(
    ("value", "unit", "is_measured", "words"),
    [
        (14.4, "tokens/s", False, "about 14 tokens/s"),
        (14.4, "tokens/s", True, "14 tokens/s, measured"),
        (142.3, "tokens/s", False, "about 140 tokens/s"),
        (142.3, "tokens/s", True, "142 tokens/s, measured"),
        (2.345, "× real time", False, "about 2.3× real time"),
        (9.96, "chunks/s", False, "about 10 passages/s"),
        (0.04, "chunks/s", False, "under 0.1 passages/s"),
        (12_345.0, "chunks/s", False, "about 12,000 passages/s"),
    ],
)
def test_a_prediction_has_two_digits(
    value: float, unit: Unit, is_measured: bool, words: str
) -> None:
    assert SpeedEstimate(value=value, unit=unit, is_measured=is_measured).words == words
