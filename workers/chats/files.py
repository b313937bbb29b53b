"""Files attached to questions: kept beside the chats, once each by their SHA-256.

A question's details name its files (`KeptFile.as_details`). What was read in a file is kept with it,
so that the next question need not read it again: whole, or not at all.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import time
import uuid
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from workers.media.kinds import HEAD_BYTES, FileKind, kind_of
from workers.media.scratch import scratch_folder
from workers.messages.amounts import fine_size_words
from workers.messages.attached import KEPT, hidden_name
from workers.messages.errors import (
    AppError,
    DiskFullError,
    NotFoundError,
    ResourceError,
    UnsupportedInputError,
)

from .records import Message

log = logging.getLogger("quintet.chats")

FOLDER = "chat_files"
MAX_FILE_BYTES = 200_000_000
"""An hour of uncompressed speech; documents and pictures have bounds of their own, where they are read."""
MAX_FILES = 10
"""Of one question."""
UNSENT_S = 3600.0
"""How long a file is kept that no question names yet."""
_READING = ".read.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """One attached file."""

    id: str
    """SHA-256 of its bytes, hexadecimal; "": it came with an import, which has names alone."""
    name: str
    """As the person knows it."""
    kind: FileKind
    num_bytes: int

    def as_details(self, *, read_as: str = "", note: str = "") -> dict[str, Any]:
        """Return it as a question's details have it: with how it was read, and what was lost."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "bytes": self.num_bytes,
            "read_as": read_as,
            "note": note,
        }


def files_of(message: Message) -> tuple[KeptFile, ...]:
    """Return the files that a question names; what an import has garbled is left out."""
    found = message.details.get("files")
    return tuple(_file(one) for one in found if _is_file(one)) if isinstance(found, list) else ()


def _is_file(one: object) -> bool:
    if not isinstance(one, Mapping) or not {"id", "name", "kind", "bytes"} <= one.keys():
        return False
    is_id = isinstance(one["id"], str) and (not one["id"] or len(one["id"]) == 64)
    return (
        is_id and isinstance(one["bytes"], int) and one["kind"] in ("picture", "audio", "document")
    )


def _file(one: Mapping[str, Any]) -> KeptFile:
    return KeptFile(
        id=one["id"], name=str(one["name"]), kind=one["kind"], num_bytes=int(one["bytes"])
    )


class AttachedFiles:
    """The attached files of all chats of one store. Any thread may use it."""

    def __init__(self, data_dir: Path | None, scope: str = KEPT) -> None:
        """None: in a scratch folder that goes with it. `scope`: see `workers.messages.attached`."""
        self._scope = scope
        self.num_gone = 0
        """Files that were removed and may still have a collection: see `forget_files`."""
        self._cleanup = ExitStack()
        self._folder = None if data_dir is None else data_dir / FOLDER

    @property
    def folder(self) -> Path:
        """Where they are, made when it is first needed. Raises: ResourceError, DiskFullError."""
        try:
            if self._folder is None:
                self._folder = self._cleanup.enter_context(scratch_folder("chat-files"))
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise _sentence(err) from err
        return self._folder

    def keep(self, source: Path, name: str) -> KeptFile:
        """Copy a file that was uploaded.

        Raises: UnsupportedInputError for one that is empty, too large or gone; DiskFullError,
        ResourceError.
        """
        name = PurePath(name.replace("\\", "/")).name or "file"
        folder = self.folder
        try:
            num_bytes = source.stat().st_size
            _check_size(name, num_bytes)
            with source.open("rb") as file:
                head = file.read(HEAD_BYTES)
                file.seek(0)
                file_id = _copied(file, folder)
        except FileNotFoundError as err:
            raise UnsupportedInputError(f"{name} is gone.", "Attach it again.") from err
        except OSError as err:
            raise _sentence(err) from err
        kind = kind_of(name, head)
        return KeptFile(id=file_id, name=name, kind=kind, num_bytes=num_bytes)

    def path(self, file_id: str) -> Path:
        """Return where a file is. Raises: NotFoundError."""
        path = self.folder / file_id
        if not file_id.isalnum() or not path.is_file():  # alone, an id leads nowhere else
            raise NotFoundError("This file is not kept here any more.", "Attach it again.")
        return path

    def collection(self, file_id: str) -> str:
        """Return the hidden collection in which a file is searched."""
        return hidden_name(self._scope, file_id)

    def reading(self, file_id: str) -> dict[str, Any]:
        """Return what was read in a file before, as JSON; {} if nothing was."""
        with suppress(OSError, ValueError):
            found = json.loads((self.folder / f"{file_id}{_READING}").read_text("utf-8"))
            return found if isinstance(found, dict) else {}
        return {}

    def keep_reading(self, file_id: str, reading: Mapping[str, Any]) -> None:
        """Keep what was read; if that fails, the file is read again the next time."""
        path = self.folder / f"{file_id}{_READING}"
        try:
            half = path.with_suffix(".half")
            half.write_text(json.dumps(dict(reading), ensure_ascii=False), "utf-8")
            half.replace(path)
        except OSError as err:
            log.warning("what was read in an attached file is not kept: %s", err)

    def purge(self, named: Collection[str]) -> int:
        """Remove the files that no question names and nobody has just attached; returns how many."""
        if self._folder is None or not self._folder.is_dir():
            return 0
        before_s, num_gone = time.time() - UNSENT_S, 0
        for path in tuple(self._folder.iterdir()):
            with suppress(OSError):
                if path.suffix or path.name in named or path.stat().st_mtime >= before_s:
                    continue
                path.unlink()
                path.with_name(f"{path.name}{_READING}").unlink(missing_ok=True)
                num_gone += 1
        self.num_gone += num_gone
        return num_gone

    def left(self, collections: Iterable[str]) -> tuple[str, ...]:
        """Return which of some hidden collections are of this store, and of a file that is gone."""
        here = {
            self.collection(path.name) for path in self.folder.iterdir() if "." not in path.name
        }
        own = self.collection("")
        return tuple(one for one in collections if one.startswith(own) and one not in here)

    def close(self) -> None:
        """Remove the scratch folder, if they are in one."""
        self._cleanup.close()


def own_file(messages: Iterable[Message], file_id: str) -> KeptFile:
    """Return a file that one of a chat's messages names. Raises: NotFoundError."""
    for message in messages:
        for file in files_of(message):
            if file.id == file_id:
                return file
    raise NotFoundError("This chat has no such file.")


def _copied(file: BinaryIO, folder: Path) -> str:
    """Copy what is left of a file, whole or not at all; returns its SHA-256. Raises: OSError."""
    sha256, new = hashlib.sha256(), folder / f"new-{uuid.uuid4().hex}"
    try:
        with new.open("wb") as copy:
            for block in iter(lambda: file.read(1 << 20), b""):
                sha256.update(block)
                copy.write(block)
        new.replace(folder / sha256.hexdigest())
    finally:
        new.unlink(missing_ok=True)
    return sha256.hexdigest()


def _check_size(name: str, num_bytes: int) -> None:
    if num_bytes == 0:
        raise UnsupportedInputError(f"{name} is empty (0 bytes).")
    if num_bytes > MAX_FILE_BYTES:
        raise UnsupportedInputError(
            f"{name} has {fine_size_words(num_bytes)}; at most {fine_size_words(MAX_FILE_BYTES)} can be attached.",
            "Split it into smaller files.",
        )


def _sentence(err: OSError) -> AppError:
    if err.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError("The file cannot be kept: the disk is full.", "Free some space.")
    return ResourceError(f"The file cannot be kept: {err.strerror or type(err).__name__}.")
