"""docs/gpu.md as a person follows it: every command on the page does what the page says."""

from __future__ import annotations

import platform
import re
import shlex

import pytest

from tests.graphics.conftest import ROOT, RTX_4060, Project, driver_answer
from tests.graphics.test_settling import FITS, publish
from tests.graphics.wheel_files import CUDA0
from workers.models.graphics.builds import ALIASES, BUILDS
from workers.models.graphics.choosing import AUTO, NONE

PAGE = (ROOT / "docs" / "gpu.md").read_text("utf-8")
COMMANDS = sorted(set(re.findall(r"make (?:run|install)(?: [A-Z_]+=[^\s`#]+)*", PAGE)))
LOCAL = "https://mirror.example/xllamacpp/whl"
"""A mirror that nobody has: the local index stands for it."""


def words_of(command: str) -> list[str]:
    return shlex.split(command)[2:]


def test_the_page_names_the_builds_that_there_are() -> None:
    named = {word.removeprefix("GPU=") for text in COMMANDS for word in words_of(text)
             if word.startswith("GPU=")}  # fmt: skip
    named |= set(re.findall(r"`(cu\d+|rocm-[\d.]+|vulkan)`", PAGE))
    assert named <= {AUTO, NONE, *ALIASES, *BUILDS}
    assert {*BUILDS} <= {*re.findall(r"cu\d+|vulkan|rocm-[\d.]+\d", PAGE)}


@pytest.mark.skipif(not FITS, reason="builds for cards are Linux's, with glibc")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_page_works(command: str, project: Project) -> None:
    project.has_driver(driver_answer("580.95.05", RTX_4060))
    for name, build in BUILDS.items():
        if platform.machine() in build.architectures:
            publish(project, name, CUDA0)
    words = [word for word in words_of(command) if word != f"GPU_INDEX={LOCAL}"]
    done = project.make(*words)
    assert done.returncode == 0, done.stderr
    wanted = [word.removeprefix("GPU=") for word in words if word.startswith("GPU=")] or [AUTO]
    if "PROFILE=cpu" in words:
        wanted = [NONE]
    named = BUILDS.get(ALIASES.get(wanted[0], wanted[0]))
    is_there = wanted == [AUTO] or (named and platform.machine() in named.architectures)
    assert project.devices() == ["CPU", "BLAS", *(["CUDA0"] if is_there else [])]
