"""A recogniser that writes down how long and how loud it was: see `workers.engines.common.fake`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from workers.engines.common.fake import Fake, rest
from workers.engines.contract import CancelToken
from workers.messages import Word
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import SAMPLE_RATE_HZ, Hints, Segment, SttEngine

if TYPE_CHECKING:
    from .engine import Pcm


class FakeSttEngine(SttEngine):
    """See `SttEngine`. Silence is left out before, as for every engine."""

    languages = ("en", "de")
    can_translate = True

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        self._fake = Fake(settings, report)

    def detect_language(self, pcm: Pcm, cancel: CancelToken) -> tuple[str, float]:
        """See `SttEngine`."""
        return self.languages[0], 1.0

    def transcribe(self, pcm: Pcm, hints: Hints, cancel: CancelToken) -> Iterator[Segment]:
        """See `SttEngine`."""
        text = self._fake.obey(hints.initial_prompt or "")
        seconds = len(pcm) / SAMPLE_RATE_HZ
        loudness = round(100 * float(abs(pcm).max(initial=0.0)))
        if not text or text.startswith("!"):
            text = f"{seconds:.1f} seconds of sound, {loudness} percent loud."
        rest(self._fake.pace(text) * len(text.split()), cancel)
        if not cancel.is_cancelled:
            words = tuple(_words(text, seconds)) if hints.word_timestamps else ()
            yield Segment(start_s=0.0, end_s=seconds, text=text, words=words)

    def close(self) -> None:
        """See `Engine.close`."""
        del self._fake


def _words(text: str, seconds: float) -> Iterator[Word]:
    """The words, each as long as the others."""
    words = text.split()
    step = seconds / len(words)
    for number, word in enumerate(words):
        yield Word(start_s=number * step, end_s=(number + 1) * step, text=word, probability=1.0)
