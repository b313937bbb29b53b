"""`make` brings the build that fits the card, once; where it cannot, it says so and the CPU's stays."""

from __future__ import annotations

import platform
import shutil

import pytest

from configs.errors import ConfigError
from tests.graphics.conftest import NO_LIBRARY, RTX_4060, Project, driver_answer
from tests.graphics.wheel_files import CUDA0, VERSION, engine_wheel
from workers.messages.amounts import fine_size_words
from workers.models.graphics.builds import BUILDS
from workers.models.graphics.choosing import choose
from workers.models.graphics.machine import read_machine

TAG = f"cp310-abi3-linux_{platform.machine()}"
FITS = platform.system() == "Linux" and platform.libc_ver()[0] == "glibc"
pytestmark = pytest.mark.skipif(not FITS, reason="builds for cards are Linux's, with glibc")


def publish(project: Project, build: str, *devices: tuple[str, str, int], **about: str) -> None:
    """Put a wheel of the installed version on the index."""
    wheel = engine_wheel(project.folder / build, *devices, **{"tag": TAG, **about})
    project.index.builds[build] = [*project.index.builds.get(build, ()), wheel]


def test_a_machine_without_a_driver_is_left_alone_and_asks_nobody(project: Project) -> None:
    done = project.make()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert project.index.asked == []
    assert project.record == {}


def test_a_card_gets_its_build_once_and_it_is_told_how_large_it_is(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    publish(project, "cu132", CUDA0)
    done = project.make()
    assert done.returncode == 0, done.stderr
    assert "Installing llama.cpp for CUDA 13.2 from localhost" in done.stdout
    assert (
        f"NVIDIA's libraries, up to {fine_size_words(BUILDS['cu132'].libraries_mb * 10**6)}"
        in done.stdout
    )
    assert "llama.cpp runs on CUDA0 (NVIDIA GeForce RTX 4060)." in done.stdout
    assert project.devices() == ["CPU", "BLAS", "CUDA0"]
    assert (project.site / "nvidia/cuda12/lib/libtiny.so").exists()
    assert (project.site / "nvidia/cuda13/lib/libtiny.so").exists()
    assert (project.record["build"], len(project.record["sha256"])) == ("cu132", 64)
    project.index.asked.clear()
    again = project.make()
    assert (again.returncode, again.stdout, project.index.asked) == (0, "", [])


def test_a_download_that_is_cut_goes_on_where_it_was(project: Project) -> None:
    project.has_driver(driver_answer("575.57.08", RTX_4060))
    publish(project, "cu128", CUDA0)
    project.index.cut_after += [100, 50]
    done = project.make()
    assert done.returncode == 0, done.stderr
    assert project.devices()[-1] == "CUDA0"
    ranges = [wanted for method, path, wanted in project.index.asked if path.endswith(".whl")]
    assert ranges == ["", "", "bytes=100-", "bytes=150-"]


def test_another_version_is_never_taken_in_place_of_ours(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    publish(project, "cu132", CUDA0, version="2026.9.1")
    done = project.make()
    assert done.returncode == 0
    assert "llama.cpp stays on the CPU: 127.0.0.1" in done.stdout
    assert f"has no xllamacpp {VERSION} that fits: it has 2026.9.1." in done.stdout
    assert project.devices() == ["CPU", "BLAS"]
    project.index.asked.clear()
    assert (project.make().stdout, project.index.asked) == ("", []), "it is not asked at each start"


def test_a_wheel_for_another_processor_does_not_fit(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    publish(project, "cu132", CUDA0, tag="cp310-abi3-linux_riscv64")
    assert "that fits: but not for this Python and system." in project.make().stdout


def test_an_index_that_is_not_there_is_told_and_tried_again(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    words = ("GPU_INDEX=http://127.0.0.1:9/whl",)
    for _ in range(2):
        done = project.make(*words)
        assert done.returncode == 0
        assert "llama.cpp stays on the CPU: 127.0.0.1:9 cannot be reached" in done.stdout
    publish(project, "cu132", CUDA0)
    assert "runs on CUDA0" in project.make().stdout


def test_a_build_that_is_not_on_the_index_is_told(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    assert "(404), so no xllamacpp of this build" in project.make().stdout


def test_an_environment_that_cannot_be_written_is_told_in_a_sentence(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    publish(project, "cu132", CUDA0)
    (project.folder / ".venv" / ".graphics.draft").mkdir()  # the record cannot be written
    done = project.make()
    assert (done.returncode, done.stderr) == (0, "")
    assert "could not be kept" in done.stdout


def test_one_that_sees_no_card_is_taken_out_again(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    publish(project, "cu132")
    done = project.make()
    assert done.returncode == 0, done.stderr
    assert "llama.cpp for CUDA 13.2 sees no graphics card here." in done.stdout
    assert project.devices() == ["CPU", "BLAS"]
    assert project.record["build"] == ""


def test_one_that_does_not_start_is_taken_out_again_with_its_words(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    missing = "libcuda.so.1: cannot open shared object file: No such file or directory"
    publish(project, "cu132", CUDA0, start=f"raise ImportError({missing!r})")
    assert f"does not start here: ImportError: {missing}." in project.make().stdout
    assert project.devices() == ["CPU", "BLAS"]


def test_it_can_be_switched_off_and_the_cpus_build_comes_back(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    publish(project, "cu132", CUDA0)
    assert project.make("GPU=none").stdout == ""
    assert project.make("PROFILE=cpu").stdout == ""
    assert project.make("PROFILE=gpu8").returncode == 0
    assert project.devices()[-1] == "CUDA0"
    assert "build for the CPU back" in project.make("GPU=none").stdout
    assert project.devices() == ["CPU", "BLAS"]


def test_a_driver_that_goes_takes_the_build_along(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    publish(project, "cu132", CUDA0)
    assert project.make().returncode == 0
    project.has_driver(NO_LIBRARY)
    assert project.make().returncode == 0
    assert project.devices() == ["CPU", "BLAS"]


def test_a_build_can_be_asked_for_by_name(project: Project) -> None:
    publish(project, "vulkan", ("Vulkan0", "AMD Radeon RX 7600", 1))
    done = project.make("GPU=vulkan")
    if platform.machine() != "x86_64":
        assert "there is no llama.cpp for Vulkan on Linux" in done.stdout
        return
    assert "llama.cpp runs on Vulkan0 (AMD Radeon RX 7600)." in done.stdout
    unknown = project.make("GPU=voodoo")
    assert unknown.returncode != 0
    assert "There is no build GPU=voodoo; known: auto, none, rocm," in unknown.stdout


def test_one_that_was_installed_by_hand_and_sees_the_card_stays(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    mine = engine_wheel(project.folder / "mine", ("Vulkan0", "NVIDIA GeForce RTX 4060", 1))
    project.lose_engine()
    shutil.unpack_archive(mine, project.site, "zip")
    assert (project.make().stdout, project.index.asked) == ("", [])
    assert project.record["build"] == "own"


@pytest.mark.parametrize("with_card", [False, True])
def test_an_installation_that_was_killed_in_between_is_mended(
    project: Project, with_card: bool
) -> None:
    publish(project, "cu132", CUDA0)
    if with_card:
        project.has_driver(driver_answer("580.95.05", RTX_4060))
    project.lose_engine()
    assert project.make().returncode == 0
    assert project.devices() == ["CPU", "BLAS", "CUDA0"][: 2 + with_card]


def test_an_index_that_is_not_encrypted_is_refused(project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    done = project.make("GPU_INDEX=http://example.org/whl")
    assert done.returncode != 0
    assert "is not fetched: an index must be reached by https" in done.stdout


def test_the_names_of_builds_are_told_to_who_misspells_one() -> None:
    with pytest.raises(ConfigError, match="cu128, cu132, vulkan"):
        choose("cu129", read_machine())
