"""Which build a machine gets, by compute capability, driver and C library."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.errors import ConfigError
from workers.models.graphics.builds import BUILDS, CUDA_NEEDS, INDEX
from workers.models.graphics.choosing import choose
from workers.models.graphics.machine import Machine, NvidiaCard, NvidiaDriver, pci_vendors
from workers.models.graphics.wheels import (
    NoSuchWheelError,
    best_wheel,
    check_encrypted,
    links_in,
)

ROOT = Path(__file__).parents[3]


def machine(
    driver: str = "",
    *capabilities: tuple[int, int],
    glibc: tuple[int, int] = (2, 35),
    **changes: str,
) -> Machine:
    cards = tuple(NvidiaCard(name=f"Card {c}", capability=c, total_mib=8188) for c in capabilities)
    return Machine(
        system=changes.get("system", "Linux"),
        architecture=changes.get("architecture", "x86_64"),
        glibc=glibc,
        driver=NvidiaDriver(version=driver, cuda="13.0", cards=cards) if driver else None,
        no_answer=changes.get("no_answer", ""),
        vendors=tuple(changes.get("vendors", "").split()),
    )


@pytest.mark.parametrize(
    ("driver", "capability", "build"),
    [
        ("580.95.05", (8, 9), "cu132"),
        ("580.65.06", (7, 5), "cu132"),
        ("580.65.06", (12, 0), "cu132"),
        ("595.45.04", (9, 0), "cu132"),
        ("580.95.05", (9, 0), "cu128"),
        ("580.95.05", (8, 0), "cu128"),
        ("580.95.05", (10, 0), "cu128"),
        ("570.86.10", (6, 1), "cu128"),
        ("595.45.04", (6, 1), "cu128"),
        ("570.86.10", (7, 5), "cu128"),
        ("535.183.01", (8, 6), "cu128"),
        ("525.60.13", (8, 9), "cu128"),
        ("535.183.01", (7, 5), None),
        ("565.57.01", (8, 0), None),
        ("524.99", (8, 6), None),
        ("470.256.02", (6, 1), None),
        ("580.95.05", (3, 7), None),
        ("unknown", (8, 9), None),
    ],
)
def test_capability_and_driver_decide(
    driver: str, capability: tuple[int, int], build: str | None
) -> None:
    choice = choose("auto", machine(driver, capability))
    assert (choice.build.name if choice.build else None) == build
    assert bool(choice.reason) == (build is None)


def test_a_driver_that_is_too_old_is_told_with_the_one_it_takes() -> None:
    choice = choose("auto", machine("535.183.01", (7, 5)))
    assert "the driver 535.183.01 is too old" in choice.reason
    assert "compute capability 7.5) it must be 570 or newer" in choice.reason
    assert "ubuntu-drivers" in choice.mend
    native = choose("auto", machine("470.256.02", (8, 6)))
    assert "it must be 525 or newer" in native.reason


def test_no_driver_helps_a_card_that_is_too_old() -> None:
    choice = choose("auto", machine("470.256.02", (3, 7)))
    assert ("needs 5.0 or newer" in choice.reason, choice.mend) == (True, "")


def test_a_build_runs_on_all_cards_or_is_not_taken() -> None:
    old_and_new = choose("auto", machine("580.95.05", (8, 9), (6, 1)))
    assert old_and_new.build == BUILDS["cu128"]


def test_an_older_c_library_is_told() -> None:
    choice = choose("auto", machine("580.95.05", (8, 9), glibc=(2, 31)))
    assert choice.build is None
    assert "needs glibc 2.35 or newer, and this system has glibc 2.31" in choice.reason
    musl = choose("auto", machine("580.95.05", (8, 9), glibc=(0, 0)))
    assert "has another C library" in musl.reason


def test_a_card_without_a_driver_is_told_and_a_machine_without_a_card_left_alone() -> None:
    assert "has no driver" in choose("auto", machine(vendors="Intel NVIDIA")).reason
    assert choose("auto", machine(vendors="Intel")).reason == ""
    silent = choose("auto", machine(no_answer="Driver/library version mismatch", vendors="NVIDIA"))
    assert "does not answer: Driver/library version mismatch" in silent.reason
    assert silent.mend == "restart the machine"
    assert "sees no card" in choose("auto", machine("580.95.05")).reason
    assert choose("auto", machine(system="Darwin", architecture="aarch64")).build is None


def test_a_build_is_asked_for_by_name_and_only_where_it_exists() -> None:
    assert choose("none", machine("580.95.05", (8, 9))).build is None
    assert choose("vulkan", machine()).build == BUILDS["vulkan"]
    assert choose("rocm", machine()).build == BUILDS["rocm-7.2.4"]
    assert choose("cu128", machine("580.95.05", (8, 9))).build == BUILDS["cu128"]
    arm = choose("rocm", machine(architecture="aarch64"))
    assert arm.reason == "there is no llama.cpp for ROCm 7.2.4 on Linux on aarch64"
    with pytest.raises(ConfigError, match="known: auto, none, rocm, cu128, cu132, vulkan"):
        choose("cu129", machine())


def test_what_a_build_names_is_there() -> None:
    for build in BUILDS.values():
        for name in build.libraries:
            assert (ROOT / "requirements" / f"{name}.txt").is_file()
    assert {needs.build for needs in CUDA_NEEDS} <= set(BUILDS)
    assert INDEX.startswith("https://")


def test_makers_of_cards_are_read_from_the_bus(tmp_path: Path) -> None:
    for name, kind, vendor in (
        ("00:02.0", "0x030000", "0x8086"),
        ("01:00.0", "0x030200", "0x10de"),
        ("02:00.0", "0x020000", "0x8086"),
        ("03:00.0", "0x030000", "0x1234"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "class").write_text(f"{kind}\n")
        (tmp_path / name / "vendor").write_text(f"{vendor}\n")
    assert list(pci_vendors(tmp_path)) == ["Intel", "NVIDIA"]
    assert list(pci_vendors(tmp_path / "none")) == []


def test_links_of_an_index_are_made_whole() -> None:
    page = '<a name="x">no</a><a href="a-1-py3-none-any.whl#sha256=0">a</a><a href="/b">b</a>'
    found = links_in(page, "https://a.example/whl/cu128/x/")
    assert found == [
        "https://a.example/whl/cu128/x/a-1-py3-none-any.whl#sha256=0", "https://a.example/b",
    ]  # fmt: skip


def test_the_right_package_version_and_platform_are_taken() -> None:
    names = (
        "x-2.0-py3-none-any.whl", "x-1.0.tar.gz", "y-1.0-py3-none-any.whl", "broken.whl",
        "x-1.0-cp310-abi3-linux_riscv64.whl", "x-1.0+cu128-py3-none-any.whl",
    )  # fmt: skip
    addresses = [f"https://a.example/{name}" for name in names]
    assert best_wheel(addresses, "x", "1.0", "a.example").endswith("x-1.0+cu128-py3-none-any.whl")


def test_a_name_never_leads_out_of_the_folder() -> None:
    address = "https://a.example/x-1.0-py3-none-any.%2F..%2F..%2Fx.whl"
    with pytest.raises(NoSuchWheelError):
        best_wheel([address], "x", "1.0", "a.example")


@pytest.mark.parametrize("address", ["http://remote.invalid/", "ftp://localhost/", "file:wheels"])
def test_what_others_could_change_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match="must be reached by https"):
        check_encrypted(address)
