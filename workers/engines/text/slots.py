"""Which slot's KV cache a conversation continues, so that no chat pushes out another's.

llama.cpp would take the first slot that shares a tenth of the new prompt; a common system prompt is
enough for that, and a one-line question then overwrites a long chat.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workers.engines.common.pictures.gguf_pictures import Scaled
from workers.messages import Complete, Generate

ANY_SLOT = -1
"""More conversations than slots: the server makes the surplus wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSlot:
    """A slot while one conversation occupies it."""

    number: int
    """`ANY_SLOT`: the server chooses."""
    is_repeatable: bool = False
    """Whether its KV cache holds what would be there again if all were read as it was the first time.

    The last bits of what is computed depend on what shares a batch: what another request has left,
    though the words are the same, may lead to other answers of a seed.
    """


@dataclass(slots=True)
class _Slot:
    transcript: str = ""
    """What its KV cache holds, as text."""
    read: str = ""
    """The prompt that was read last, by a request with a seed; "": by one without."""
    is_busy: bool = False
    last_used: int = 0


class SlotBoard:
    """Remembers what each slot holds and hands the slots out; safe to call from several threads."""

    def __init__(self, num_slots: int) -> None:
        self._slots = [_Slot() for _ in range(num_slots)]
        self._lock = threading.Lock()
        self._clock = itertools.count(1)

    @contextmanager
    def hold(self, transcript: str, *, has_seed: bool = False) -> Iterator[HeldSlot]:
        """Occupy the slot that this conversation continues, or the one idle for longest.

        `has_seed`: rather the one that the same prompt was read into than one that another may go on in.
        """
        with self._lock:
            number = self._choose(transcript, has_seed=has_seed)
            is_repeatable = number != ANY_SLOT and self._is_repeatable(number, transcript)
            if number != ANY_SLOT:
                self._slots[number] = _Slot(transcript, is_busy=True, last_used=next(self._clock))
        try:
            yield HeldSlot(number=number, is_repeatable=is_repeatable)
        finally:
            if number != ANY_SLOT:
                self._slots[number].is_busy = False

    def add_answer(self, number: int, text: str) -> None:
        """Note what the assistant has said in a slot that is held."""
        if number != ANY_SLOT:
            self._slots[number].transcript += text

    def note_read(self, number: int) -> None:
        """Note that a request with a seed has read its whole prompt into a slot that is held."""
        self._slots[number].read = self._slots[number].transcript

    def _is_repeatable(self, number: int, transcript: str) -> bool:
        slot = self._slots[number]
        goes_on = transcript.startswith(slot.transcript)
        return bool(slot.read) and (goes_on or transcript == slot.read)

    def _choose(self, transcript: str, *, has_seed: bool) -> int:
        free = [number for number, slot in enumerate(self._slots) if not slot.is_busy]
        if not free:
            return ANY_SLOT
        same = [number for number in free if self._slots[number].read == transcript]
        if has_seed and same:
            return same[0]
        shared = {number: self._shared(number, transcript) for number in free}
        best = max(free, key=shared.__getitem__)
        # Continuing costs the slot at most half of what it holds: the rest is another chat's.
        if shared[best] and 2 * shared[best] >= len(self._slots[best].transcript):
            return best
        return min(free, key=lambda number: self._slots[number].last_used)

    def _shared(self, number: int, transcript: str) -> int:
        texts = [self._slots[number].transcript, transcript]
        return len(os.path.commonprefix(texts))  # noqa: RUF071 — character by character is meant


def transcript_of(request: Generate | Complete) -> str:
    """Return what a slot would have to hold to go on from here, as one text."""
    if isinstance(request, Complete):
        return request.prompt
    # The separators keep a role apart from a text that names it.
    tools = "".join(f"\x1d{tool.name}" for tool in request.tools)
    turns = "".join(f"\x1e{message.role}\x1f{message.text}" for message in request.messages)
    return f"{tools}{turns}\x1eassistant\x1f"


def transcript_with(question: Generate, scaled: Iterable[Scaled]) -> str:
    """Return the same of a question about pictures, as each picture's pixels are told from others'."""
    seen = "".join("\x1c" + hashlib.sha256(one.image.tobytes()).hexdigest() for one in scaled)
    return seen + transcript_of(question)
