"""Speech recognition on another server, through OpenAI's transcriptions and translations.

Recordings are decoded, cut at pauses and limited here as for any engine; what is sent is one window
of at most half a minute at a time, as WAV.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.remote.connection import (
    RemoteOptions,
    RemoteServer,
    access_to,
    connect,
    options_of,
)
from workers.engines.contract import CancelToken
from workers.media.audio import float_to_pcm, pcm_to_wav
from workers.messages import Decoding, Word
from workers.messages.errors import UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import SAMPLE_RATE_HZ, Hints, Segment, SttEngine
from .languages import NAMES, code_of

if TYPE_CHECKING:
    from .engine import Pcm

DETECT_S = 10
"""How much speech is sent to find out the language: enough for Whisper, a third of a window."""

Answer = dict[str, Any]


class RemoteSttOptions(RemoteOptions):
    """Options of a card for speech-in."""

    timestamps: bool = True
    """False: the server has no verbose_json; each window becomes one segment, without language."""
    translate: bool = True
    """Whether the server has the translations route."""


class RemoteSttEngine(SttEngine):
    """One recognition model of another server. The cores are its own: several recordings at once."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`. Nothing is sent."""
        card = settings.card
        self.options = options_of(card, RemoteSttOptions)
        access = access_to(card, self.options)
        self._client = connect(access, self.options)
        self._remote = RemoteServer(access, self._client)
        self.device, self.slots = access.server.host, self.options.slots
        self.languages = card.languages if "languages" in card.model_fields_set else tuple(NAMES)
        self.can_translate = self.options.translate
        self._has_timestamps = self.options.timestamps

    def detect_language(self, pcm: Pcm, cancel: CancelToken) -> tuple[str, float]:
        """See `SttEngine`; ("", 0) from a server that does not say."""
        if not self._has_timestamps:
            return "", 0.0
        answer = self._ask(pcm[: DETECT_S * SAMPLE_RATE_HZ], Hints(language=""), cancel)
        code = code_of(str(answer.get("language") or ""))
        return code, 1.0 if code else 0.0

    def transcribe(self, pcm: Pcm, hints: Hints, cancel: CancelToken) -> Iterator[Segment]:
        """See `SttEngine`."""
        answer = self._ask(pcm, hints, cancel)
        segments = answer.get("segments")
        if segments:
            yield from _segments(segments, answer.get("words") or [])
        elif text := str(answer.get("text") or "").strip():
            yield Segment(start_s=0.0, end_s=len(pcm) / SAMPLE_RATE_HZ, text=text)

    def close(self) -> None:
        """See `SttEngine`."""
        self._remote.close()

    def _ask(self, pcm: Pcm, hints: Hints, cancel: CancelToken) -> Answer:
        if not self._has_timestamps:
            return self._send(pcm, hints, "json", cancel)
        try:
            return self._send(pcm, hints, "verbose_json", cancel)
        except UnsupportedInputError:
            answer = self._send(pcm, hints, "json", cancel)
            self._has_timestamps = False  # it was the format that the server refused
            return answer

    def _send(self, pcm: Pcm, hints: Hints, form: str, cancel: CancelToken) -> Answer:
        file = ("speech.wav", pcm_to_wav(float_to_pcm(pcm), SAMPLE_RATE_HZ), "audio/wav")
        given: Answer = {"file": file, "model": self._remote.server.model, "response_format": form}
        if prompt := ", ".join(filter(None, (hints.initial_prompt, hints.hotwords))):
            given["prompt"] = prompt
        if hints.language and not hints.translate:
            given["language"] = hints.language
        if hints.word_timestamps and not hints.translate and form == "verbose_json":
            given["timestamp_granularities"] = ["segment", "word"]
        audio = self._client.audio
        create: Any = (audio.translations if hints.translate else audio.transcriptions).create
        answer = self._remote.call(create(**given), cancel)
        return {} if answer is None else answer.model_dump()


def _segments(segments: list[Answer], words: list[Answer]) -> Iterator[Segment]:
    """The words come in one list for all segments; the middle of each says where it belongs."""
    rest = list(words)
    for number, segment in enumerate(segments):
        is_last = number == len(segments) - 1
        end_s = math.inf if is_last else float(segment["end"])
        mine = [word for word in rest if (word["start"] + word["end"]) / 2 <= end_s]
        rest = rest[len(mine) :]
        yield Segment(
            start_s=float(segment["start"]),
            end_s=float(segment["end"]),
            text=str(segment["text"]).strip(),
            words=tuple(_word(word, segment) for word in mine),
            decoding=_decoding(segment),
        )


def _word(word: Answer, segment: Answer) -> Word:
    """A server that gives no probability of a word gives at best the mean of its segment."""
    mean = math.exp(min(0.0, float(segment.get("avg_logprob") or 0.0)))
    return Word(
        start_s=float(word["start"]),
        end_s=float(word["end"]),
        text=str(word["word"]),
        probability=float(word.get("probability") or mean),
    )


def _decoding(segment: Answer) -> Decoding | None:
    names = ("temperature", "avg_logprob", "compression_ratio", "no_speech_prob")
    if any(segment.get(name) is None for name in names):
        return None
    return Decoding(
        token_ids=tuple(segment.get("tokens") or ()),
        window_start_s=0.0,
        **{name: float(segment[name]) for name in names},
    )
