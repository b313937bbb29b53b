"""A voice that hums: one tone for each word, higher for longer ones. See `workers.engines.common.fake`."""

from __future__ import annotations

from pathlib import Path

from workers.engines.common.fake import Fake, rest
from workers.engines.contract import CancelToken
from workers.media.audio import float_to_pcm
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import TtsEngine

LETTER_S = 0.05
"""How long a letter of a word lasts at normal speed."""
BASE_HZ = {"high": 330.0, "low": 165.0}
STEP_HZ = 20.0
LOUDNESS = 0.3


class FakeTtsEngine(TtsEngine):
    """See `TtsEngine`."""

    sample_rate = 16_000
    voices = tuple(BASE_HZ)

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        self._fake, self.slots = Fake(settings, report), settings.slots
        self._language = settings.card.languages[0]

    def language_of(self, voice: str) -> str:
        """See `TtsEngine`."""
        return self._language

    def speak(self, text: str, voice: str, speed: float, cancel: CancelToken) -> bytes:
        """See `TtsEngine`."""
        import numpy as np

        text = self._fake.obey(text)
        words = text.split()
        rest(self._fake.pace(text) * len(words), cancel)
        pieces = [np.zeros(0)]
        for word in words:
            times = np.arange(int(self.sample_rate * LETTER_S * len(word) / speed))
            pitch = (BASE_HZ[voice] + STEP_HZ * len(word)) / self.sample_rate
            pieces.append(LOUDNESS * np.sin(2 * np.pi * pitch * times))
        return b"" if cancel.is_cancelled else float_to_pcm(np.concatenate(pieces))

    def close(self) -> None:
        """See `Engine.close`."""
        del self._fake
