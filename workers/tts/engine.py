"""What a speech engine must do, and nothing else: one file per library implements it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from ..worker import CancelToken, WorkerSettings


class TtsEngine(Protocol):
    """Turns one short piece of plain text into sound.

    The shared `TtsWorker` has already cut the text, spelled it out and checked voice and speed.
    """

    sample_rate: int
    """Hertz; known after `load`."""
    voices: tuple[str, ...]
    """Known after `load`; the first is the default."""
    language: str
    """ISO 639-1 code; known after `load`."""

    def load(self, folder: Path, settings: WorkerSettings) -> None:
        """Bring the voice into memory from the card's folder; heavy imports happen here.

        Raises: EngineNotInstalledError, LoadError.
        """
        ...

    def speak(self, text: str, voice: str, speed: float, cancel: CancelToken) -> bytes:
        """Return the PCM (16-bit, mono) of one piece; whatever is ready once `cancel` is set.

        `speed` is in [0.5, 2]. May be called from several threads. Text that this engine has no
        sound for gives no bytes. Raises: GenerationError.
        """
        ...

    def close(self) -> None:
        """Free what `load` took."""
        ...
