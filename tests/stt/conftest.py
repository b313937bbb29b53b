"""Speech made by our own voice, in many containers, and one loaded worker."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from configs.catalogue import ModelCard, load_catalogue
from workers.engines.contract import CancelToken
from workers.engines.stt.fasterwhisper import FasterWhisperEngine
from workers.engines.stt.worker import SttWorker
from workers.messages import Event, SegmentDelta, Transcribe
from workers.messages.process_spec import WorkerSettings
from workers.models.weights import verified_folder

Pcm = NDArray[np.int16]

SPEECH_RATE_HZ = 22_050
STORY = (
    "The lighthouse keeper climbed the stairs every evening.",
    "She carried a lantern, a book, and a warm cup of tea.",
    "From the top she could see the whole harbor and the ships beyond it.",
    "When the fog came in, she rang the great bell three times.",
)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stt-data")


@pytest.fixture(scope="session")
def card() -> ModelCard:
    return load_catalogue()["whisper-tiny-en"]


@pytest.fixture(scope="session")
def worker(card: ModelCard, data_dir: Path) -> Iterator[SttWorker]:
    loaded = SttWorker(FasterWhisperEngine())
    limits = {"max_audio_s": 600.0}
    settings = WorkerSettings(card=card, threads=2, slots=1, data_dir=data_dir, limits=limits)
    loaded.load(settings, lambda loading: None)
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def voice(data_dir: Path) -> Any:
    """The packaged voice."""
    from piper import PiperVoice

    card = load_catalogue()["piper-en-us-joe-medium"]
    folder = verified_folder(card, data_dir, lambda loading: None)
    return PiperVoice.load(folder / card.weight_file)


@pytest.fixture(scope="session")
def speak(voice: Any) -> Callable[[str], Pcm]:
    """Text → mono samples at `SPEECH_RATE_HZ`."""
    return lambda text: _spoken(voice.synthesize(text))


@pytest.fixture(scope="session")
def speak_evenly(voice: Any) -> Callable[[str], Pcm]:
    """The same without chance: a word sounds the same each time."""
    from piper.config import SynthesisConfig

    even = SynthesisConfig(noise_scale=0.0, noise_w_scale=0.0)
    return lambda text: _spoken(voice.synthesize(text, even))


def _spoken(chunks: Iterable[Any]) -> Pcm:
    return np.concatenate([chunk.audio_int16_array for chunk in chunks]).astype(np.int16)


@pytest.fixture(scope="session")
def story(speak: Callable[[str], Pcm]) -> Pcm:
    pause = np.zeros(SPEECH_RATE_HZ // 2, dtype=np.int16)
    return np.concatenate([part for sentence in STORY for part in (speak(sentence), pause)])


@pytest.fixture(scope="session")
def story_wav(story: Pcm) -> bytes:
    return to_wav(story)


def to_wav(pcm: Pcm, rate_hz: int = SPEECH_RATE_HZ) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(pcm.tobytes())
    return file.getvalue()


def encode(pcm: Pcm, container: str, codec: str, *, picture: bool = False) -> bytes:
    """Write samples into a container, after one second of a grey picture if asked."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        video = out.add_stream("mpeg4", rate=10) if picture else None
        audio = out.add_stream(codec, rate=48_000 if codec == "libopus" else SPEECH_RATE_HZ)
        audio.layout = "mono"
        if video is not None:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            grey = np.full((48, 64, 3), 128, dtype=np.uint8)
            for _ in range(10):
                out.mux(video.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            out.mux(video.encode(None))
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SPEECH_RATE_HZ
        resampler = av.AudioResampler(
            format=audio.format, layout="mono", rate=audio.rate, frame_size=audio.frame_size or 1024
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(audio.encode(piece))
        out.mux(audio.encode(None))
    return file.getvalue()


def hear(worker: SttWorker, request: Transcribe) -> list[Event]:
    return list(worker.handle(request, CancelToken()))


def segments_of(events: list[Event]) -> list[SegmentDelta]:
    return [event for event in events if isinstance(event, SegmentDelta)]


def text_of(events: list[Event]) -> str:
    return " ".join(segment.text for segment in segments_of(events))
