"""Where a model's files lie, before they are here: a folder, a hub's repository, a web address.

`RepoFiles` lists names and sizes, and reads small files and the beginnings of large ones; it never
fetches weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from configs.errors import ConfigError
from configs.small_files import parse_json
from workers.messages.errors import UnsupportedInputError
from workers.models.facts.gguf_extent import check_extent
from workers.models.facts.gguf_header import Value, read_gguf_header
from workers.models.facts.safetensors_header import safetensors_facts
from workers.models.found.model import FoundModel
from workers.models.walk import walk

from .head import with_head

MAX_JSON_BYTES = 8 << 20
"""A configuration is a few kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoFile:
    """One file of a repository, a folder or an address."""

    size: int | None
    """Bytes; None: nobody says."""
    sha256: str | None = None


ReadHead = Callable[[str, int], bytes]
"""(name, number of bytes) → the file's beginning, shorter if the file is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepoFiles:
    """One place with files, and how their beginnings are read."""

    place: str
    """For sentences: "owner/repository", a folder, an address."""
    source: str
    """As a card names it."""
    files: Mapping[str, RepoFile]
    """By name."""
    read_head: ReadHead
    license: str = ""
    license_url: str = ""
    origin: str = ""
    chosen: str = ""
    """The file that was asked for; "": whichever is right."""
    folder: Path | None = None
    """Where the files are, if they are on this machine."""
    cut: str = ""
    """One sentence about what of the folder was not looked at."""
    paths: Mapping[str, Path] = field(default_factory=dict)
    """Where files lie that are called otherwise there, or in another folder."""
    public_only: bool = False
    """Only hosts of the open internet may be asked for it."""
    _jsons: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def is_here(self) -> bool:
        """Whether nothing has to be downloaded."""
        return self.folder is not None

    def size(self, *names: str) -> int:
        """Return the bytes of some files together; those nobody knows count nothing."""
        return sum(self.files[name].size or 0 for name in names if name in self.files)

    def json(self, name: str) -> dict[str, Any]:
        """Return the content of a JSON object; empty if there is no such file.

        Raises: UnsupportedInputError if it is none.
        """
        if name not in self.files:
            return {}
        if name not in self._jsons:
            self._jsons[name] = self._read_json(name)
        return self._jsons[name]

    def gguf(self, name: str) -> dict[str, Value]:
        """Return the metadata of a GGUF file. Raises: UnsupportedInputError if it is none."""
        try:
            if self.folder is not None:
                return read_gguf_header(self._path(self.folder, name))
            return with_head(name, self.read_head, read_gguf_header)
        except ConfigError as err:
            raise UnsupportedInputError(str(err), "Choose another file.") from err

    def check_whole(self, names: Sequence[str]) -> None:
        """Raises: UnsupportedInputError if weights of this machine are damaged or cut off.

        Those that are to be downloaded are compared with what their server says of them, then.
        """
        if self.folder is None:
            return
        try:
            for name in names:
                if name.lower().endswith(".gguf"):
                    check_extent(self._path(self.folder, name))
                elif name.endswith(".safetensors"):
                    safetensors_facts(self._path(self.folder, name))
        except (ConfigError, OSError) as err:
            raise UnsupportedInputError(str(err), "Choose another file.") from err

    def _path(self, folder: Path, name: str) -> Path:
        return self.paths.get(name, folder / name)

    def _read_json(self, name: str) -> dict[str, Any]:
        try:
            content = parse_json(self.read_head(name, MAX_JSON_BYTES))
        except ConfigError as err:
            raise UnsupportedInputError(f"{name} of {self.place} cannot be read: {err}.") from err
        return content if isinstance(content, dict) else {}


def folder_repo(path: Path, *, links_out: bool = True) -> RepoFiles:
    """Return a folder of this machine, or the folder around one file.

    `links_out`: links to files outside of it are followed. Raises: UnsupportedInputError if it is
    not there.
    """
    path = _existing(path)
    folder, chosen = (path, "") if path.is_dir() else (path.parent, path.name)
    found = walk(folder, links_out=links_out, **({"max_depth": 0} if chosen else {}))
    files = dict(found.files)
    if chosen:  # whatever the walk left out
        _check_kind(path, folder, links_out=links_out)
        near = (path, path.with_name(f"{chosen}.json"))
        files |= {file.name: file.stat().st_size for file in near if file.is_file()}

    def read_head(name: str, num_bytes: int) -> bytes:
        with (folder / name).open("rb") as file:
            return file.read(num_bytes)

    return RepoFiles(
        place=str(path),
        source=f"path:{folder}",
        files={name: RepoFile(size=files[name]) for name in sorted(files)},
        read_head=read_head,
        origin="your own file",
        chosen=chosen,
        folder=folder,
        cut=found.cut,
    )


def found_repo(model: FoundModel, data_dir: Path) -> RepoFiles:
    """Return the files of a model that another program keeps on this machine."""
    paths = {name: file.path for name, file in model.files.items()}
    folder = model.folder(data_dir)
    if model.is_named:  # what lies beside it belongs to it: a projector
        return replace(folder_repo(next(iter(paths.values()))), origin=model.program)

    def read_head(name: str, num_bytes: int) -> bytes:
        with paths[name].open("rb") as file:
            return file.read(num_bytes)

    return RepoFiles(
        place=model.name,
        source=f"path:{folder}",
        files={
            name: RepoFile(size=file.size, sha256=file.sha256) for name, file in model.files.items()
        },
        read_head=read_head,
        origin=model.program,
        folder=folder,
        cut=model.note,
        paths=paths,
    )


def _existing(path: Path) -> Path:
    """Raises: UnsupportedInputError, also for what cannot be a path: ~nobody, a NUL, too long a name."""
    try:
        whole = path.expanduser().absolute()
        if whole.exists():
            return whole
    except (OSError, RuntimeError, ValueError):
        whole = path
    raise UnsupportedInputError(f"There is no file or folder {str(whole)!r}.")


def _check_kind(path: Path, folder: Path, *, links_out: bool) -> None:
    """Raises: UnsupportedInputError if a path is no regular file, or leads elsewhere and may not."""
    if not path.is_file():
        raise UnsupportedInputError(f"{path} is neither a file nor a folder.")
    if not links_out and not path.resolve().is_relative_to(folder.resolve()):
        raise UnsupportedInputError(
            f"{path} is a link that leads out of its folder.", "Name the file that it leads to."
        )
