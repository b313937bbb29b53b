"""From recognised segments to files: srt, vtt, txt, json. Pure; the page and the API both use it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from typing import Literal, get_args

import pysubs2

from workers.messages import SegmentDelta

SubtitleFormat = Literal["srt", "vtt", "txt", "json"]
SUBTITLE_FORMATS: tuple[SubtitleFormat, ...] = get_args(SubtitleFormat)


def to_subtitles(
    segments: Sequence[SegmentDelta],
    fmt: SubtitleFormat,
    *,
    language: str = "",
    duration_s: float = 0.0,
) -> str:
    """Return the text of one file. `language` and `duration_s` appear in json only."""
    if fmt == "txt":
        return "".join(f"{segment.text}\n" for segment in segments)
    if fmt == "json":
        return _to_json(segments, language, duration_s)
    return _to_timed(segments, fmt)


def plain_text(segments: Sequence[SegmentDelta]) -> str:
    """Return the transcript as one paragraph."""
    return " ".join(segment.text for segment in segments)


def _to_timed(segments: Sequence[SegmentDelta], fmt: Literal["srt", "vtt"]) -> str:
    subtitles = pysubs2.SSAFile()
    for segment in segments:
        # WebVTT has markup of its own: "&" and "<" must be written as entities.
        text = escape(segment.text, quote=False) if fmt == "vtt" else segment.text
        event = pysubs2.SSAEvent(
            start=pysubs2.make_time(s=segment.start_s), end=pysubs2.make_time(s=segment.end_s)
        )
        event.plaintext = text
        subtitles.append(event)
    # Without keep_ssa_tags, a spoken "{…}" would be taken for a style and vanish.
    return subtitles.to_string(fmt, keep_ssa_tags=True)


def _to_json(segments: Sequence[SegmentDelta], language: str, duration_s: float) -> str:
    """The shape of OpenAI's verbose_json, with our units in the names of our own fields."""
    body = {
        "language": language,
        "duration": round(duration_s, 3),
        "text": plain_text(segments),
        "segments": [_segment_object(number, item) for number, item in enumerate(segments)],
    }
    return json.dumps(body, ensure_ascii=False, indent=2) + "\n"


def _segment_object(number: int, segment: SegmentDelta) -> dict[str, object]:
    fields: dict[str, object] = {
        "id": number,
        "start": segment.start_s,
        "end": segment.end_s,
        "text": segment.text,
    }
    if segment.words:
        fields["words"] = [
            {
                "word": word["text"],
                "start": word["start_s"],
                "end": word["end_s"],
                "probability": round(word["probability"], 3),
            }
            for word in map(asdict, segment.words)
        ]
    return fields
