"""One folder of records, a YAML file each: written whole or not at all, deleted so that it can come back.

Files and not a database: a record is a page of text that people write by hand, look at and give away, and
one that is broken loses only itself.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Generic

from configs.errors import ConfigError
from configs.small_files import read_text
from workers.messages.errors import AppError, DiskFullError, ResourceError, UnsupportedInputError

from .portable import Record, as_text, read_record
from .records import Origin

SUFFIX = ".yaml"
DELETED = ".deleted"
KEPT_AFTER_DELETION_S = 3600.0
"""How long a deleted record can be brought back."""
MAX_RECORDS = 500
"""In one folder: what a list can show, and a visitor of the page can fill."""
_writing = threading.Lock()


class RecordFolder(Generic[Record]):
    """Reads its files anew at each call: what is dropped into it is there at once."""

    def __init__(self, folder: Path, kind: type[Record], origin: Origin) -> None:
        self._folder = folder
        self._kind = kind
        self._origin = origin

    def read(self) -> tuple[dict[str, Record], tuple[str, ...]]:
        """Return the records by id in the order of their names, and a sentence for each broken file."""
        records: list[Record] = []
        broken: list[str] = []
        for record_id, path in self._files().items():
            try:
                records.append(self._record(record_id, path))
            except AppError as err:
                broken.append(f"{path.name} is left out: {err.message}")
        records.sort(key=lambda record: record.name.casefold())
        return {record.id: record for record in records}, tuple(broken)

    def find(self, record_id: str) -> Record | None:
        """Return one record; None if there is none of that id, or its file is broken."""
        path = self._files().get(record_id)
        try:
            return None if path is None else self._record(record_id, path)
        except AppError:
            return None

    def write(self, record: Record) -> None:
        """Replace a record's file as a whole. Raises: UnsupportedInputError, ResourceError, DiskFullError."""
        files = self._files()
        path = files.get(record.id) or self._folder / f"{record.id}.{self._kind.kind}{SUFFIX}"
        with _writing:
            if record.id not in files and len(files) >= MAX_RECORDS:
                raise UnsupportedInputError(
                    f"There are {MAX_RECORDS} {self._kind.kind}s already.", "Delete one first."
                )
            fresh = path.with_suffix(f".{os.getpid()}.new")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with fresh.open("w", encoding="utf-8") as file:
                    file.write(as_text(record))
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(path)
            except OSError as err:
                with suppress(OSError):
                    fresh.unlink(missing_ok=True)
                raise self._sentence(err) from err

    def delete(self, record_id: str) -> bool:
        """Put a record aside for an hour; False if there is none of that id. Raises: ResourceError."""
        path = self._files().get(record_id)
        if path is None:
            return False
        try:
            self._purge()
            os.utime(path)
            path.replace(path.with_name(path.name + DELETED))
        except FileNotFoundError:
            return False
        except OSError as err:
            raise self._sentence(err) from err
        return True

    def restore(self, record_id: str) -> bool:
        """Bring a deleted record back; False if it is gone, or another has its id by now."""
        path = self._files(DELETED).get(record_id)
        if path is None or record_id in self._files():
            return False
        try:
            path.replace(path.with_name(path.name.removesuffix(DELETED)))
        except FileNotFoundError:
            return False
        except OSError as err:
            raise self._sentence(err) from err
        return True

    def _files(self, ending: str = "") -> dict[str, Path]:
        """Return the files by id: `coder.yaml`, or `coder.persona.yaml` as one is given away."""
        suffix = f"{SUFFIX}{ending}"
        return {
            path.name.removesuffix(suffix).removesuffix(f".{self._kind.kind}"): path
            for path in sorted(self._folder.glob(f"*{suffix}"))
        }

    def _record(self, record_id: str, path: Path) -> Record:
        """Raises: UnsupportedInputError."""
        return self._load(path).model_copy(update={"id": record_id, "origin": self._origin})

    def _load(self, path: Path) -> Record:
        try:
            return read_record(read_text(path), self._kind)
        except ConfigError as err:
            raise UnsupportedInputError(f"{err}.") from err

    def _purge(self) -> None:
        limit = time.time() - KEPT_AFTER_DELETION_S
        for path in self._folder.glob(f"*{DELETED}"):
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)

    def _sentence(self, err: OSError) -> AppError:
        what = f"The {self._kind.kind} cannot be kept"
        if err.errno in (errno.ENOSPC, errno.EDQUOT):
            return DiskFullError(f"{what}: no room is left on the disk.", "Free some space.")
        return ResourceError(f"{what}: {err.strerror or err}.")
