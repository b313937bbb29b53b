"""What a conversation leaves in memory, by the metadata of the families: against what their makers say."""

from __future__ import annotations

from typing import Any

from workers.models.facts.gguf_cache import CacheFacts, cache_facts

MIB = 1 << 20
F16 = 2


def facts(architecture: str, num_layers: int, head_dim: int, **said: Any) -> CacheFacts:
    """`__` in a name stands for the dot in a key."""
    values = {name.replace("__", "."): value for name, value in said.items()}

    def number(name: str) -> int:
        value: int | tuple[int, ...] = values.get(name, 0)
        return max(value) if isinstance(value, tuple) else value

    def by_layer(name: str) -> tuple[int, ...]:
        value = values.get(name, ())
        return value if isinstance(value, tuple) else ()

    return cache_facts(architecture, num_layers, head_dim, number, by_layer)


def test_a_plain_model_keeps_all_tokens_in_all_layers() -> None:
    found = facts("qwen3", 36, 128, attention__head_count=32, attention__head_count_kv=8)
    assert found.whole_values * F16 * 8192 == 1152 * MIB  # Qwen3 4B
    assert (found.sliding_values, found.recurrent_bytes) == (0, 0)


def test_qwen35_keeps_tokens_in_every_fourth_layer_and_a_state_in_the_others() -> None:
    """Qwen3.5 4B: 256 MiB for 8,192 tokens and about 50 MiB for a conversation."""
    found = facts(
        "qwen35", 32, 256, attention__head_count=16, attention__head_count_kv=4,
        attention__key_length=256, attention__value_length=256, full_attention_interval=4,
        ssm__conv_kernel=4, ssm__inner_size=4096, ssm__state_size=128, ssm__group_count=16,
    )  # fmt: skip
    assert found.whole_values * F16 * 8192 == 256 * MIB
    assert 48 * MIB < found.recurrent_bytes < 52 * MIB


def test_gemma4_slides_shares_and_has_heads_of_two_sizes() -> None:
    """Gemma 4 E4B: 42 layers, every sixth whole with one head of 512; the last 18 share."""
    slides = tuple(int((place + 1) % 6 != 0) for place in range(42))
    found = facts(
        "gemma4", 42, 512, attention__head_count=8, attention__head_count_kv=2,
        attention__key_length=512, attention__value_length=512,
        attention__key_length_swa=256, attention__value_length_swa=256,
        attention__sliding_window=512, attention__sliding_window_pattern=slides,
        attention__shared_kv_layers=18,
    )  # fmt: skip
    assert found.whole_values == 4 * 2 * (512 + 512)
    assert found.sliding_values == 20 * 2 * (256 + 256)


def test_families_that_do_not_say_how_they_slide_are_known() -> None:
    found = facts(
        "gemma3", 12, 64, attention__head_count=4, attention__head_count_kv=1,
        attention__sliding_window=512,
    )  # fmt: skip
    assert found.whole_values == 2 * 128
    assert found.sliding_values == 10 * 128


def test_a_window_that_no_pattern_uses_changes_nothing() -> None:
    """llama.cpp lets such a model keep its whole context."""
    found = facts(
        "llama", 4, 64, attention__head_count=4, attention__head_count_kv=4,
        attention__sliding_window=512,
    )  # fmt: skip
    assert (found.whole_values, found.sliding_values) == (4 * 4 * 128, 0)


def test_layers_without_heads_have_a_state() -> None:
    """Granite hybrid names the heads of each layer."""
    found = facts(
        "granitehybrid", 4, 64, attention__head_count=8, attention__head_count_kv=(0, 0, 2, 0),
        ssm__conv_kernel=4, ssm__inner_size=256, ssm__state_size=16, ssm__group_count=1,
    )  # fmt: skip
    assert found.whole_values == 2 * 128
    assert found.recurrent_bytes == 3 * 4 * (3 * (256 + 32) + 16 * 256)
