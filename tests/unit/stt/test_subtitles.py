from __future__ import annotations

import json

import pysubs2
import pytest

from workers.media.subtitles import SUBTITLE_FORMATS, SubtitleFormat, to_subtitles
from workers.messages import SegmentDelta, Word

WORDS = (
    Word(start_s=0.0, end_s=0.5, text="Tom", probability=0.9),
    Word(start_s=0.5, end_s=1.5, text="& Jerry", probability=0.8),
)
SEGMENTS = (
    SegmentDelta(request_id="r", start_s=0.0, end_s=1.5, text="Tom & Jerry", words=WORDS),
    SegmentDelta(request_id="r", start_s=3661.25, end_s=3662.0, text="a < b {really}"),
)


def test_srt_has_numbered_cues_with_commas() -> None:
    assert to_subtitles(SEGMENTS, "srt") == (
        "1\n00:00:00,000 --> 00:00:01,500\nTom & Jerry\n\n"
        "2\n01:01:01,250 --> 01:01:02,000\na < b {really}\n\n"
    )


def test_vtt_escapes_its_own_markup() -> None:
    text = to_subtitles(SEGMENTS, "vtt")
    assert text.startswith("WEBVTT\n")
    assert "01:01:01.250 --> 01:01:02.000\na &lt; b {really}\n" in text
    assert "Tom &amp; Jerry" in text


def test_txt_is_one_line_a_segment() -> None:
    assert to_subtitles(SEGMENTS, "txt") == "Tom & Jerry\na < b {really}\n"


def test_json_carries_everything() -> None:
    body = json.loads(to_subtitles(SEGMENTS, "json", language="en", duration_s=3700.5))
    assert body["language"] == "en"
    assert body["duration"] == 3700.5
    assert body["text"] == "Tom & Jerry a < b {really}"
    assert body["segments"][0]["words"][1] == {
        "word": "& Jerry",
        "start": 0.5,
        "end": 1.5,
        "probability": 0.8,
    }
    assert body["segments"][1] == {
        "id": 1,
        "start": 3661.25,
        "end": 3662.0,
        "text": "a < b {really}",
    }


@pytest.mark.parametrize("fmt", ["srt", "vtt"])
def test_timed_formats_are_read_back_by_a_parser(fmt: SubtitleFormat) -> None:
    cues = pysubs2.SSAFile.from_string(to_subtitles(SEGMENTS, fmt), format_=fmt)
    assert [(cue.start, cue.end) for cue in cues] == [(0, 1500), (3661250, 3662000)]


@pytest.mark.parametrize("fmt", SUBTITLE_FORMATS)
def test_a_transcript_without_speech_is_a_valid_file(fmt: SubtitleFormat) -> None:
    text = to_subtitles((), fmt)
    assert "-->" not in text
    assert text == {"vtt": "WEBVTT\n\n"}.get(fmt, "") or fmt == "json"
