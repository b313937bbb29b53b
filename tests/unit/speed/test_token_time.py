"""Seconds of one token, computed by hand from the formula's parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.models.facts.model import ModelFacts
from workers.pool.speed.device_speed import DeviceSpeed
from workers.pool.speed.token_time import (
    FIXED_S,
    LAYER_S,
    TokenWork,
    cpu_token_s,
    flops_of,
    gpu_token_s,
    token_work,
    values_in,
)

CPU = DeviceSpeed(read_bytes_s=10e9, flops=100e9, source="measured")
CARD = DeviceSpeed(read_bytes_s=1000e9, flops=20_000e9, source="driver")
LLAMA = ModelFacts(num_layers=10, hidden_size=1000, whole_kv_values=2000)


def work(weights: dict[str, int], context: float = 0.0) -> TokenWork:
    return token_work(LLAMA, weights, context, 2.0)


def test_a_cpu_reads_multiplies_and_lets_its_threads_meet() -> None:
    # 1.0625 GB of Q8_0 are 1e9 values: 0.10625 s to read, 1.2 × 1e9 ÷ 100e9 = 0.012 s to multiply.
    seconds = cpu_token_s(work({"Q8_0": 1_062_500_000}), CPU)
    assert seconds == pytest.approx(0.10625 + 0.012 + FIXED_S + 10 * LAYER_S)


def test_types_that_have_to_be_unpacked_take_longer() -> None:
    # 625 MB of Q4_1 are 1e9 values: 0.0625 s to read, 3.3 × 1e9 ÷ 100e9 = 0.033 s to multiply.
    seconds = cpu_token_s(work({"Q4_1": 625_000_000}), CPU)
    assert seconds == pytest.approx(0.0625 + 0.033 + FIXED_S + 10 * LAYER_S)


def test_context_is_paid_for_key_value_and_query() -> None:
    # 1,000 tokens: 2e6 cached values × 89 + 1000 × 1000 × 10 query values × 18 = 3.58e8 operations.
    longer, empty = (cpu_token_s(work({"F16": 0}, context), CPU) for context in (1000, 0))
    assert longer - empty == pytest.approx(3.58e8 / 100e9)


def test_a_sliding_layer_looks_at_its_window_only() -> None:
    facts = ModelFacts(whole_kv_values=10, sliding_kv_values=100, sliding_window=50)
    assert token_work(facts, {}, 1000, 2.0).cached_values == 10 * 1000 + 100 * 50


def test_a_card_reaches_a_part_of_its_bandwidth() -> None:
    # 7 GB ÷ (0.7 × 1000 GB/s) = 10 ms; 2 × 3.5e9 ÷ 20e12 = 0.35 ms; 0.2 ms, and 10 layers × 0.03.
    assert gpu_token_s(work({"F16": 7_000_000_000}), CARD) == pytest.approx(0.01085, rel=1e-6)


@pytest.mark.parametrize(
    ("kind", "num_bytes", "values"),
    [("Q4_0", 18, 32), ("Q4_K", 144, 256), ("Q6_K", 210, 256), ("BF16", 4, 2), ("q4_k_m", 6, 10)],
)
def test_values_of_a_type(kind: str, num_bytes: int, values: float) -> None:
    assert values_in(kind, num_bytes) == pytest.approx(values)


def test_a_card_is_taken_for_what_most_of_its_weights_are() -> None:
    assert flops_of("q4_k_m") == flops_of("Q4_K") == flops_of("F16") < flops_of("q5_k_m")
    assert flops_of("q4_1") == flops_of("Q4_1") > flops_of("q4_0")


@given(
    st.dictionaries(st.sampled_from(["Q4_0", "Q5_0", "Q8_0", "F16"]), st.integers(1, 10**12)),
    st.floats(0, 1e6),
    st.floats(1.0, 10.0),
)
def test_more_work_takes_longer_and_a_faster_device_less(
    weights: dict[str, int], context: float, times: float
) -> None:
    faster = DeviceSpeed(read_bytes_s=10e9 * times, flops=100e9 * times, source="measured")
    for seconds in (cpu_token_s, gpu_token_s):
        base = seconds(work(weights, context), CPU)
        assert 0 < seconds(work(weights, context), faster) <= base
        assert base <= seconds(work(weights, context + 1000), CPU)
