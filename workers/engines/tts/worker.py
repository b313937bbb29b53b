"""The speech worker, the same for every engine: check, cut, spell out, speak, count."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import chain

from workers.engines.contract import CancelToken
from workers.media import audio
from workers.messages import (
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
from workers.messages.consent import check_consent
from workers.messages.errors import UnknownModelError, UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.weights import verified_folder

from .clip import CLIP_RATE_HZ, read_clip
from .engine import CloningEngine, TtsEngine
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
        self._engine.load(folder, settings, report)
        if not settings.card.is_remote:  # it would cost money
            report(Loading(what="warming up"))
            self._warm_up()
        return Ready(
            slots=self._engine.slots,
            device=self._engine.device,
            capabilities=self._engine.capabilities
            | {"speed", "normalize", *self._cloning(), *settings.card.languages},
            voices=self._engine.voices,
            load_s=time.monotonic() - started,
        )

    def _warm_up(self) -> None:
        """Run once: the first run allocates, and the normaliser compiles its tables."""
        for voice in self._engine.voices[:1]:
            for line in write_script("Ready, 1.", self._engine.language_of(voice)):
                self._engine.speak(line.spoken, voice, 1.0, CancelToken())

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        """See `Worker.handle`."""
        if not isinstance(request, Synthesize):
            raise UnsupportedInputError(
                f"The speech-out worker cannot answer {type(request).__name__}."
            )
        self._check_speed(request.speed)
        self._check_length(request.text)
        voice = self._voice_for(request)
        lines = write_script(request.text, self._engine.language_of(voice), request.normalize)
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

    def _cloning(self) -> tuple[str, ...]:
        engine = self._engine
        return ("clones",) if isinstance(engine, CloningEngine) and engine.can_clone else ()

    def _voice_for(self, request: Synthesize) -> str:
        """Return the voice that was named, or the one that the clip has."""
        engine = self._engine
        if request.voice_clip is None:
            return self._checked_voice(request.voice)
        if not (isinstance(engine, CloningEngine) and engine.can_clone):
            raise UnsupportedInputError(
                "The model that speaks here cannot take on the voice of a recording.",
                hint="Choose a model that clones voices, such as xtts-2, or leave the clip out.",
            )
        check_consent(request)
        return engine.learn(read_clip(request.voice_clip), CLIP_RATE_HZ)

    def _checked_voice(self, name: str | None) -> str:
        known = self._engine.voices
        if not known:
            raise UnsupportedInputError(
                "This model has no voice of its own.",
                hint="Send a clip of 3 to 30 s whose voice it shall take on.",
            )
        voice = name or known[0]
        if voice not in known:
            raise UnknownModelError(
                f"No voice is called {voice!r}.", hint=f"Known voices: {', '.join(known)}."
            )
        return voice

    def _check_speed(self, speed: float) -> None:
        if not MIN_SPEED <= speed <= MAX_SPEED:
            raise UnsupportedInputError(
                f"The speed is {speed:g}; it must lie between {MIN_SPEED:g} and {MAX_SPEED:g}."
            )

    def _check_length(self, text: str) -> None:
        if len(text) > self._max_chars:
            raise UnsupportedInputError(
                f"The text has {len(text):,} characters; at most {self._max_chars:,} are spoken "
                "at once.",
                hint="Split it into parts.",
            )
