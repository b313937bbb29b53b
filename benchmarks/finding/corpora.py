"""The files that are asked: the project's own documents, and what packages of the lock carry.

Three kinds of text: a manual, descriptions and licences of packages, source code with its docstrings.
Nothing is downloaded, so the figures can be had wherever `make bench` runs.
"""

from __future__ import annotations

import importlib.metadata
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CORPORA = ("manual", "packages", "sources")
_DESCRIPTIONS = (
    "h11", "attrs", "sortedcontainers", "orjson", "defusedxml", "psutil", "pytest_timeout", "colorlog",
    "tzlocal", "pyrate_limiter", "semantic_version", "pycparser", "setproctitle", "pybase64",
    "annotated_types", "bcrypt", "mmh3", "pathspec", "mammoth", "yarl", "tqdm", "rich", "typer",
    "jsonschema", "fsspec", "rapidfuzz", "markdown_it_py", "python_dotenv", "coverage", "filelock",
)  # fmt: skip
_LICENCES = {
    "tenacity": "LICENSE",
    "piper_tts": "COPYING",
    "hypothesis": "LICENSE.txt",
    "typing_extensions": "LICENSE",
    "tqdm": "LICENCE",
    "huggingface_hub": "LICENSE",
}
_MODULES = (
    "jinja2/filters.py", "jinja2/sandbox.py", "tenacity/__init__.py", "tenacity/wait.py",
    "tenacity/retry.py", "starlette/middleware/cors.py", "starlette/middleware/gzip.py",
    "starlette/responses.py", "httpx/_config.py", "pydub/silence.py", "pydub/effects.py",
    "pydub/utils.py", "attr/validators.py", "fsspec/spec.py", "sortedcontainers/sorteddict.py",
    "sortedcontainers/sortedlist.py", "h11/_connection.py", "psutil/__init__.py", "pytest_timeout.py",
    "tqdm/std.py", "semchunk/semchunk.py", "click/types.py",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file of a corpus."""

    corpus: str
    name: str
    """As it is named in the collection; unlike every other."""
    path: Path


def source_files() -> list[SourceFile]:
    """Return the files of all corpora. Raises: FileNotFoundError, PackageNotFoundError."""
    return [*_manual(), *_packages(), *_sources()]


def _manual() -> Iterator[SourceFile]:
    documents = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/adr").glob("0*.md")])
    for path in [ROOT / "assets/example-handbook.pdf", *documents]:
        yield SourceFile(corpus="manual", name=path.name, path=path)


def _packages() -> Iterator[SourceFile]:
    for package in _DESCRIPTIONS:
        yield SourceFile(
            corpus="packages", name=f"{package}.txt", path=_carried(package, "METADATA")
        )
    for package, licence in _LICENCES.items():
        name = f"{package}-{licence.removesuffix('.txt')}.txt"
        yield SourceFile(corpus="packages", name=name, path=_carried(package, licence))


def _carried(package: str, name: str) -> Path:
    """Return a file that a package's metadata carries. Raises: FileNotFoundError."""
    distribution = importlib.metadata.distribution(package)
    for path in distribution.files or ():
        if path.name == name and ".dist-info" in path.parts[0]:
            return Path(str(distribution.locate_file(path)))
    raise FileNotFoundError(f"{package} carries no {name}")


def _sources() -> Iterator[SourceFile]:
    folder = Path(sysconfig.get_paths()["purelib"])
    for module in _MODULES:
        yield SourceFile(corpus="sources", name=module.replace("/", "."), path=folder / module)
