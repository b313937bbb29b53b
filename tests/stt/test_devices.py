"""faster-whisper's number formats and devices: what a CPU can show of them, and CUDA if there is one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import ModelCard
from tests.stt.conftest import hear, text_of
from workers.engines.stt.ctranslate import compute_type, split_device, to_app_error
from workers.engines.stt.fasterwhisper import FasterWhisperEngine
from workers.engines.stt.worker import SttWorker
from workers.messages import Media, Ready, Transcribe
from workers.messages.errors import (
    EngineNotInstalledError,
    GenerationError,
    LoadError,
    OutOfMemoryError,
)
from workers.messages.process_spec import WorkerSettings


def load(
    card: ModelCard, data_dir: Path, device: str = "cpu", **options: Any
) -> tuple[SttWorker, Ready]:
    card = card.model_copy(update={"options": options})
    settings = WorkerSettings(
        card=card, device=device, threads=2, slots=1, data_dir=data_dir, limits={}
    )
    worker = SttWorker(FasterWhisperEngine())
    return worker, worker.load(settings, lambda loading: None)


@pytest.mark.parametrize(("device", "parts"), [("cpu", ("cpu", 0)), ("cuda:1", ("cuda", 1))])
def test_a_device_is_split_into_its_two_parts(device: str, parts: tuple[str, int]) -> None:
    assert split_device(device) == parts


def test_a_cpu_computes_in_int8_unless_the_card_says_otherwise(card: ModelCard) -> None:
    assert compute_type(card, "cpu") == "int8"
    exact = card.model_copy(update={"options": {"compute_type": "float32"}})
    assert compute_type(exact, "cpu") == "float32"


@pytest.mark.parametrize("wanted", ["int8_float64", 8])
def test_a_format_that_the_device_lacks_is_refused_with_those_it_has(
    card: ModelCard, data_dir: Path, wanted: object
) -> None:
    import ctranslate2

    with pytest.raises(LoadError, match="which cpu does not support; it supports ") as refusal:
        load(card, data_dir, compute_type=wanted)
    _, _, to_app_error = refusal.value.message.partition("it supports ")
    named = set(to_app_error.rstrip(".").replace(" and ", ", ").split(", "))
    assert named == set(ctranslate2.get_supported_compute_types("cpu"))


def test_the_chosen_format_is_used_and_understands(
    card: ModelCard, data_dir: Path, story_wav: bytes
) -> None:
    worker, ready = load(card, data_dir, compute_type="float32")
    assert ready.device == "cpu"
    heard = text_of(hear(worker, Transcribe(audio=Media(name="a.wav", data=story_wav))))
    worker.close()
    assert "warm cup of tea" in heard
    assert "great bell three times" in heard


@pytest.mark.parametrize("device", ["mps", "cuda:99"])
def test_a_device_that_is_not_there_is_refused_in_a_sentence(
    card: ModelCard, data_dir: Path, device: str
) -> None:
    with pytest.raises(LoadError, match=device.partition(":")[0]) as refusal:
        load(card, data_dir, device=device)
    assert card.name in refusal.value.message


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("CUDA failed with error out of memory", OutOfMemoryError),
        ("Library libcublas.so.12 is not found or cannot be loaded", EngineNotInstalledError),
        ("Unable to load any of {libcudnn_ops.so.9}", EngineNotInstalledError),
        ("cuBLAS failed with status CUBLAS_STATUS_NOT_SUPPORTED", GenerationError),
    ],
)
def test_what_cuda_says_becomes_the_right_error(reason: str, kind: type[Exception]) -> None:
    error = to_app_error(RuntimeError(reason), "Whisper", "cuda:0")
    assert type(error) is kind
    assert reason in error.message
    assert "make install" in error.hint or kind is not EngineNotInstalledError


def test_the_worker_comes_without_torch(card: ModelCard, data_dir: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.stt.test_devices import load\n"
        "from configs.catalogue import load_catalogue\n"
        f"load(load_catalogue()[{card.id!r}], Path({str(data_dir)!r}))\n"
        "print('torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]


@pytest.mark.gpu
@pytest.mark.parametrize("wanted", [None, "float16"])
def test_cuda_writes_down_the_same_story(
    card: ModelCard, data_dir: Path, story_wav: bytes, wanted: str | None
) -> None:
    options = {} if wanted is None else {"compute_type": wanted}
    worker, ready = load(card, data_dir, device="cuda:0", **options)
    assert ready.device == "cuda:0"
    heard = text_of(hear(worker, Transcribe(audio=Media(name="a.wav", data=story_wav))))
    worker.close()
    assert all(part in heard for part in ("whole harbor", "warm cup of tea", "great bell"))
