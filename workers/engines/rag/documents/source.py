"""A file to be read, what it may use up, and what of it could not be read."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from workers.messages.amounts import fine_size_words
from workers.messages.errors import UnsupportedInputError

log = logging.getLogger("quintet.documents")

MAX_NAMED = 20
"""Lost parts that are named one by one; of more, the number is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """How much one file may ask of the worker."""

    max_file_mib: float = 50.0
    max_pages: int = 2000
    """Pages of a PDF, slides, sheets, chapters."""
    max_unpacked: int = 4
    """How many times `max_file_mib` the parts of a file may have together, unpacked."""
    max_parts: int = 10_000
    """Entries of an archive, messages of a mailbox, attachments."""
    max_rows: int = 1_000_000
    """Of one table or sheet: more than Excel has."""
    max_columns: int = 1_000
    max_depth: int = 5
    """Files in files: a mail that is attached to a mail, and what is attached to that."""
    max_read_s: float = 120.0
    """Processor time for reading one file, without cutting and embedding it."""

    @property
    def max_bytes(self) -> int:
        """Of one file."""
        return int(self.max_file_mib * 2**20)


class Reading:
    """What reading one file, with all that it contains, has used up, and what of it is lost."""

    def __init__(
        self, name: str, limits: DocumentLimits, progressed: Callable[[], None] = lambda: None
    ) -> None:
        """`progressed` is called at each step: reading goes on though nothing comes of it yet."""
        self.lost: list[str] = []
        self._name, self._limits, self._progressed = name, limits, progressed
        self._num_lost = 0
        self._used_s = 0.0
        self._since_s: float | None = None
        self._num_bytes = 0
        self._num_parts = 0
        self._is_over = False

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count what is done within; what the thread waits for does not count."""
        self._since_s = time.thread_time()
        try:
            yield
        finally:
            self._used_s += time.thread_time() - self._since_s
            self._since_s = None

    def step(self) -> None:
        """Say that reading goes on. Raises: UnsupportedInputError if it has taken too long."""
        self._progressed()
        running = 0.0 if self._since_s is None else time.thread_time() - self._since_s
        if self._used_s + running > self._limits.max_read_s:
            raise self._too_much(
                f"{self._name} takes longer to read than {self._limits.max_read_s:g} s.",
                hint="Split it into smaller files.",
            )

    def unpack(self, num_bytes: int) -> None:
        """Count what comes out of an archive or a mail. Raises: UnsupportedInputError beyond the bound."""
        self._num_bytes += num_bytes
        most = self._limits.max_unpacked * self._limits.max_bytes
        if self._num_bytes > most:
            raise self._too_much(
                f"{self._name} would unpack to {fine_size_words(self._num_bytes)} or more; at most "
                f"{fine_size_words(most)} are read."
            )

    def count_parts(self, number: int = 1) -> None:
        """Count entries, messages, attachments. Raises: UnsupportedInputError beyond the bound."""
        self._num_parts += number
        if self._num_parts > self._limits.max_parts:
            raise self._too_much(
                f"{self._name} has {self._num_parts:,} parts or more; at most "
                f"{self._limits.max_parts:,} are read.",
                hint="Split it into smaller files.",
            )

    def lose(self, sentence: str) -> None:
        """Note a part that could not be read; the rest is read."""
        self._num_lost += 1
        if self._num_lost <= MAX_NAMED:
            self.lost.append(sentence)
        else:
            self.lost[MAX_NAMED:] = [
                f"{self._num_lost - MAX_NAMED:,} more parts could not be read."
            ]

    @contextmanager
    def losing(self, part: str) -> Iterator[None]:
        """Let what fails within cost only this part; `part` begins a sentence.

        Raises: UnsupportedInputError if the file asks for more than a bound allows: that ends all of it.
        """
        try:
            yield
        except UnsupportedInputError as err:
            if self._is_over:
                raise
            self.lose(f"{part} could not be read: {err.message}")
        except Exception as err:
            log.info("a part of a document is damaged", exc_info=err)
            self.lose(f"{part} could not be read: it is damaged.")

    def _too_much(self, message: str, hint: str = "") -> UnsupportedInputError:
        self._is_over = True
        return UnsupportedInputError(message, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file, or a file in a file."""

    name: str
    data: bytes = field(repr=False)
    limits: DocumentLimits
    reading: Reading
    depth: int = 0
    """How many files it is in."""

    def inner(self, name: str, data: bytes) -> Source:
        """Return a file that is in this one. Raises: UnsupportedInputError if that is too deep."""
        if self.depth >= self.limits.max_depth:
            raise UnsupportedInputError(
                f"files in files are read {self.limits.max_depth} deep, no deeper."
            )
        return replace(self, name=name, data=data, depth=self.depth + 1)
