"""Answers Transcribe with any engine: checks, decodes, cuts into windows, reports.

Knows requests and events, not the recogniser.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from workers.engines.contract import CancelToken
from workers.messages import Event, Loading, Ready, Request, Transcribe
from workers.messages.errors import UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.weights import verified_folder

from .decode import open_recording
from .engine import SttEngine
from .silero import SileroVad
from .transcription_session import TranscriptionSession

DEFAULT_MAX_AUDIO_S = 4 * 3600.0


class SttWorker:
    """The speech-in worker around one engine."""

    def __init__(self, engine: SttEngine) -> None:
        self._engine = engine
        self._find_speech: SileroVad | None = None
        self._name = ""
        self._max_audio_s = DEFAULT_MAX_AUDIO_S

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        """See `Worker.load`."""
        began = time.monotonic()
        self._name = settings.card.name
        self._max_audio_s = settings.limits.get("max_audio_s", DEFAULT_MAX_AUDIO_S)
        folder = verified_folder(settings.card, settings.data_dir, report)
        report(Loading(what=f"loading {settings.card.name}"))
        self._engine.load(folder, settings, report)
        self._find_speech = SileroVad()
        extra = {"translate"} if self._engine.can_translate else set()
        return Ready(
            slots=self._engine.slots,
            device=self._engine.device,
            capabilities=self._engine.capabilities | {*self._engine.languages, *extra},
            lacks=_lacks(self._engine),
            load_s=time.monotonic() - began,
        )

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        """See `Worker.handle`."""
        if not isinstance(request, Transcribe):
            raise UnsupportedInputError(f"Speech in cannot answer {type(request).__name__}.")
        if self._find_speech is None:
            raise UnsupportedInputError("Speech in was asked before its model was loaded.")
        self._check_language(request)
        self._check_wishes(request)
        with open_recording(request.audio, self._max_audio_s) as recording:
            yield from TranscriptionSession(
                self._engine, self._find_speech, request, recording, cancel
            ).events()

    def close(self) -> None:
        """See `Worker.close`."""
        self._find_speech = None
        self._engine.close()

    def _check_language(self, request: Transcribe) -> None:
        known = self._engine.languages
        if request.translate and not self._engine.can_translate:
            raise UnsupportedInputError(
                f"{self._name} cannot translate: it writes down {_listed(known)} only.",
                "Switch translation off, or choose a multilingual model.",
            )
        if request.language is None and self._engine.needs_language and len(known) != 1:
            raise UnsupportedInputError(
                f"{self._name} cannot find out which language is spoken.",
                f"Say which it is; it knows {_listed(known)}." if known else "Say which it is.",
            )
        if request.language is not None and known and request.language not in known:
            raise UnsupportedInputError(
                f"{self._name} does not know the language {request.language!r}; "
                f"it knows {_listed(known)}.",
                "Choose one of these, or a multilingual model.",
            )

    def _check_wishes(self, request: Transcribe) -> None:
        """Nothing that was asked for is left out without a word."""
        if (request.initial_prompt or request.hotwords) and not self._engine.takes_prompt:
            raise UnsupportedInputError(
                f"{self._name} takes no context and no words to listen for: it hears only the sound.",
                "Leave both out, or choose a Whisper model.",
            )
        if request.word_timestamps and not self._engine.has_word_times:
            raise UnsupportedInputError(
                f"{self._name} gives no times of single words.",
                "Ask for the times of sentences, or choose another model.",
            )


def _lacks(engine: SttEngine) -> frozenset[str]:
    """Return what it cannot do, in the words of `workers.specs.hearing`."""
    known = {
        "prompt": engine.takes_prompt,
        "word_times": engine.has_word_times,
        "detection": not engine.needs_language,
    }
    return frozenset(name for name, has_it in known.items() if not has_it)


def _listed(codes: tuple[str, ...]) -> str:
    if not codes:
        return "what is spoken"
    if len(codes) == 1:
        return {"en": "English"}.get(codes[0], codes[0])
    return (
        f"{len(codes)} languages ({', '.join(codes[:8])}…)" if len(codes) > 8 else ", ".join(codes)
    )
