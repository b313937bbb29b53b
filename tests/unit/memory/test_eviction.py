"""Who leaves, where models go: whatever the numbers, never too many, never the wrong ones."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.pool.memory.eviction import ResidentModel, choose_victims
from workers.pool.memory.memory_estimate import MemoryEstimate
from workers.pool.memory.placement import Placement, place

MIB = st.integers(min_value=0, max_value=5000)
NAMES = ("text", "stt", "tts", "vision", "rag")


@st.composite
def residents(draw: st.DrawFn) -> list[ResidentModel]:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    return [
        ResidentModel(
            name=name,
            model=name,
            reserved_mib={"cpu": draw(MIB), "cuda:0": draw(MIB)},
            is_busy=draw(st.booleans()),
            is_pinned=draw(st.booleans()),
            last_used=draw(st.floats(min_value=0, max_value=100)),
        )
        for name in names
    ]


MISSING = st.dictionaries(
    st.sampled_from(["cpu", "cuda:0"]), st.integers(min_value=-2000, max_value=8000)
)


def is_enough(victims: tuple[ResidentModel, ...], missing: dict[str, int]) -> bool:
    return all(
        sum(resident.reserved_mib.get(device, 0) for resident in victims) >= mib
        for device, mib in missing.items()
        if mib > 0
    )


@given(MISSING, residents())
def test_who_leaves_frees_enough_and_nobody_leaves_in_vain(
    missing: dict[str, int], awake: list[ResidentModel]
) -> None:
    victims = choose_victims(missing, awake)
    if victims is None:
        assert not is_enough(tuple(t for t in awake if not t.is_pinned), missing)
        return
    assert not any(resident.is_pinned for resident in victims)
    assert is_enough(victims, missing)
    for fewer in combinations(victims, max(0, len(victims) - 1)):
        assert not victims or not is_enough(fewer, missing)


@given(MISSING, residents())
def test_a_busy_worker_leaves_only_if_no_idle_ones_are_enough(
    missing: dict[str, int], awake: list[ResidentModel]
) -> None:
    victims = choose_victims(missing, awake) or ()
    idle = tuple(t for t in awake if not (t.is_pinned or t.is_busy))
    if any(resident.is_busy for resident in victims):
        assert not is_enough(idle, missing)


def test_of_two_that_are_enough_the_one_unused_for_longest_leaves() -> None:
    early = ResidentModel(name="stt", model="a", reserved_mib={"cpu": 300}, last_used=1.0)
    late = ResidentModel(name="tts", model="b", reserved_mib={"cpu": 300}, last_used=2.0)
    assert choose_victims({"cpu": 200}, [late, early]) == (early,)


def test_the_smallest_that_is_enough_leaves() -> None:
    big = ResidentModel(name="text", model="a", reserved_mib={"cpu": 3000})
    small = ResidentModel(name="tts", model="b", reserved_mib={"cpu": 300})
    assert choose_victims({"cpu": 200}, [big, small]) == (small,)
    assert choose_victims({"cpu": 3100}, [big, small]) == (big, small)


def a_place(device: str, mib: int, *, may_evict: bool = True, host_mib: int = 0) -> Placement:
    memory_estimate = MemoryEstimate(
        weights_mib=mib, kv_cache_mib=0, activations_mib=0, runtime_mib=0, error=0
    )
    need = {device: mib, "cpu": host_mib} if device != "cpu" else {"cpu": mib}
    return Placement(
        device=device, need_mib=need, memory_estimate=memory_estimate, may_evict=may_evict
    )


ON_GPU = ResidentModel(name="stt", model="Whisper", reserved_mib={"cuda:0": 1500, "cpu": 400})
ROOMS = {"cpu": 16_000, "cuda:0": 5_000}


def test_recognition_leaves_the_gpu_before_chat_goes_elsewhere() -> None:
    chat = [a_place("cuda:0", 6000), a_place("cpu", 5000)]
    decision = place(chat, ROOMS, [ON_GPU])
    assert decision is not None
    assert (decision.placement.device, decision.victims) == ("cuda:0", (ON_GPU,))


def test_recognition_goes_to_the_cpu_and_lets_chat_stay_on_the_gpu() -> None:
    chatting = ResidentModel(name="text", model="Qwen", reserved_mib={"cuda:0": 6000})
    hearing = [a_place("cuda:0", 1500, may_evict=False), a_place("cpu", 400)]
    decision = place(hearing, {"cpu": 16_000, "cuda:0": 800}, [chatting])
    assert decision is not None
    assert (decision.placement.device, decision.victims) == ("cpu", ())


def test_fewer_layers_on_the_gpu_before_none() -> None:
    shares = [a_place("cuda:0", mib, host_mib=7000 - mib) for mib in (7000, 5200, 3500)]
    decision = place([*shares, a_place("cpu", 7000)], ROOMS, [])
    assert decision is not None
    assert decision.placement is shares[2]


@pytest.mark.parametrize("headroom", [{}, {"cpu": 10}, {"cuda:0": 9000}])
def test_a_device_that_is_not_there_takes_nothing(headroom: dict[str, int]) -> None:
    assert (
        place([a_place("cuda:0", 6000, host_mib=100), a_place("cpu", 5000)], headroom, []) is None
    )


@given(st.integers(0, 9000), st.integers(0, 9000), MIB, MIB, residents())
def test_what_is_placed_fits_once_the_victims_are_gone(
    ram: int, vram: int, need: int, host: int, awake: list[ResidentModel]
) -> None:
    headroom = {"cpu": ram, "cuda:0": vram}
    decision = place(
        [a_place("cuda:0", need, host_mib=host), a_place("cpu", need)], headroom, awake
    )
    if decision is None:
        return
    for device, mib in decision.placement.need_mib.items():
        freed = sum(resident.reserved_mib.get(device, 0) for resident in decision.victims)
        assert mib <= headroom[device] + freed
