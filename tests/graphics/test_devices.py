"""Where a model can go is what the engine itself lists, and what the driver tells of it."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.graphics import graphics
from configs.catalogue import load_catalogue
from configs.settings import load_settings
from tests.graphics.conftest import NO_LIBRARY, RTX_4060, driver_answer, write_driver
from tests.graphics.wheel_files import CUDA0, engine_wheel
from workers.models.graphics import devices, machine
from workers.models.graphics.libraries import import_linked
from workers.pool.memory.estimator import Estimator
from workers.pool.memory.measured import MeasuredPeaks
from workers.pool.memory.placement import Placement

CARD = load_catalogue()["smollm2-135m-instruct"]
WHISPER = load_catalogue()["whisper-tiny-en"]
Has = Callable[..., None]


@pytest.fixture
def has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Has]:
    """Let this machine have a driver that answers this, and a llama.cpp that lists these devices."""

    def have(*listed: tuple[str, str, int], driver: dict[str, Any] = NO_LIBRARY) -> None:
        site = tmp_path / "site"
        write_driver(site, driver)
        shutil.unpack_archive(engine_wheel(tmp_path, *listed), site, "zip")
        monkeypatch.setenv("PYTHONPATH", str(site))
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, "pynvml", raising=False)
        monkeypatch.setattr(devices, "is_worth_asking", lambda: True)
        devices.ask_llamacpp.cache_clear()
        devices.ask_cublas.cache_clear()

    answers = (devices.ask_llamacpp, devices.ask_cublas)
    yield have
    for answer in answers:
        answer.cache_clear()
    sys.modules.pop("pynvml", None)


def placements(folder: Path, *known: str, **options: object) -> tuple[Placement, ...]:
    settings = load_settings("cpu", {"data_dir": str(folder)})
    card = CARD.model_copy(update={"options": {**CARD.options, **options}})
    capacity_mib = dict.fromkeys(known, 8192)
    return Estimator(settings, MeasuredPeaks(folder), capacity_mib).placements(card)


def places(folder: Path, *known: str, **options: object) -> list[str]:
    found = [place.device for place in placements(folder, *known, **options)]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(
    ("listed", "known", "expected"),
    [
        ([], ["cpu"], ["cpu"]),
        ([], ["cpu", "cuda:0"], ["cpu"]),
        ([CUDA0], ["cpu", "cuda:0"], ["cuda:0", "cpu"]),
        ([("Vulkan0", "NVIDIA GeForce RTX 4060", 1)], ["cpu", "cuda:0"], ["cuda:0", "cpu"]),
        ([("Vulkan0", "AMD Radeon", 1)], ["cpu", "cuda:0"], ["vulkan0", "cpu"]),
        ([("MTL0", "Apple M4", 1)], ["cpu"], ["mtl0", "cpu"]),
        ([("ROCm0", "AMD Radeon RX 7600", 1)], ["cpu"], ["rocm0", "cpu"]),
        ([("Vulkan0", "Intel UHD", 2), ("Vulkan1", "Arc", 1)], ["cpu"], ["vulkan1", "cpu"]),
        ([("CUDA0", "Orin", 1)], ["cpu"], ["cuda0", "cpu"]),
    ],
)
def test_what_the_engine_lists_is_where_a_model_can_go(
    has: Has, tmp_path: Path, listed: Any, known: list[str], expected: list[str]
) -> None:
    """Accelerate (BLAS) is listed in all of them, and is no graphics card."""
    has(*listed)
    assert places(tmp_path, *known) == expected


def test_the_cpu_is_a_choice_and_an_order(has: Has, tmp_path: Path) -> None:
    has(("MTL0", "Apple M4", 1))
    assert places(tmp_path, "cpu", device="cpu") == ["cpu"]
    assert places(tmp_path, "cpu", gpu_layers=0) == ["cpu"]


def test_memory_that_nobody_tells_is_counted_as_ram(has: Has, tmp_path: Path) -> None:
    has(("MTL0", "Apple M4", 1))
    metal = placements(tmp_path, "cpu")[0]
    assert (metal.device, metal.memory_device, list(metal.need_mib)) == ("mtl0", "cpu", ["cpu"])
    assert metal.need_mib["cpu"] >= metal.memory_estimate.total_mib


def test_speech_goes_to_a_card_only_with_the_library_that_it_opens(
    has: Has, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(CUDA0)
    settings = load_settings("cpu", {"data_dir": str(tmp_path)})
    estimator = Estimator(settings, MeasuredPeaks(tmp_path), {"cpu": 8192, "cuda:0": 8192})
    said = iter(["libcublasLt.so.12: cannot open shared object file", ""])
    monkeypatch.setattr(devices, "ask_cublas", lambda: next(said))
    assert [place.device for place in estimator.placements(WHISPER)] == ["cpu"]
    assert estimator.placements(WHISPER)[0].device == "cuda:0"


def test_an_engine_that_does_not_start_says_why(has: Has, tmp_path: Path) -> None:
    has()
    (tmp_path / "site" / "xllamacpp" / "__init__.py").write_text("import no_such_thing\n")
    answer = devices.ask_llamacpp()
    assert (answer.devices, "no_such_thing" in answer.error) == ((), True)


def test_the_driver_is_asked_for_what_the_choice_needs(has: Has) -> None:
    has(driver=driver_answer("580.95.05", RTX_4060, {"name": "GB10", "capability": [12, 1]}))
    driver, no_answer = machine.read_driver()
    assert driver is not None
    assert (no_answer, driver.version, driver.branch, driver.cuda) == ("", "580.95.05", 580, "13.0")
    card, shared = driver.cards
    assert (card.name, card.capability, card.total_mib) == (RTX_4060["name"], (8, 9), 8188)
    assert shared.total_mib == 0


def test_a_card_that_no_llamacpp_runs_on_gets_no_set_of_its_own(has: Has) -> None:
    old = driver_answer("470.256.02", {"name": "Tesla K80", "capability": [3, 7], "mib": 11441})
    has(driver=old)
    assert devices.is_card_useless()
    has(CUDA0, driver=old)  # somebody has built one for it
    assert not devices.is_card_useless()
    has(driver=driver_answer("580.95.05", RTX_4060))  # make brings one
    assert not devices.is_card_useless()


def test_a_driver_that_does_not_answer_says_why(has: Has) -> None:
    has(driver={"error": [18, "RM has detected an NVML/RM version mismatch."]})
    assert machine.read_driver() == (None, "RM has detected an NVML/RM version mismatch.")


LINKED = """
import ctypes
try:
    ctypes.CDLL("libtinycuda.so.7")
except OSError as err:
    raise ImportError(str(err)) from err
"""


@pytest.mark.skipif(sys.platform != "linux", reason="NVIDIA's packages are found by Linux's names")
def test_a_library_in_a_package_is_found_by_who_is_linked_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "tinylinked.py").write_text(LINKED)
    with pytest.raises(ImportError, match=r"libtinycuda\.so\.7: cannot open shared object"):
        import_linked("tinylinked")
    loaded: list[str] = []
    real = import_linked.__globals__["ctypes"].CDLL

    def load(name: str | None, *rest: Any, **more: Any) -> Any:
        if name == "libtinycuda.so.7" and loaded:
            return None  # as the loader does once one of that name is in the process
        if name is not None and name.endswith("/libtinycuda.so.7"):
            loaded.append(name)
            return None
        return real(name, *rest, **more)

    folder = tmp_path / "nvidia" / "cu13" / "lib"
    folder.mkdir(parents=True)
    (folder / "libtinycuda.so.7").touch()
    monkeypatch.delitem(sys.modules, "nvidia", raising=False)
    importlib.invalidate_caches()
    monkeypatch.setattr("ctypes.CDLL", load)
    assert import_linked("tinylinked").__name__ == "tinylinked"
    assert loaded == [str(folder / "libtinycuda.so.7")]


def said_by_doctor() -> dict[str, Any]:
    return {finding.what: finding for finding in graphics()}


def test_doctor_tells_driver_card_build_and_what_is_missing(
    has: Has, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "OSError: libcublasLt.so.12: cannot open shared object file"
    monkeypatch.setattr("cli.graphics.ask_cublas", lambda: missing)
    has(driver=driver_answer("580.95.05", RTX_4060))
    found = said_by_doctor()
    card = found["graphics card"]
    assert card.state == "ok"
    assert "NVIDIA GeForce RTX 4060 (compute capability 8.9, 8.6 GB)" in card.detail
    assert "driver 580.95.05, CUDA 13.0" in card.detail
    speech = found["speech recognition on the card"]
    assert (speech.state, speech.mend.endswith(" install")) == ("warning", True)
    assert missing in speech.detail


def test_doctor_tells_on_what_llamacpp_computes(has: Has, monkeypatch: pytest.MonkeyPatch) -> None:
    has(driver=driver_answer("580.95.05", RTX_4060))
    monkeypatch.setattr(machine, "_glibc", lambda: (2, 39))
    monkeypatch.setattr("platform.system", lambda: "Linux")
    build = said_by_doctor()["llama.cpp's build"]
    assert "on the CPU: the one for CUDA 13.2 is not installed" in build.detail
    assert build.mend.endswith(" install GPU=cu132")
    has(CUDA0, driver=driver_answer("580.95.05", RTX_4060))
    build = said_by_doctor()["llama.cpp's build"]
    assert (build.state, "it sees CUDA0 (NVIDIA GeForce RTX 4060)" in build.detail) == ("ok", True)


def test_doctor_tells_of_a_driver_that_is_too_old(
    has: Has, monkeypatch: pytest.MonkeyPatch
) -> None:
    has(driver=driver_answer("470.256.02", RTX_4060, cuda=11040))
    monkeypatch.setattr("platform.system", lambda: "Linux")
    build = said_by_doctor()["llama.cpp's build"]
    assert (build.state, "must be 525 or newer" in build.detail) == ("warning", True)
    assert build.mend.startswith("sudo ubuntu-drivers install")
