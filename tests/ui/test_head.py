"""The head: a dot and two lines for each tab, one memory line with a bar per device."""

from __future__ import annotations

from typing import Any

from ui.core.memory_use import bar_html, device_uses
from ui.head.view import memory_words, tab_words
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


def test_a_tab_says_what_its_worker_does() -> None:
    busy = WorkerStatus(
        modality="text", model="M", state="busy", num_running=2, num_waiting=1, resident_mib=1200
    )
    assert tab_words(busy) == {
        "state": "busy",
        "words": ["Running · M", "2 running · 1 waiting · 1.3 GB in use"],
    }
    failed = WorkerStatus(modality="stt", model="W", state="failed", detail='bad "weights"')
    assert tab_words(failed)["words"] == ["Failed · W", 'bad "weights"']
    loading = WorkerStatus(modality="stt", model="W", state="loading", progress=0.4)
    assert tab_words(loading)["words"] == ["Loading · W", "40 %"]
    shared = WorkerStatus(modality="vision", model="M", state="ready", together_with="text")
    assert tab_words(shared)["words"] == ["Ready · M", "shares the model of Text"]
    asleep = WorkerStatus(modality="tts", model="P", state="asleep")
    assert tab_words(asleep)["words"] == ["Asleep · P", "wakes when it is used"]


def test_what_waits_for_memory_is_said_in_the_memory_line() -> None:
    why = "waiting for memory: Whisper is at work"
    status = status_of({}, model="M", state="loading", detail=why)
    line = memory_words(status)
    assert line["waiting"] == f"Text: {why}"
    assert line["is_short"] is True
    assert memory_words(status_of({}))["is_short"] is False


def test_the_line_tells_what_is_in_use_what_is_set_aside_and_what_is_free() -> None:
    status = status_of({"text": allocation(640, 1500), "rag": allocation(300, 200)})
    [use] = device_uses(status)
    assert use.label == "1.3 GB in use · 2.2 GB set aside · 6.4 GB free"
    assert memory_words(status)["words"] == use.label
    assert memory_words(status)["short"] == "1.3 GB"
    html = bar_html(use)
    assert f'role="img" aria-label="RAM: {use.label}"' in html
    assert '<i class="q-page" style="flex-grow:300" title="Page: 0.3 GB in use">' in html
    title = "Text: 0.7 GB in use, 0.9 GB more set aside"
    assert f'<i class="q-text" style="flex-grow:640" title="{title}">' in html
    assert f'<i class="q-text q-soon" style="flex-grow:860" title="{title}">' in html
    assert 'class="q-rag q-soon"' not in html
    assert '<i class="q-room" style="flex-grow:6092">' in html
    assert use.why == "the budget"


def test_without_a_budget_what_the_system_leaves_is_the_limit() -> None:
    [use] = device_uses(
        status_of({"text": allocation(640, 640)}, budget=Budget(leave_room_mib=1_000))
    )
    assert use.limit_mib == 9_900  # 940 in use, 10,000 free, 1,000 left, in steps of 50
    assert use.label == "1.0 GB in use · 1.0 GB set aside · 9.4 GB free"
    assert use.why == "what is free, less 1.0 GB left to other programs"


def test_a_budget_larger_than_what_is_free_is_not_the_limit() -> None:
    [use] = device_uses(status_of({}, budget=Budget(ram_mib=64_000, leave_room_mib=0)))
    assert use.limit_mib == 10_300


def test_more_than_is_allowed_is_said_and_marked() -> None:
    status = status_of({"text": allocation(640, 700)}, budget=Budget(ram_mib=500))
    [use] = device_uses(status)
    assert use.label == "1.0 GB in use · 0.5 GB over the limit of 0.5 GB"
    assert memory_words(status)["is_short"] is True
    html = bar_html(use)
    assert '<u style="left:50.0%" title="Limit: 0.5 GB">' in html
    assert "q-room" not in html


def test_a_graphics_card_has_a_bar_of_its_own_without_the_page() -> None:
    on_card = Allocation(
        granted_mib={"cuda:0": 5_000, "cpu": 400}, resident_mib={"cuda:0": 4_000, "cpu": 350}
    )
    status = status_of({"text": on_card}, RAM, CARD, budget=Budget(vram_mib=6_000))
    ram, card = device_uses(status)
    assert (ram.name, ram.used_mib, ram.reserved_mib) == ("RAM", 650, 700)
    assert (card.name, card.about) == ("GPU", "GeForce RTX 4060")
    assert card.label == "4.2 GB in use · 5.2 GB set aside · 1.0 GB free"
    line = memory_words(status)
    assert line["words"] == "RAM 0.7 of 10.6 GB in use · GPU 4.2 of 6.3 GB in use"
    assert line["bars"].count('class="q-bar"') == 2
    assert len(device_uses(status_of({}, RAM))) == 1
