"""The recording behind the speech-out tab, and what the page gets of it."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from ui.speech_out.save import encoded
from ui.speech_out.view import (
    EXAMPLES,
    LEVELS_PER_S,
    MAX_READINGS,
    MAX_READINGS_S,
    NUM_RECENT_LINES,
    SpokenRecording,
    download_name,
    kept_readings,
    levels,
    player_value,
    read_text_file,
)
from workers.messages import AudioDelta
from workers.messages.errors import GenerationError, UnsupportedInputError

RATE_HZ = 1_000


def delta(text: str, seconds: float = 0.5) -> AudioDelta:
    pcm = b"\x01\x02" * round(RATE_HZ * seconds)
    return AudioDelta(request_id="r", pcm=pcm, sample_rate=RATE_HZ, text=text, start_s=0.0)


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[SpokenRecording]:
    made = SpokenRecording.create(tmp_path)
    yield made
    made.discard()


def num_frames(path: Path) -> int:
    with wave.open(str(path), "rb") as file:
        return file.getnframes()


def test_the_file_is_whole_after_every_sentence(recording: SpokenRecording) -> None:
    for number in range(1, 4):
        recording.add(delta("One. "))
        assert num_frames(recording.path) == number * 500
    recording.close()
    assert num_frames(recording.path) == 1500
    assert recording.duration_s == pytest.approx(1.5)


def test_sentences_lie_where_the_page_looks_for_them(recording: SpokenRecording) -> None:
    recording.add(delta("A.", 0.25))
    recording.add(delta("B.", 0.5))
    value = player_value(recording)
    assert value["lines"] == [["A.", 0.0, 0.25], ["B.", 0.25, 0.75]]
    first = value["header"] + 2 * round(0.25 * value["rate"])
    recording.close()
    assert len(recording.path.read_bytes()[first:]) == 2 * 500


def test_captions_cover_the_recording_without_gaps(recording: SpokenRecording) -> None:
    for text in ("One. ", "Two.\n\n", "Three."):
        recording.add(delta(text))
    assert player_value(recording)["lines"] == [
        ["One. ", 0.0, 0.5],
        ["Two.\n\n", 0.5, 1.0],
        ["Three.", 1.0, 1.5],
    ]
    assert recording.num_chars == len("One. Two.\n\nThree.")


def test_the_wave_is_as_loud_as_the_sound() -> None:
    silence, half = b"\x00\x00" * RATE_HZ, b"\x00\xc0" * (RATE_HZ // 2)
    loud = levels(silence + half, RATE_HZ)
    assert loud == (0,) * LEVELS_PER_S + (50,) * (LEVELS_PER_S // 2)
    assert levels(b"", RATE_HZ) == ()


def test_the_player_knows_how_much_is_still_to_come(tmp_path: Path) -> None:
    made = SpokenRecording.create(tmp_path, "One.\n\nTwo.\n\nThree.")
    made.add(delta("One.\n\n"))
    assert player_value(made)["paragraphs"] == [1, 3]
    assert player_value(made)["share"] == pytest.approx(6 / 18)
    made.add(delta("Two."))
    assert player_value(made)["paragraphs"] == [1, 3]
    made.close()
    assert player_value(made)["share"] == 1.0
    made.discard()


def readings(folder: Path, lengths_s: list[float]) -> list[SpokenRecording]:
    made = [SpokenRecording.create(folder) for _ in lengths_s]
    for one, length_s in zip(made, lengths_s, strict=True):
        if length_s:
            one.add(delta("Said.", 0.1))
            one.captions[-1] = replace(one.captions[-1], end_s=length_s)
        one.close()
    return made


@pytest.mark.parametrize(
    ("lengths_s", "kept"),
    [
        ([1.0, 2.0], [0, 1]),
        ([1.0, 0.0], [0]),
        ([1.0] * (MAX_READINGS + 1), list(range(1, MAX_READINGS + 1))),
        ([1.0, MAX_READINGS_S - 1, 2.0], [0, 2]),
        ([1.0, MAX_READINGS_S + 1], [1]),
    ],
)
def test_what_no_longer_fits_is_deleted(
    tmp_path: Path, lengths_s: list[float], kept: list[int]
) -> None:
    made = readings(tmp_path, lengths_s)
    assert kept_readings(made) == [made[number] for number in kept]
    exists = [number for number, one in enumerate(made) if one.path.parent.exists()]
    assert exists == kept


def test_a_page_update_stays_small_and_misses_nothing(recording: SpokenRecording) -> None:
    for number in range(3 * NUM_RECENT_LINES):
        recording.add(delta(f"{number} ", 0.01))
    value = player_value(recording)
    assert (value["first"], len(value["lines"])) == (2 * NUM_RECENT_LINES, NUM_RECENT_LINES)
    value = player_value(recording, num_new=3 * NUM_RECENT_LINES)
    assert (value["first"], len(value["lines"])) == (0, 3 * NUM_RECENT_LINES)


def test_nothing_is_added_once_it_is_closed(recording: SpokenRecording) -> None:
    recording.add(delta("One."))
    recording.close()
    recording.add(delta("Two."))
    assert len(recording.captions) == 1
    assert player_value(recording)["done"] is True


def test_discarding_deletes_what_was_made(recording: SpokenRecording) -> None:
    recording.add(delta("One."))
    recording.path.with_suffix(".mp3").write_bytes(b"x")
    recording.discard()
    assert not recording.path.parent.exists()
    recording.discard()


def test_two_recordings_never_share_a_name(tmp_path: Path) -> None:
    assert SpokenRecording.create(tmp_path).path != SpokenRecording.create(tmp_path).path


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Once upon a time, a lighthouse", "once-upon-a-time-a.mp3"),
        ("## Shopping list", "shopping-list.mp3"),
        ("../../etc/passwd", "etc-passwd.mp3"),
        ("你好", "speech.mp3"),
        ("x" * 500, "x" * 60 + ".mp3"),
    ],
)
def test_downloads_are_named_after_the_first_words(text: str, name: str) -> None:
    assert download_name(text, "mp3") == name


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        ("über".encode(), "über"),
        ("\ufeffmark".encode(), "mark"),
        ("wide “quotes”".encode("utf-16"), "wide “quotes”"),
        ("caf\xe9 “old”".encode("cp1252"), "café “old”"),
    ],
)
def test_text_files_open_in_the_usual_encodings(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    assert read_text_file(path, 1000) == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"MZ\x90\x00\x03", "not a text file"),
        (b"\xff\xfe\x00", "not a text file"),
        (b"x" * 4001, "4,001 bytes; at most 1,000 characters"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(UnsupportedInputError, match=rf"a\.txt .*{reason}"):
        read_text_file(path, 1000)


def test_examples_differ_and_are_short() -> None:
    texts = [text for _, text in EXAMPLES]
    assert len(set(texts)) == len(texts)
    assert max(map(len, texts)) < 400


@pytest.mark.parametrize("extension", ["mp3", "wav", "flac", "opus"])
def test_a_recording_is_saved_in_each_format(recording: SpokenRecording, extension: str) -> None:
    pcm = b"\x10\x00" * 16_000
    speech = AudioDelta(request_id="r", pcm=pcm, sample_rate=16_000, text="Good day.", start_s=0.0)
    recording.add(speech)
    recording.close()
    path = asyncio.run(encoded(recording, extension))
    assert path.name == f"good-day.{extension}"
    with av.open(str(path)) as container:
        assert container.duration is not None
        assert container.duration / 1e6 == pytest.approx(1.0, abs=0.12)
    assert asyncio.run(encoded(recording, extension)) == path


def test_a_recording_that_is_gone_is_one_sentence(recording: SpokenRecording) -> None:
    recording.add(delta("One."))
    recording.discard()
    with pytest.raises(GenerationError, match="could not be saved as mp3"):
        asyncio.run(encoded(recording, "mp3"))
