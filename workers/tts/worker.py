"""The speech worker, the same for every engine: check, cut, spell out, speak, count."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain

from .. import audio
from ..errors import UnknownModelError, UnsupportedInputError
from ..messages import (
    AudioDelta,
    Event,
    Finished,
    Loading,
    Progress,
    Ready,
    Request,
    Synthesize,
    Usage,
)
from ..weights import verified_folder
from ..worker import CancelToken, ReportLoading, WorkerSettings
from .engine import TtsEngine
from .script import Line, write_script

MIN_SPEED, MAX_SPEED = 0.5, 2.0
DEFAULT_MAX_CHARS = 100_000
"""Unless `limits["max_text_chars"]` says otherwise: close to two hours of speech."""


class TtsWorker:
    """Speaks `Synthesize` requests sentence by sentence with one engine."""

    def __init__(self, engine: TtsEngine) -> None:
        self._engine = engine
        self._max_chars = DEFAULT_MAX_CHARS

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        """See `Worker.load`."""
        started = time.monotonic()
        self._max_chars = int(settings.limits.get("max_text_chars", DEFAULT_MAX_CHARS))
        folder = verified_folder(settings.card, settings.data_dir, report)
        report(Loading(what="loading"))
        self._engine.load(folder, settings)
        report(Loading(what="warming up"))
        self.warm_up()
        return Ready(
            slots=settings.slots,
            device="cpu",
            capabilities=frozenset({"speed", "normalize", *settings.card.languages}),
            voices=self._engine.voices,
            load_s=time.monotonic() - started,
        )

    def warm_up(self) -> None:
        """Run once: the first run allocates, and the normaliser compiles its tables."""
        for line in write_script("Ready, 1.", self._engine.language):
            self._engine.speak(line.spoken, self._engine.voices[0], 1.0, CancelToken())

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        """See `Worker.handle`."""
        if not isinstance(request, Synthesize):
            raise UnsupportedInputError(
                f"The speech-out worker cannot answer {type(request).__name__}."
            )
        voice = self._checked_voice(request)
        self._check_length(request.text)
        lines = write_script(request.text, self._engine.language, request.normalize)
        first = next(lines, None)
        if first is None:
            raise UnsupportedInputError(
                "There is nothing to say: the text has no letters or digits.",
                hint="Type at least one word.",
            )
        yield from self._speak(request, voice, chain([first], lines), cancel)

    def close(self) -> None:
        """See `Worker.close`."""
        self._engine.close()

    def _speak(
        self, request: Synthesize, voice: str, lines: Iterator[Line], cancel: CancelToken
    ) -> Iterator[Event]:
        rate = self._engine.sample_rate
        num_bytes = num_chars = 0
        for line in lines:
            pcm = b""
            if not cancel.is_cancelled:
                pcm = self._engine.speak(line.spoken, voice, request.speed, cancel)
            if cancel.is_cancelled:
                break
            pcm += audio.silence(line.pause_s / request.speed, rate)
            yield AudioDelta(
                request_id=request.request_id,
                pcm=pcm,
                sample_rate=rate,
                text=line.caption,
                start_s=num_bytes / audio.PCM_WIDTH / rate,
            )
            num_bytes += len(pcm)
            num_chars += len(line.caption)
            yield Progress(
                request_id=request.request_id,
                done=num_chars,
                total=len(request.text),
                unit="characters",
            )
        yield Finished(
            request_id=request.request_id,
            reason="cancelled" if cancel.is_cancelled else "stop",
            usage=Usage(audio_s=num_bytes / audio.PCM_WIDTH / rate),
        )

    def _checked_voice(self, request: Synthesize) -> str:
        if not MIN_SPEED <= request.speed <= MAX_SPEED:
            raise UnsupportedInputError(
                f"The speed is {request.speed:g}; it must lie between {MIN_SPEED:g} and "
                f"{MAX_SPEED:g}."
            )
        voice = request.voice or self._engine.voices[0]
        if voice not in self._engine.voices:
            raise UnknownModelError(
                f"No voice is called {voice!r}.",
                hint=f"Known voices: {', '.join(self._engine.voices)}.",
            )
        return voice

    def _check_length(self, text: str) -> None:
        if len(text) > self._max_chars:
            raise UnsupportedInputError(
                f"The text has {len(text):,} characters; at most {self._max_chars:,} are spoken "
                "at once.",
                hint="Split it into parts.",
            )
