"""All records of one kind that one owner sees, and every change of his own."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Generic

from workers.messages.errors import NotFoundError, UnsupportedInputError

from .folder import RecordFolder
from .names import free_name, id_from
from .portable import Record, read_record
from .records import KeptRecord

WHERE = {
    "shipped": "comes with Quintet",
    "machine": "is kept for everybody on this machine",
}
MAX_NAME = 80
FIRST = ("plain", "own", "precise", "balanced", "creative")
"""Ids that lists begin with."""


class KeptRecords(Generic[Record]):
    """Those that come with Quintet, those of the machine, and one owner's own, the only ones he may change.

    Of equal ids, the one that is nearest to him counts. All raise ResourceError and DiskFullError.
    """

    def __init__(
        self,
        kind: type[Record],
        folders: Sequence[RecordFolder[Record]],
        own: RecordFolder[Record],
    ) -> None:
        """`folders` are all that are read, the owner's last."""
        self._kind = kind
        self._folders = folders
        self._own = own

    def all(self) -> tuple[Record, ...]:
        """Return what can be chosen: first what comes with Quintet, then by origin and name."""
        return tuple(sorted(self._by_id().values(), key=_place))

    @property
    def left_out(self) -> tuple[str, ...]:
        """A sentence for each file that cannot be read."""
        return tuple(sentence for folder in self._folders for sentence in folder.read()[1])

    def find(self, record_id: str) -> Record | None:
        """Return one by its id, or None."""
        found = (folder.find(record_id) for folder in reversed(self._folders))
        return next((record for record in found if record is not None), None)

    def get(self, record_id: str) -> Record:
        """Return one by its id, or by its name in any case. Raises: NotFoundError naming what there is."""
        known = self._by_id()
        if record_id in known:
            return known[record_id]
        by_name = {record.name.casefold(): record for record in known.values()}
        found = by_name.get(record_id.strip().casefold())
        if found is None:
            near = get_close_matches(record_id, known, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise NotFoundError(
                f"There is no {self._kind.kind} {record_id!r}.",
                f"{hint}There are: {', '.join(known)}.",
            )
        return found

    def save(self, record: Record) -> Record:
        """Keep a record, as a new one if it has no id; returns it as it is kept.

        Raises: UnsupportedInputError for one that is not this owner's, or whose name another has.
        """
        if not record.id:
            return self._add(record)
        kept = self.get(record.id)
        self._check_own(kept)
        others = [one.name.casefold() for one in self.all() if one.id != record.id]
        if record.name.casefold() in others:
            raise UnsupportedInputError(
                f"There is a {self._kind.kind} {record.name} already.", "Give it another name."
            )
        changed = record.model_copy(update={"origin": kept.origin})
        self._own.write(changed)
        return changed

    def copy(self, record_id: str) -> Record:
        """Keep a copy of any record as an own one. Raises: NotFoundError."""
        return self._add(self.get(record_id))

    def take_in(self, data: str | bytes) -> Record:
        """Keep a record from a file as a new own one. Raises: UnsupportedInputError."""
        return self._add(read_record(data, self._kind))

    def delete(self, record_id: str) -> Record:
        """Take an own record out of the list; `restore` brings it back within the hour.

        Raises: NotFoundError; UnsupportedInputError for one that is not this owner's.
        """
        record = self.get(record_id)
        self._check_own(record)
        self._own.delete(record.id)
        return record

    def restore(self, record_id: str) -> Record:
        """Bring a deleted record back. Raises: NotFoundError if it is gone for good."""
        if not self._own.restore(record_id):
            raise NotFoundError(f"The {self._kind.kind} {record_id!r} cannot be brought back.")
        return self.get(record_id)

    def _add(self, record: Record) -> Record:
        known = self._by_id()
        names = {one.name for one in known.values()}
        # room for the number that a second one of a name gets
        name = (
            free_name(record.name[: MAX_NAME - 4], names) if record.name in names else record.name
        )
        new_id = id_from(name, known, self._kind.kind)
        self._own.write(record.model_copy(update={"id": new_id, "name": name}))
        return self.get(new_id)

    def _check_own(self, record: Record) -> None:
        own, _ = self._own.read()
        if record.id not in own:
            raise UnsupportedInputError(
                f"The {self._kind.kind} {record.name} {WHERE[record.origin]} and stays as it is.",
                "Copy it, and change the copy.",
            )

    def _by_id(self) -> dict[str, Record]:
        return {
            record_id: record
            for folder in self._folders
            for record_id, record in folder.read()[0].items()
        }


def _place(record: KeptRecord) -> int:
    return FIRST.index(record.id) if record.id in FIRST else len(FIRST)
