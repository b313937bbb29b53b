"""Real speech, recognised by the packaged Whisper."""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Callable, Generator
from pathlib import Path

import av
import jiwer
import numpy as np
import pytest

from configs.catalogue import ModelCard
from workers.engines.contract import CancelToken
from workers.engines.stt.fasterwhisper import FasterWhisperEngine
from workers.engines.stt.worker import SttWorker
from workers.messages import (
    AudioInfo,
    Finished,
    Generate,
    Media,
    Progress,
    SegmentDelta,
    Transcribe,
)
from workers.messages.errors import UnsupportedInputError
from workers.messages.process_spec import WorkerSettings

from .conftest import (
    SPEECH_RATE_HZ,
    STORY,
    Pcm,
    encode,
    hear,
    segments_of,
    text_of,
    to_wav,
)


def words(text: str) -> str:
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def error_rate(said: str, heard: str) -> float:
    return float(jiwer.wer(words(said), words(heard)))


def recording(data: bytes, name: str = "story.wav") -> Media:
    return Media(name=name, data=data)


def test_speech_is_written_down(worker: SttWorker, story_wav: bytes) -> None:
    events = hear(worker, Transcribe(audio=recording(story_wav)))
    assert error_rate(" ".join(STORY), text_of(events)) <= 0.1


def test_a_recorded_human_voice_is_written_down(worker: SttWorker) -> None:
    spec = importlib.util.find_spec("gradio")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "media_assets" / "audio" / "heath_ledger.mp3"
    events = hear(worker, Transcribe(audio=Media(name=path.name, path=str(path))))
    said = "If you're good at something, never do it for free."
    assert error_rate(said, text_of(events)) <= 0.1


def test_events_come_in_order(worker: SttWorker, story: Pcm, story_wav: bytes) -> None:
    duration_s = len(story) / SPEECH_RATE_HZ
    events = hear(worker, Transcribe(audio=recording(story_wav)))
    info, *_, end = events
    assert isinstance(info, AudioInfo)
    assert info.language == "en"
    assert info.duration_s == pytest.approx(duration_s, abs=0.05)
    assert isinstance(end, Finished)
    assert end.usage.audio_s == pytest.approx(duration_s, abs=0.05)
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    segments = segments_of(events)
    starts = [segment.start_s for segment in segments]
    assert starts == sorted(starts)
    assert all(0 <= segment.start_s <= segment.end_s <= duration_s + 0.5 for segment in segments)


@pytest.mark.parametrize(
    ("container", "codec", "picture"),
    [("mp3", "libmp3lame", False), ("ogg", "libopus", False), ("mp4", "aac", True)],
)
def test_every_container_gives_the_same_text(
    worker: SttWorker,
    story: Pcm,
    container: str,
    codec: str,
    picture: bool,
) -> None:
    data = encode(story, container, codec, picture=picture)
    events = hear(worker, Transcribe(audio=recording(data, f"story.{container}")))
    assert error_rate(" ".join(STORY), text_of(events)) <= 0.1


def test_words_carry_times_that_never_run_backwards(worker: SttWorker, story_wav: bytes) -> None:
    events = hear(worker, Transcribe(audio=recording(story_wav), word_timestamps=True))
    spoken = [word for segment in segments_of(events) for word in segment.words]
    assert len(spoken) >= len(words(" ".join(STORY)).split()) * 0.9
    assert all(word.start_s <= word.end_s for word in spoken)
    assert [word.start_s for word in spoken] == sorted(word.start_s for word in spoken)
    assert all(0 <= word.probability <= 1 for word in spoken)
    assert type(spoken[0].start_s) is float


def test_times_are_those_of_the_recording_after_a_long_silence(
    worker: SttWorker, speak: Callable[[str], Pcm]
) -> None:
    silence = np.zeros(40 * SPEECH_RATE_HZ, dtype=np.int16)
    pcm = np.concatenate([speak(STORY[0]), silence, speak(STORY[1])])
    first, *_, last = segments_of(hear(worker, Transcribe(audio=recording(to_wav(pcm)))))
    spoken_s = (len(pcm) - len(silence)) / SPEECH_RATE_HZ / 2
    assert first.start_s < 1
    assert first.end_s < spoken_s + 2
    assert last.start_s > 40


@pytest.mark.parametrize("vad", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_recording_of_many_windows_loses_nothing(
    worker: SttWorker, story: Pcm, vad: bool
) -> None:
    events = hear(worker, Transcribe(audio=recording(to_wav(np.tile(story, 3))), vad=vad))
    # A window that is lost is a sixth of the words; tries at a higher temperature cost a word or two.
    assert error_rate(" ".join(STORY * 3), text_of(events)) <= 0.15


def test_silence_ends_with_no_segment(worker: SttWorker) -> None:
    silence = to_wav(np.zeros(5 * SPEECH_RATE_HZ, dtype=np.int16))
    info, *_, end = hear(worker, Transcribe(audio=recording(silence)))
    assert isinstance(info, AudioInfo)
    assert isinstance(end, Finished)
    assert end.usage.audio_s == pytest.approx(5, abs=0.05)


def test_noise_is_not_taken_for_speech(worker: SttWorker) -> None:
    noise = np.random.default_rng(7).normal(0, 2000, 8 * SPEECH_RATE_HZ).astype(np.int16)
    assert segments_of(hear(worker, Transcribe(audio=recording(to_wav(noise))))) == []


def test_an_initial_prompt_steers_spelling(worker: SttWorker, speak: Callable[[str], Pcm]) -> None:
    audio = recording(to_wav(speak("Please ask Katherine about the analyzer in the theater.")))
    british = Transcribe(audio=audio, initial_prompt="Catherine, analyser, theatre, colour.")
    assert "atre" in text_of(hear(worker, british)).lower()
    assert "theater" in text_of(hear(worker, Transcribe(audio=audio))).lower()


@pytest.mark.parametrize("after", ["first block", "first segment"])
def test_cancel_ends_within_a_moment(
    worker: SttWorker, story: Pcm, speak: Callable[[str], Pcm], after: str
) -> None:
    cancel = CancelToken()
    events = worker.handle(Transcribe(audio=recording(to_wav(np.tile(story, 2)))), cancel)
    for event in events:
        if after == "first block" or isinstance(event, SegmentDelta):
            break
    cancel.cancel()
    rest = list(events)
    assert all(isinstance(event, Progress) for event in rest)
    assert len(rest) <= 1
    assert text_of(hear(worker, Transcribe(audio=recording(to_wav(speak(STORY[0])))))) != ""


def test_closing_the_stream_frees_the_worker(worker: SttWorker, story_wav: bytes) -> None:
    events = worker.handle(Transcribe(audio=recording(story_wav)), CancelToken())
    next(events)
    assert isinstance(events, Generator)
    events.close()
    assert segments_of(hear(worker, Transcribe(audio=recording(story_wav))))


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"", "empty.mp3", "empty.mp3 is empty (0 bytes)."),
        (b"MZ" + bytes(range(256)) * 400, "setup.mp3", "not a recording that can be read"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n", "list.mp3", "not a recording"),
    ],
)
def test_what_is_no_recording_is_refused_in_a_sentence(
    worker: SttWorker, data: bytes, name: str, sentence: str
) -> None:
    with pytest.raises(UnsupportedInputError, match=re.escape(sentence)):
        hear(worker, Transcribe(audio=recording(data, name)))


def test_a_real_program_renamed_to_mp3_is_refused(worker: SttWorker, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.symlink_to("/bin/ls")
    program = Media(name=path.name, path=str(path))
    with pytest.raises(UnsupportedInputError, match="not a recording that can be read"):
        hear(worker, Transcribe(audio=program))


def test_a_video_without_sound_is_refused(worker: SttWorker) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        video = out.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        grey = np.full((48, 64, 3), 128, dtype=np.uint8)
        out.mux(video.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        out.mux(video.encode(None))
    with pytest.raises(UnsupportedInputError, match=r"silent\.mp4 has no sound track"):
        hear(worker, Transcribe(audio=recording(file.getvalue(), "silent.mp4")))


def test_a_file_that_has_gone_is_refused(worker: SttWorker, tmp_path: Path) -> None:
    gone = Media(name="gone.wav", path=str(tmp_path / "gone.wav"))
    with pytest.raises(UnsupportedInputError, match=r"gone\.wav cannot be read"):
        hear(worker, Transcribe(audio=gone))


def test_too_long_a_recording_names_both_lengths(worker: SttWorker) -> None:
    hour = to_wav(np.zeros(3600 * 8000, dtype=np.int16), 8000)
    with pytest.raises(UnsupportedInputError, match=r"1:00:00 long; the limit is 10:00"):
        hear(worker, Transcribe(audio=recording(hour, "hour.wav")))


def test_a_damaged_file_is_heard_as_far_as_it_goes(worker: SttWorker, story: Pcm) -> None:
    data = encode(story, "mp3", "libmp3lame")
    events = hear(worker, Transcribe(audio=recording(data[: len(data) * 2 // 3], "cut.mp3")))
    assert "lighthouse" in text_of(events).lower()
    assert isinstance(events[-1], Finished)


def test_an_unknown_language_is_refused(worker: SttWorker, story_wav: bytes) -> None:
    with pytest.raises(UnsupportedInputError, match=r"does not know the language 'de'.*English"):
        hear(worker, Transcribe(audio=recording(story_wav), language="de"))


def test_translation_is_refused_by_an_english_model(worker: SttWorker, story_wav: bytes) -> None:
    with pytest.raises(UnsupportedInputError, match="cannot translate"):
        hear(worker, Transcribe(audio=recording(story_wav), translate=True))


def test_another_request_is_refused(worker: SttWorker) -> None:
    with pytest.raises(UnsupportedInputError, match="cannot answer Generate"):
        list(worker.handle(Generate(messages=()), CancelToken()))


def test_ready_says_what_the_model_can_do(card: ModelCard, data_dir: Path) -> None:
    fresh = SttWorker(FasterWhisperEngine())
    settings = WorkerSettings(card=card, threads=1, slots=4, data_dir=data_dir, limits={})
    ready = fresh.load(settings, lambda loading: None)
    fresh.close()
    assert ready.capabilities == frozenset({"en"})
    assert ready.slots == 1
