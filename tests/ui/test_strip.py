"""The strip: a chip per worker, a bar per device."""

from __future__ import annotations

from typing import Any

from ui.memory.bars import device_uses
from ui.memory.strip import strip_html
from workers.messages import MODALITIES
from workers.pool.memory.machine import DeviceMemory
from workers.pool.memory.tracker import Allocation, Budget
from workers.pool.status import MemoryStatus, PoolStatus, WorkerStatus

RAM = DeviceMemory(device="cpu", name="RAM", total_mib=16_000, free_mib=10_000)
CARD = DeviceMemory(device="cuda:0", name="GeForce RTX 4060", total_mib=8_188, free_mib=6_000)


def status_of(
    allocations: dict[str, Allocation],
    *devices: DeviceMemory,
    budget: Budget | None = None,
    **worker: Any,
) -> PoolStatus:
    workers = tuple(
        WorkerStatus(modality=name, model="M", state="ready" if name in allocations else "asleep")
        for name in MODALITIES
    )
    if worker:
        workers = (WorkerStatus(modality="text", **worker), *workers[1:])
    memory = MemoryStatus(
        devices=devices or (RAM,), budget=budget or Budget(ram_mib=8_192), allocations=allocations
    )
    return PoolStatus(workers=workers, main_resident_mib=300, memory=memory)


def allocation(now_mib: int, granted_mib: int, device: str = "cpu") -> Allocation:
    return Allocation(granted_mib={device: granted_mib}, resident_mib={device: now_mib})


def test_chips_say_what_each_does_escaped() -> None:
    status = PoolStatus(
        workers=(
            WorkerStatus(
                modality="text", model="M", state="busy", num_running=2, resident_mib=1200
            ),
            WorkerStatus(modality="stt", model="W", state="failed", detail='bad "weights"'),
        ),
    )
    html = strip_html(status)
    assert "2 running · 1,200 MiB" in html
    assert "bad &quot;weights&quot;" in html
    assert "q-bar" not in html


def test_what_waits_for_memory_is_said_on_the_chip_and_below_it_for_phones() -> None:
    why = "waiting for memory: Whisper is at work"
    html = strip_html(status_of({}, model="M", state="loading", detail=why))
    assert f"<span>{why}</span>" in html
    assert f'<p class="q-waits">Text: {why}</p>' in html


def test_a_bar_tells_what_is_in_use_what_is_reserved_and_the_budget() -> None:
    status = status_of({"text": allocation(640, 1500), "rag": allocation(300, 200)})
    [use] = device_uses(status)
    assert use.label == "1,240 of 8,192 MiB in use, 2,100 reserved"
    html = strip_html(status)
    assert 'role="img" aria-label="RAM: 1,240 of 8,192 MiB in use, 2,100 reserved"' in html
    assert '<i class="q-page" style="flex-grow:300" title="Page uses 300 MiB">' in html
    title = "Text uses 640 MiB; 860 more are reserved"
    assert f'<i class="q-text" style="flex-grow:640" title="{title}">' in html
    assert f'<i class="q-text q-soon" style="flex-grow:860" title="{title}">' in html
    assert 'class="q-rag q-soon"' not in html
    assert 'style="flex-grow:6092" title="6,092 MiB left"' in html
    assert "The limit is the budget." in html


def test_without_a_budget_what_the_system_leaves_is_the_limit() -> None:
    [use] = device_uses(
        status_of({"text": allocation(640, 640)}, budget=Budget(leave_room_mib=1_000))
    )
    assert use.limit_mib == 9_900  # 940 in use, 10,000 free, 1,000 left, in steps of 50
    assert use.label == "940 of 9,900 MiB in use"
    assert use.why == "what is free, less 1,000 MiB left to other programs"


def test_a_budget_larger_than_what_is_free_is_not_the_limit() -> None:
    [use] = device_uses(status_of({}, budget=Budget(ram_mib=64_000, leave_room_mib=0)))
    assert use.limit_mib == 10_300


def test_more_than_is_allowed_is_said_and_marked() -> None:
    status = status_of({"text": allocation(640, 700)}, budget=Budget(ram_mib=500))
    [use] = device_uses(status)
    assert use.label == "940 MiB in use, 440 over the limit of 500"
    html = strip_html(status)
    assert "q-over" in html
    assert '<u style="left:50.0%" title="Limit: 500 MiB">' in html
    assert "q-room" not in html


def test_a_graphics_card_has_a_bar_of_its_own_without_the_page() -> None:
    on_card = Allocation(
        granted_mib={"cuda:0": 5_000, "cpu": 400}, resident_mib={"cuda:0": 4_000, "cpu": 350}
    )
    status = status_of({"text": on_card}, RAM, CARD, budget=Budget(vram_mib=6_000))
    ram, card = device_uses(status)
    assert (ram.name, ram.used_mib, ram.reserved_mib) == ("RAM", 650, 700)
    assert (card.name, card.label) == ("GPU", "4,000 of 6,000 MiB in use, 5,000 reserved")
    assert 'title="GeForce RTX 4060">GPU</b>' in strip_html(status)
    assert len(device_uses(status_of({}, RAM))) == 1
