from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from ui.speech_in.files import write_files, write_zip
from ui.speech_in.view import (
    FileTranscript,
    advanced,
    captions,
    caution_of,
    choice_label,
    foot_html,
    progress_html,
    segments_html,
    stopped,
    summary_html,
)
from workers.messages import (
    AudioInfo,
    Decoding,
    Event,
    Finished,
    Progress,
    SegmentDelta,
    Started,
    Usage,
    Word,
)

WORDS = (
    Word(start_s=61.0, end_s=61.5, text="<b>", probability=0.5),
    Word(start_s=61.5, end_s=62.0, text="done", probability=0.75),
)
FIRST = SegmentDelta(request_id="r", start_s=0.5, end_s=2.0, text="Salt & pepper.")
SECOND = SegmentDelta(request_id="r", start_s=61.0, end_s=62.0, text="<b> done", words=WORDS)
EVENTS: list[Event] = [
    Started(request_id="r", queue_wait_s=0.1),
    AudioInfo(request_id="r", duration_s=65.0, language="en", language_probability=1.0),
    FIRST,
    Progress(request_id="r", done=2.0, total=65.0, unit="seconds"),
    SECOND,
    Finished(request_id="r", usage=Usage(audio_s=65.2)),
]
WAITING = FileTranscript(name="talk.mp3", path="/somewhere/talk.mp3")
DONE = advanced(WAITING, EVENTS)
SILENT = advanced(WAITING, [Finished(request_id="r", usage=Usage(audio_s=5.0))])


def test_events_in_any_batches_give_the_same_transcript() -> None:
    one_by_one = WAITING
    for event in EVENTS:
        one_by_one = advanced(one_by_one, [event])
    assert one_by_one == DONE
    assert DONE.segments == (FIRST, SECOND)
    assert (DONE.state, DONE.language, DONE.duration_s) == ("done", "en", 65.2)


def test_segments_are_escaped_and_seekable() -> None:
    html = segments_html(DONE.segments, with_words=True)
    assert "Salt &amp; pepper." in html
    assert '<li data-start="61.00" data-end="62.00"><button type="button"' in html
    assert '<span data-start="61.00" title="61.00 s, 50% sure">&lt;b&gt;</span>' in html
    assert ">1:01</button>" in html


def test_uncertain_words_are_marked_while_the_list_grows_and_explained_below() -> None:
    unsure = Word(start_s=3.0, end_s=3.5, text="Kirkby", probability=0.3)
    segment = SegmentDelta(
        request_id="r", start_s=2.5, end_s=4.0, text="of Kirkby", words=(WORDS[1], unsure)
    )
    mark = '<span class="q-stt-unsure" data-start="3.00" title="3.00 s, 30% sure">Kirkby</span>'
    assert f"<p>done {mark}</p>" in segments_html((segment,))
    assert f">done</span> {mark}</p>" in segments_html((segment,), with_words=True)
    transcript = advanced(WAITING, [segment, EVENTS[-1]])
    assert "Wavy</u> words are uncertain; click a word to hear it" in foot_html(transcript)
    assert "Wavy" not in foot_html(DONE)
    assert "Click a word to hear it" in foot_html(DONE)
    assert foot_html(SILENT) == ""


def test_a_line_without_words_of_its_own_is_marked_as_a_whole() -> None:
    assert '<span class="q-stt-unsure">The A-Master.</span>' in segments_html((heard(-0.9),))
    assert "q-stt-unsure" not in segments_html((heard(-0.3),))


def test_more_segments_only_append() -> None:
    assert segments_html((FIRST, SECOND)).startswith(segments_html((FIRST,)))


def test_silence_is_said_with_its_length() -> None:
    assert "No speech was found in 0:05." in summary_html(SILENT)


def test_the_summary_counts_words() -> None:
    assert "5 words of English in 1:05." in summary_html(DONE)


def test_progress_names_place_file_and_times() -> None:
    working = advanced(WAITING, EVENTS[:4])
    html = progress_html(working, "2 of 3, ")
    assert "2 of 3, talk.mp3: 0:02 of 1:05" in html
    assert 'value="0.031"' in html


def test_a_file_name_cannot_become_markup() -> None:
    evil = FileTranscript(name="<img src=x>.mp3", path="x", duration_s=1.0)
    assert "<img" not in progress_html(evil)
    assert "<img" not in summary_html(evil)


@pytest.mark.parametrize(
    ("transcript", "label"),
    [
        (WAITING, "talk.mp3 · waiting"),
        (advanced(WAITING, EVENTS[:4]), "talk.mp3 · 0:02 of 1:05"),
        (DONE, "talk.mp3 · 1:05"),
        (SILENT, "talk.mp3 · no speech"),
        (stopped(WAITING), "talk.mp3 · stopped"),
    ],
)
def test_the_list_of_files_shows_each_state(transcript: FileTranscript, label: str) -> None:
    assert choice_label(transcript) == label


def test_stop_keeps_what_was_heard_and_what_is_over() -> None:
    assert stopped(advanced(WAITING, EVENTS[:4])).segments == (FIRST,)
    assert stopped(DONE) is DONE


def test_captions_follow_the_segments() -> None:
    assert captions(DONE)[0] == {"text": "Salt & pepper.", "timestamp": [0.5, 2.0]}


@pytest.mark.parametrize(
    ("path", "is_playable"), [("a.MP3", True), ("a.webm", True), ("a.amr", False), ("a", False)]
)
def test_only_what_browsers_play_gets_a_player(path: str, is_playable: bool) -> None:
    assert FileTranscript(name=path, path=path).is_playable is is_playable


def test_files_are_written_in_every_format(tmp_path: Path) -> None:
    paths = write_files(DONE, tmp_path / "new")
    assert [path.name for path in paths.values()] == [
        "talk.srt",
        "talk.vtt",
        "talk.txt",
        "talk.json",
    ]
    assert json.loads(paths["json"].read_text(encoding="utf-8"))["duration"] == 65.2


def test_a_zip_keeps_files_of_the_same_name_apart(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_zip([DONE, DONE], tmp_path)) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names)) == 8
    assert {"talk.srt", "talk-2.srt"} <= set(names)


def heard(logprob: float, seconds: float = 5.0) -> SegmentDelta:
    decoding = Decoding(
        token_ids=(),
        temperature=0.0,
        avg_logprob=logprob,
        compression_ratio=1.0,
        no_speech_prob=0.0,
        window_start_s=0.0,
    )
    return SegmentDelta(
        request_id="r", start_s=0.0, end_s=seconds, text="The A-Master.", decoding=decoding
    )


@pytest.mark.parametrize(
    ("segments", "only", "sure", "said"),
    [
        ((heard(-0.3),), "English", 1.0, ""),
        ((heard(-0.9),), "English", 1.0, "This may not be English."),
        ((heard(-0.9, 1.0), heard(-0.3, 9.0)), "English", 1.0, ""),
        ((heard(-0.9),), "", 1.0, "unsure of most words"),
        ((heard(-0.3),), "", 0.4, "English was only 40% sure"),
        ((FIRST,), "English", 1.0, ""),
        ((), "English", 0.1, ""),
    ],
)
def test_guesses_are_not_given_out_as_words(
    segments: tuple[SegmentDelta, ...], only: str, sure: float, said: str
) -> None:
    done = FileTranscript(
        name="a.wav",
        path="a.wav",
        state="done",
        segments=segments,
        language="en",
        language_probability=sure,
        only_language=only,
        duration_s=5.0,
    )
    assert said in caution_of(done)
    assert bool(caution_of(done)) == bool(said)
    assert choice_label(done).endswith(", unsure") == bool(said)
