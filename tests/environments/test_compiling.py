"""A program is compiled from the source in a package, and can be run; what it takes is said before."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.environments.tiny import NAME, recipe_folder
from workers.messages.errors import DiskFullError, EngineNotInstalledError, LoadError
from workers.models.environments import building
from workers.models.environments.places import Environments, size_sentence
from workers.models.environments.recipes import RECIPES, Recipe, read_recipe

PACKAGE = "tinyprogram-1.0"
CMAKE = """
cmake_minimum_required(VERSION 3.14...3.28)
project(tiny C CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_executable(hello hello.cpp)
target_compile_definitions(hello PRIVATE WORD="${WORD}")
"""
HELLO = '#include <cstdio>\nint main() { std::puts("hello " WORD); return 0; }\n'
PROJECT = (
    '[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n'
    '[project]\nname = "tinyprogram"\nversion = "1.0"\n'
)
COMPILES = {
    "package": "tinyprogram", "folder": "vendor/tiny", "target": "hello",
    "options": ["-DWORD=world"], "core_minutes": 3, "scratch_mib": 50,
}  # fmt: skip


def write_source(folder: Path, hello: str = HELLO) -> str:
    """Write the source distribution; returns its checksum."""
    files = {
        "PKG-INFO": "Metadata-Version: 2.1\nName: tinyprogram\nVersion: 1.0\n",
        "pyproject.toml": PROJECT,
        "CMakeLists.txt": "cmake_minimum_required(VERSION 3.14...3.28)\nproject(none)\n",
        "vendor/tiny/CMakeLists.txt": CMAKE,
        "vendor/tiny/hello.cpp": hello,
    }
    folder.mkdir()
    path = folder / f"{PACKAGE}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"{PACKAGE}/{name}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def recipe_of(tmp_path: Path, checksum: str = "0" * 64, **values: object) -> Recipe:
    """Write and read the recipe: what the real one installs, and our own source."""
    kept = read_recipe("llamacpp").entries(is_built=False)
    lock = f"{kept}tinyprogram==1.0 --hash=sha256:{checksum}\n"
    compiles = {"compiles": COMPILES, "programs": ["c++"], **values}
    return read_recipe(NAME, recipe_folder(tmp_path / "recipes", lock, **compiles))


def places(tmp_path: Path) -> Environments:
    return Environments(data_dir=tmp_path / "data", recipes=tmp_path / "recipes")


@pytest.mark.env
def test_it_is_compiled_once_and_only_the_program_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checksum = write_source(tmp_path / "source")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "source"))
    recipe, here = recipe_of(tmp_path, checksum), places(tmp_path)
    said: list[tuple[str, str]] = []
    assert building.create(here, recipe, lambda _d, _t, step, line: said.append((step, line)))
    program = here.folder(NAME) / "bin" / "hello"
    ran = subprocess.run([program], capture_output=True, text=True, check=True)
    assert ran.stdout == "hello world\n"
    assert any(step == "compiling hello" and "[2/2]" in line for step, line in said)
    assert not (here.folder(NAME) / "source").exists()
    assert not list(here.folder(NAME).glob("lib/python*/site-packages/tinyprogram*"))
    assert not building.create(here, recipe, lambda *_: None), "it is there"


@pytest.mark.env
def test_what_the_compiler_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checksum = write_source(tmp_path / "source", hello="int main() { return nothing; }\n")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "source"))
    recipe, here = recipe_of(tmp_path, checksum), places(tmp_path)
    with pytest.raises(LoadError, match=r"could not be made: .*nothing"):
        building.create(here, recipe, lambda *_: None)
    assert here.state(recipe) == "unfinished"


def test_without_a_compiler_it_names_the_package_that_brings_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        EngineNotInstalledError, match=r"lacks a compiler for C\+\+ .*c\+\+"
    ) as said:
        building.create(places(tmp_path), recipe_of(tmp_path), lambda *_: None)
    assert "apt-get install g++" in said.value.hint
    assert not places(tmp_path).folder(NAME).exists()


def test_the_room_that_compiling_takes_is_asked_for_too(tmp_path: Path) -> None:
    huge = {**COMPILES, "scratch_mib": 1 << 40}
    with pytest.raises(DiskFullError, match="GB more meanwhile"):
        building.create(places(tmp_path), recipe_of(tmp_path, compiles=huge), lambda *_: None)


def test_how_long_it_takes_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1}, raising=False)
    assert size_sentence(recipe_of(tmp_path)).endswith("about 2 minutes of compiling on 2 cores")


def test_the_recipe_of_llama_cpp_locks_its_source_and_installs_none_of_it() -> None:
    recipe = read_recipe("llamacpp", RECIPES)
    assert recipe.source_entry().startswith("llama-cpp-python==")
    assert recipe.source_entry().count("--hash=sha256:") == 1
    assert "llama-cpp-python" not in recipe.entries(is_built=False)
    assert recipe.compiles is not None
    assert "-DGGML_NATIVE=ON" in recipe.compiles.options
