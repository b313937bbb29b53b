"""The memory sheet's rows, and the budgets that are refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ui.memory.budget import (
    SmallestNeed,
    check_ram,
    shown_gb,
    whole_mib,
    with_ram,
    with_room,
    with_vram,
)
from ui.memory.view import compare, sheet_html
from workers.messages.errors import UnsupportedInputError
from workers.pool.memory.machine import DeviceMemory
from workers.pool.memory.memory_estimate import MemoryEstimate
from workers.pool.memory.tracker import Allocation, Budget
from workers.pool.status import MemoryStatus, PoolStatus, WorkerStatus

GUESS = MemoryEstimate(
    weights_mib=100, kv_cache_mib=50, activations_mib=0, runtime_mib=50, error=0.25
)  # 150 to 250
ALLOCATION = Allocation(granted_mib={"cpu": 250}, resident_mib={"cpu": 120}, peak_mib={"cpu": 180})


def awake(memory_estimate: MemoryEstimate = GUESS, **more: object) -> WorkerStatus:
    fields = {
        "modality": "text",
        "model": "<M>",
        "state": "ready",
        "memory_estimate": memory_estimate,
        **more,
    }
    return WorkerStatus(**fields)  # type: ignore[arg-type]


def html_of(*workers: WorkerStatus, may_change: bool = True) -> str:
    allocations: dict[str, Allocation] = {
        worker.modality: ALLOCATION for worker in workers if worker.memory_estimate
    }
    status = PoolStatus(workers=workers, memory=MemoryStatus(allocations=allocations))
    return sheet_html(status, may_change=may_change)


def test_a_prediction_stands_beside_the_measurement() -> None:
    html = html_of(awake())
    for part in ("0.1 GB in use", "most so far 0.2", "expected 0.2 to 0.3", "0.3 set aside"):
        assert f"<span>{part}</span>" in html
    assert '<i class="q-now q-text" style="width:48.00%">' in html
    assert '<i class="q-band" style="left:60.00%;width:40.00%">' in html
    assert '<i class="q-most" style="left:72.00%">' in html
    assert "&lt;M&gt;" in html


def test_the_first_prediction_is_shown_when_a_measurement_has_replaced_it() -> None:
    allocation = Allocation(granted_mib={"cpu": 315}, resident_mib={"cpu": 290})
    found = compare(awake(GUESS.measured(300)), allocation)
    assert found is not None
    assert found.guess.total_mib == 200
    assert found.is_measured
    assert "expected 0.2 to 0.3 · 0.3 set aside, as measured before" in found.words


def test_weights_on_a_graphics_card_are_compared_there() -> None:
    allocation = Allocation(
        granted_mib={"cuda:0": 5_000, "cpu": 400}, resident_mib={"cuda:0": 4_000, "cpu": 350}
    )
    found = compare(awake(), allocation)
    assert found is not None
    assert (found.device, found.now_mib, found.reserved_mib) == ("cuda:0", 4_000, 5_000)
    assert "4.2 GB of graphics memory in use" in found.words


def test_one_that_sleeps_has_no_plot_and_can_be_woken() -> None:
    html = html_of(WorkerStatus(modality="stt", model="W", state="asleep"))
    assert 'q-plot"' not in html
    assert 'data-action="wake"' in html
    assert 'data-action="sleep"' not in html


def test_one_at_work_is_not_put_to_sleep_without_asking() -> None:
    assert 'data-ask="Text is at work.' in html_of(awake(state="busy"))
    assert "data-ask" not in html_of(awake())
    assert "disabled" in html_of(awake(state="stopping"))


def test_a_pin_is_shown_pressed() -> None:
    html = html_of(awake(is_pinned=True), awake(modality="rag"))
    assert html.count('aria-pressed="true"') == 1
    assert "awake, kept awake" in html


def test_who_may_not_change_anything_sees_no_button() -> None:
    assert "<button" not in html_of(awake(), may_change=False)


def test_a_budget_under_which_nothing_could_run_is_refused_with_the_numbers() -> None:
    need = SmallestNeed(page_mib=300, model_mib=90, model="Piper")
    with pytest.raises(UnsupportedInputError, match=r"0\.1 GB are too few") as caught:
        check_ram(50, need)
    assert "Piper, needs 0.1 GB more" in caught.value.message
    assert "at least 0.5 GB" in caught.value.hint
    check_ram(390, need)


@pytest.mark.parametrize("change", [with_ram, with_vram, with_room])
@pytest.mark.parametrize("amount_gb", [-5, 1e308, float("inf"), float("nan")])
def test_what_is_no_amount_of_memory_is_refused(
    change: Callable[[Budget, float | None], tuple[Budget, str]], amount_gb: float
) -> None:
    with pytest.raises(UnsupportedInputError, match=r"from 0 to 1,000,000 GB"):
        change(Budget(), amount_gb)


def test_what_lives_in_another_process_says_so_and_has_no_plot() -> None:
    guest = WorkerStatus(modality="vision", model="<M>", state="ready", together_with="text")
    html = html_of(awake(), guest)
    assert html.count("shares the model of Text") == 1
    assert html.count('class="q-plot"') == 1


def test_what_a_field_shows_of_a_budget_is_that_budget() -> None:
    assert [shown_gb(mib) for mib in (None, 0, 512, 8_192)] == [None, 0.0, 0.54, 8.59]
    assert [whole_mib(0.54, 512), whole_mib(8.59, 8_192)] == [512, 8_192]
    assert whole_mib(0.54, None) == 514
    assert with_ram(Budget(ram_mib=8_192), 8.59)[0] == Budget(ram_mib=8_192)


def test_the_devices_stand_above_the_workers() -> None:
    machine = DeviceMemory(device="cpu", name="<RAM>", total_mib=16_000, free_mib=10_000)
    memory = MemoryStatus(devices=(machine,), allocations={"text": ALLOCATION})
    html = sheet_html(PoolStatus(workers=(awake(),), memory=memory), may_change=False)
    assert html.index("set aside</span>") < html.index("data-worker")
    assert "&lt;RAM&gt;" in html
    assert "<b>0.1 GB</b> in use" in html
