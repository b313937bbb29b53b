"""What a speech engine must do, and nothing else: one file per library implements it.

Its record goes into `specs.py`.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from workers.engines.contract import CancelToken, Engine


class TtsEngine(Engine, Protocol):
    """Turns one short piece of plain text into sound.

    The shared `TtsWorker` has already cut the text, spelled it out and checked voice and speed.
    """

    sample_rate: int = 0
    """Hertz; known after `load`."""
    voices: tuple[str, ...] = ()
    """Known after `load`; the first is the default. A model that only clones has none."""

    def language_of(self, voice: str) -> str:
        """Return the ISO 639-1 code of what the voice speaks: numbers are spelled out in it."""
        ...

    def speak(self, text: str, voice: str, speed: float, cancel: CancelToken) -> bytes:
        """Return the PCM (16-bit, mono) of one piece; whatever is ready once `cancel` is set.

        `speed` is in [0.5, 2]. May be called from several threads. Text that this engine has no
        sound for gives no bytes. Raises: GenerationError.
        """
        ...


@runtime_checkable
class CloningEngine(TtsEngine, Protocol):
    """A speech engine that can take on the voice of a recording."""

    can_clone: bool = False
    """Known after `load`."""

    def learn(self, pcm: bytes, sample_rate: int) -> str:
        """Return the name under which `speak` knows the voice of a recording (16-bit, mono).

        The name is no secret and none of `voices`; only the last few are remembered. Raises:
        GenerationError.
        """
        ...
