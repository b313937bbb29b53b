"""What the machine has, what a process holds, and what a container leaves of it."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection
from pathlib import Path

import psutil
import pytest

from workers.pool.memory.cgroup import container_memory
from workers.pool.memory.machine import (
    process_gpu_mib,
    process_mib,
    process_peak_mib,
    read_memory,
)

MIB = 1 << 20
NO_SUCH_PID = 2**22 + 1
"""Above Linux's highest."""
UNLIMITED = 9223372036854771712


def write_files(folder: Path, **files: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(f"{content}\n")


def group_v1(folder: Path, limit: int, used: int, inactive: int) -> None:
    write_files(
        folder,
        memory__limit_in_bytes=limit,
        memory__usage_in_bytes=used,
        memory__stat=f"cache 1\ntotal_inactive_file {inactive}",
    )


def group_v2(folder: Path, limit: object, used: int, inactive: int) -> None:
    write_files(
        folder,
        memory__max=limit,
        memory__current=used,
        memory__stat=f"anon 5\ninactive_file {inactive}\nactive_file 7",
    )


def test_ram_comes_first_and_is_no_more_than_the_machine_has() -> None:
    ram = read_memory()[0]
    assert ram.device == "cpu"
    assert 0 < ram.free_mib <= ram.total_mib <= psutil.virtual_memory().total // MIB


def test_own_memory_is_what_the_system_says() -> None:
    resident_mib = psutil.Process().memory_info().rss // MIB
    children = psutil.Process().children(recursive=True)
    assert process_mib(os.getpid()) >= resident_mib * 0.9
    assert children or process_mib(os.getpid()) <= resident_mib * 1.1 + 1


def test_a_process_that_has_gone_holds_nothing() -> None:
    assert process_mib(NO_SUCH_PID) == 0
    assert process_peak_mib(NO_SUCH_PID) == 0
    assert process_gpu_mib(NO_SUCH_PID) == {}


def hold(num_mib: int, pipe: Connection) -> None:
    held = bytearray(os.urandom(MIB)) * num_mib
    pipe.send(len(held))
    pipe.recv()
    del held
    pipe.send("freed")
    pipe.recv()


def test_a_child_counts_with_its_parent_and_its_peak_stays() -> None:
    before_mib = process_mib(os.getpid())
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=hold, args=(200, theirs))
    child.start()
    assert child.pid is not None
    assert ours.recv() == 200 * MIB
    assert 200 <= process_mib(child.pid) < 400
    assert process_mib(os.getpid()) >= before_mib + 190
    ours.send("free it")
    assert ours.recv() == "freed"
    assert process_mib(child.pid) < 200 <= process_peak_mib(child.pid)
    ours.send("leave")
    child.join()
    assert process_mib(child.pid) == 0


def report_peak(pipe: Connection) -> None:
    pipe.send(process_peak_mib(os.getpid()))


def test_the_peak_of_a_child_is_not_that_of_its_parent() -> None:
    held = bytearray(os.urandom(MIB)) * 300
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=report_peak, args=(theirs,))
    child.start()
    assert 0 < ours.recv() < 300 < process_mib(os.getpid())
    child.join()
    del held


def test_a_container_of_version_2_limits_us(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/a/b\n")
    group_v2(tmp_path / "a" / "b", "max", 10 * MIB, 0)
    group_v2(tmp_path / "a", 100 * MIB, 60 * MIB, 20 * MIB)
    assert list(container_memory(tmp_path, own)) == [(100 * MIB, 60 * MIB)]


def test_a_container_of_version_1_limits_us_also_where_its_path_is_hidden(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("9:name=systemd:/\n4:memory:/docker/0123\n0::/\n")
    group_v1(tmp_path / "memory", 100 * MIB, 30 * MIB, 10 * MIB)
    assert list(container_memory(tmp_path, own)) == [(100 * MIB, 80 * MIB)]


def test_no_limit_leaves_more_than_any_machine_has(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("4:memory:/x\n")
    group_v1(tmp_path / "memory" / "x", UNLIMITED, 30 * MIB, 10 * MIB)
    assert all(left > 1 << 60 for _, left in container_memory(tmp_path, own))


@pytest.mark.parametrize("content", ["", "nonsense", "4:memory", "0::"])
def test_odd_groups_limit_nothing(tmp_path: Path, content: str) -> None:
    own = tmp_path / "own"
    own.write_text(content)
    assert list(container_memory(tmp_path, own)) == []
    assert list(container_memory(tmp_path, tmp_path / "none")) == []


def test_a_group_that_is_over_its_limit_has_nothing_left(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/\n")
    group_v2(tmp_path, 10 * MIB, 30 * MIB, 5 * MIB)
    assert list(container_memory(tmp_path, own)) == [(10 * MIB, 0)]


@pytest.mark.gpu
def test_a_graphics_card_is_found_and_has_memory() -> None:
    cards = read_memory()[1:]
    assert cards
    assert all(card.device.startswith("cuda:") and card.free_mib > 0 for card in cards)
