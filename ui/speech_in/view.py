"""What the page shows of a recording on its way to text. Pure: no gradio; everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape
from pathlib import PurePath
from typing import Any, Literal

from ui.core.render import clock, note_html
from workers.messages import AudioInfo, Event, Finished, Progress, SegmentDelta, Word

LANGUAGE_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en": "English", "es": "Spanish", "et": "Estonian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian",
    "mt": "Maltese", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sv": "Swedish",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
"""ISO 639-1 code → name, for the languages asked for most; others are shown by their code."""

PLAYABLE = frozenset(
    (
        ".aac",
        ".flac",
        ".m4a",
        ".m4b",
        ".mp3",
        ".mp4",
        ".oga",
        ".ogg",
        ".opus",
        ".wav",
        ".weba",
        ".webm",
    )
)

UNSURE_LOGPROB = -0.6
"""Mean over a recording's tokens below which most words are guesses.

Measured with Whisper tiny.en: spoken English had -0.23 to -0.34, German, French, Spanish and Polish, which
it writes down as fluent English that nobody said, -0.71 to -1.09.
"""
UNSURE_LANGUAGE = 0.5
"""Probability of the language found below which another is as likely."""

UNSURE_WORD = 0.5
"""Probability of a word below which another is as likely: it is marked."""

State = Literal["waiting", "working", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTranscript:
    """One recording and what is known of it so far."""

    name: str
    path: str
    state: State = "waiting"
    segments: tuple[SegmentDelta, ...] = ()
    language: str = ""
    language_probability: float = 1.0
    only_language: str = ""
    """The one language that the model knows; "" if it knows several."""
    duration_s: float = 0.0
    heard_s: float = 0.0
    error_html: str = ""
    """Why it failed, ready to show."""
    receipt_html: str = ""
    """What it cost, ready to show."""

    @property
    def is_playable(self) -> bool:
        """Whether a browser can play it; for anything else Gradio would convert the whole file."""
        return self.state != "failed" and PurePath(self.path).suffix.lower() in PLAYABLE

    @property
    def is_unsure(self) -> bool:
        """Whether the recogniser guessed most of it, as it says itself."""
        found = [(one.end_s - one.start_s, one.decoding) for one in self.segments]
        known = [(length, decoding.avg_logprob) for length, decoding in found if decoding]
        heard_s = sum(length for length, _ in known)
        return heard_s > 0 and sum(n * value for n, value in known) / heard_s < UNSURE_LOGPROB


def advanced(transcript: FileTranscript, events: Iterable[Event]) -> FileTranscript:
    """Return the transcript after some more events of its request."""
    segments = list(transcript.segments)
    changes: dict[str, Any] = {"state": "working"}
    for event in events:
        if isinstance(event, SegmentDelta):
            segments.append(event)
        elif isinstance(event, AudioInfo):
            changes |= {
                "language": event.language,
                "language_probability": event.language_probability,
                "duration_s": event.duration_s,
            }
        elif isinstance(event, Progress):
            changes |= {"heard_s": event.done, "duration_s": event.total}
        elif isinstance(event, Finished):
            is_cancelled = event.reason == "cancelled"
            changes["state"] = "stopped" if is_cancelled else "done"
            if event.usage.audio_s:
                changes["duration_s"] = event.usage.audio_s
    return replace(transcript, segments=tuple(segments), **changes)


def stopped(transcript: FileTranscript) -> FileTranscript:
    """Return the transcript as Stop leaves it: what was heard stays."""
    is_over = transcript.state in ("done", "failed", "stopped")
    return transcript if is_over else replace(transcript, state="stopped")


def segments_html(segments: Sequence[SegmentDelta], *, with_words: bool = False) -> str:
    """List items for the transcript. More segments only append, so the page is sent little.

    `with_words`: each word can be clicked. Hours have ten thousands of them, too many for the browser while
    the list still grows; until then only the uncertain ones are parts of their own.
    """
    return "".join(_segment_html(segment, with_words) for segment in segments)


def progress_html(transcript: FileTranscript, place: str = "") -> str:
    """A bar over the recording's length; `place` says which of several files it is."""
    total_s = max(transcript.duration_s, transcript.heard_s)
    share = transcript.heard_s / total_s if total_s else 0.0
    label = f"{place}{transcript.name}: {clock(transcript.heard_s)} of {clock(total_s)}"
    return (
        '<div class="q-line q-progress" role="status">'
        f'<progress max="1" value="{share:.3f}" aria-label="{escape(label)}"></progress>'
        f"<span>{escape(label)}</span></div>"
    )


def summary_html(transcript: FileTranscript) -> str:
    """One line for a recording at rest: what was found, or why not."""
    if transcript.state == "failed":
        return transcript.error_html
    if transcript.state == "waiting":
        return note_html(f"{transcript.name} was not transcribed.")
    if transcript.state == "stopped":
        return note_html(f"Stopped at {clock(transcript.heard_s)} of {_length(transcript)}.")
    if not transcript.segments:
        return note_html(f"No speech was found in {_length(transcript)}.")
    words = sum(len(segment.text.split()) for segment in transcript.segments)
    # some models do not say which language they heard, and one that knows only one takes all for that
    is_known = not (transcript.is_unsure and transcript.only_language)
    language = language_name(transcript.language) if is_known else ""
    of = f" of {language}" if language else ""
    said = f"{_counted(words, 'word')}{of} in {_length(transcript)}."
    return note_html(said)


def foot_html(transcript: FileTranscript) -> str:
    """Below the words: how many, what the marks mean, what it took; "" where there are none."""
    if not transcript.segments or transcript.state == "failed":
        return ""
    what = "word" if any(segment.words for segment in transcript.segments) else "line"
    is_marked = any(map(_is_unsure, transcript.segments))
    hints = [
        '<u class="q-stt-unsure">Wavy</u> words are uncertain' if is_marked else "",
        f"click a {what} to hear it" if transcript.is_playable else "",
    ]
    hint = "; ".join(filter(None, hints))
    shown = f"<span>{hint[:1].upper()}{hint[1:]}</span>" if hint else ""
    return (
        f'<div class="q-stt-foot">{summary_html(transcript)}{shown}{transcript.receipt_html}</div>'
    )


def caution_of(transcript: FileTranscript) -> str:
    """What the reader must know before he believes it; "" if nothing speaks against it."""
    if not transcript.segments:
        return ""
    if transcript.is_unsure and transcript.only_language:
        return (
            f"This may not be {transcript.only_language}. The model knows only "
            f"{transcript.only_language} and was unsure of most words: of another language it writes "
            "fluent sentences that nobody said. Choose a model for more languages above."
        )
    if transcript.is_unsure:
        return "The model was unsure of most words: listen before you rely on them."
    name = language_name(transcript.language)
    if name and transcript.language_probability < UNSURE_LANGUAGE:
        return (
            f"{name} was only {transcript.language_probability:.0%} sure. If it is another language, "
            "choose it above and try again."
        )
    return ""


def choice_label(transcript: FileTranscript) -> str:
    """How the list of recordings names this one and its state."""
    states = {
        "waiting": "waiting",
        "working": f"{clock(transcript.heard_s)} of {_length(transcript)}",
        "done": _length(transcript) if transcript.segments else "no speech",
        "stopped": "stopped",
        "failed": "failed",
    }
    doubt = ", unsure" if transcript.state == "done" and caution_of(transcript) else ""
    return f"{transcript.name} · {states[transcript.state]}{doubt}"


def captions(transcript: FileTranscript) -> list[dict[str, Any]]:
    """Subtitles in the shape that the player takes."""
    return [
        {"text": segment.text, "timestamp": [segment.start_s, segment.end_s]}
        for segment in transcript.segments
    ]


def language_name(code: str) -> str:
    """ISO 639-1 code → name for people, or the code where we have none."""
    return LANGUAGE_NAMES.get(code, code)


def _segment_html(segment: SegmentDelta, with_words: bool) -> str:
    at = clock(segment.start_s)
    return (
        f'<li data-start="{segment.start_s:.2f}" data-end="{segment.end_s:.2f}">'
        f'<button type="button" title="Play from {at}">{at}</button>'
        f"<p>{_words_html(segment, with_words)}</p></li>"
    )


def _words_html(segment: SegmentDelta, with_words: bool) -> str:
    if not segment.words:
        text = escape(segment.text)
        return f'<span class="q-stt-unsure">{text}</span>' if _is_unsure(segment) else text
    return " ".join(_word_html(word, with_words) for word in segment.words)


def _word_html(word: Word, is_own_part: bool) -> str:
    text = escape(word.text)
    is_unsure = word.probability < UNSURE_WORD
    if not (is_own_part or is_unsure):
        return text
    mark = ' class="q-stt-unsure"' if is_unsure else ""
    sure = f"{word.start_s:.2f} s, {word.probability:.0%} sure"
    return f'<span{mark} data-start="{word.start_s:.2f}" title="{sure}">{text}</span>'


def _is_unsure(segment: SegmentDelta) -> bool:
    """Whether anything in it is marked: single words where they are known, else all of it."""
    if segment.words:
        return any(word.probability < UNSURE_WORD for word in segment.words)
    return segment.decoding is not None and segment.decoding.avg_logprob < UNSURE_LOGPROB


def _length(transcript: FileTranscript) -> str:
    """Rounded like a clock, but a second at least: "0:00" would look like an error."""
    return clock(max(round(transcript.duration_s), 1))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
