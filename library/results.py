"""What the library answers: one frozen class per verb, made by folding a request's events."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

from workers.flows.documents import Cited
from workers.flows.doubts import doubts_of
from workers.flows.turns.events import Noted, Rewritten
from workers.flows.turns.reporting import report_of
from workers.media import audio
from workers.media.subtitles import plain_text, to_subtitles
from workers.messages import (
    AudioDelta,
    AudioInfo,
    DocumentIndexed,
    Embedded,
    Event,
    Finished,
    FinishReason,
    Passage,
    PictureRead,
    Retrieved,
    SegmentDelta,
    TextDelta,
    TextLine,
    ToolCall,
    ToolCallDelta,
    Usage,
)

from .answers import Answer, FileAnswer

Events = tuple[Event, ...]
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatResult:
    """The answer of a text model."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    finish_reason: FinishReason
    usage: Usage
    notes: tuple[str, ...] = ()
    """A sentence for each thing that its persona did without, and on how tools were called."""
    flow: Mapping[str, Any] = field(default_factory=dict)
    """What a flow has done: `flow`, `steps`, `answers`, `saved`, `note` …; empty where none was asked for."""
    calls: tuple[Mapping[str, Any], ...] = ()
    """Tools of this machine that were called, with arguments, state, result, seconds and note."""

    def parsed(self) -> Any:
        """Return the text read as JSON, for an answer that was bound to a schema."""
        return json.loads(self.text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said in a recording."""

    segments: tuple[SegmentDelta, ...]
    language: str
    """ISO 639-1 code."""
    duration_s: float

    @property
    def text(self) -> str:
        """All segments as one paragraph."""
        return plain_text(self.segments)

    def to_srt(self) -> str:
        """Return the content of a SubRip file."""
        return to_subtitles(self.segments, "srt")

    def to_vtt(self) -> str:
        """Return the content of a WebVTT file."""
        return to_subtitles(self.segments, "vtt")

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A spoken text."""

    pcm: bytes
    """Signed 16-bit little-endian samples, mono."""
    sample_rate: int
    """Hertz."""
    sentences: tuple[AudioDelta, ...]
    """The same, sentence by sentence, with captions and where each begins."""

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return audio.duration_s(self.pcm, self.sample_rate)

    def wav(self) -> bytes:
        """Return the content of a WAV file."""
        return audio.pcm_to_wav(self.pcm, self.sample_rate)

    def encode(self, fmt: str) -> bytes:
        """Return a file's content: wav, flac, mp3, opus, aac, pcm. Raises: UnsupportedInputError."""
        return audio.encode(self.pcm, self.sample_rate, fmt)

    def save(self, path: str | Path) -> Path:
        """Write a file of the format that its ending names. Raises: UnsupportedInputError."""
        target = Path(path).expanduser()
        target.write_bytes(self.encode(target.suffix.removeprefix(".").lower()))
        return target


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What was seen in pictures."""

    text: str
    """The answer; without a question, the text that was read."""
    pictures: tuple[PictureRead, ...]
    usage: Usage

    @property
    def lines(self) -> tuple[TextLine, ...]:
        """All lines of text, with their places, in reading order."""
        return tuple(line for picture in self.pictures for line in picture.lines)

    def __str__(self) -> str:
        return self.text


def _all(events: Iterable[Event], kind: type[E]) -> tuple[E, ...]:
    return tuple(event for event in events if isinstance(event, kind))


def _end(events: Events) -> Finished:
    return cast(Finished, events[-1])


def _text(events: Events) -> str:
    return "".join(event.text for event in _all(events, TextDelta))


def _said(events: Events) -> str:
    """Return the words of an answer that may have been rewritten on the way."""
    text = ""
    for event in events:
        if isinstance(event, Rewritten):
            text = event.text
        elif isinstance(event, TextDelta):
            text += event.text
    return text


def calls_in(events: Iterable[Event]) -> tuple[ToolCall, ...]:
    """Put the pieces of tool calls together."""
    pieces: dict[int, list[ToolCallDelta]] = {}
    for event in _all(events, ToolCallDelta):
        pieces.setdefault(event.index, []).append(event)
    return tuple(
        ToolCall(
            call_id="".join(piece.call_id for piece in own),
            name="".join(piece.name for piece in own),
            arguments="".join(piece.arguments for piece in own),
        )
        for _, own in sorted(pieces.items())
    )


def chat_result(events: Events, notes: tuple[str, ...] = ()) -> ChatResult:
    """Fold the events of a Generate, of a flow, or of a question whose calls were run here."""
    end = _end(events)
    noted: dict[str, Any] = {}
    for event in _all(events, Noted):
        noted |= event.details
    said = (noted["calls_note"],) if "calls_note" in noted else ()
    return ChatResult(
        text=_said(events),
        flow=report_of(noted) if "flow" in noted else {},
        tool_calls=calls_in(events),
        calls=tuple(noted.get("calls", ())),
        notes=(*notes, *said),
        finish_reason=end.reason,
        usage=end.usage,
    )


def transcript(events: Events) -> Transcript:
    """Fold the events of a Transcribe."""
    info = _all(events, AudioInfo)
    return Transcript(
        segments=_all(events, SegmentDelta),
        language=info[0].language if info else "",
        duration_s=info[0].duration_s if info else 0.0,
    )


def speech(events: Events) -> Speech:
    """Fold the events of a Synthesize."""
    sentences = _all(events, AudioDelta)
    return Speech(
        pcm=b"".join(sentence.pcm for sentence in sentences),
        sample_rate=sentences[0].sample_rate if sentences else 0,
        sentences=sentences,
    )


def description(events: Events) -> Description:
    """Fold the events of a Describe, or of a question about pictures."""
    pictures = _all(events, PictureRead)
    read = "\n".join(line.text for picture in pictures for line in picture.lines)
    return Description(text=_text(events) or read, pictures=pictures, usage=_end(events).usage)


def vectors(events: Events) -> list[list[float]]:
    """Fold the events of an Embed: one list of floats per text, each of length 1."""
    (embedded,) = _all(events, Embedded)
    return [list(row) for row in struct.iter_unpack(f"<{embedded.dim}f", embedded.vectors)]


def indexed(events: Events) -> tuple[DocumentIndexed, ...]:
    """Fold the events of an Ingest: what became of each file."""
    return _all(events, DocumentIndexed)


def passages(events: Events) -> tuple[Passage, ...]:
    """Fold the events of a Retrieve."""
    return tuple(passage for event in _all(events, Retrieved) for passage in event.passages)


def answer(events: Events) -> Answer:
    """Fold the events of a question to documents."""
    found = passages(events)
    marked = _all(events, Cited)
    numbers = marked[-1].numbers if marked else ()
    last = marked[-1] if marked else None
    return Answer(
        text=marked[-1].text if marked else _text(events),
        passages=found,
        citations=tuple(found[number - 1] for number in numbers),
        usage=_end(events).usage,
        unsupported=last.unsupported if last else (),
        strays=last.strays if last else (),
        doubts=last.doubts if last else (),
        is_quoted=last is not None and last.is_quoted,
    )


def file_answer(events: Events) -> FileAnswer:
    """Fold the events of a question about files."""
    noted = {name: value for event in _all(events, Noted) for name, value in event.details.items()}
    rewritten = _all(events, Rewritten)
    sources = tuple(noted.get("sources", ()))
    return FileAnswer(
        text=rewritten[-1].text if rewritten else _text(events),
        files=tuple(noted.get("files", ())),
        sources=sources,
        citations=tuple(sources[number - 1] for number in noted.get("cited", ())),
        usage=_end(events).usage,
        unsupported=tuple(noted.get("unsupported", ())),
        strays=tuple(noted.get("strays", ())),
        doubts=doubts_of(
            unsupported=noted.get("unsupported", ()),
            strays=noted.get("strays", ()),
            num_moved=noted.get("num_moved", 0),
        ),
    )
