"""What reading the test modules has loaded and started: it should be nothing that takes long."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import psutil
import pytest

from tests.running import command_of

MODEL_LIBRARIES = """TTS bitsandbytes chromadb ctranslate2 cv2 faster_whisper gptqmodel kokoro_onnx
llguidance onnx onnx_asr onnxruntime piper rapidocr sentence_transformers torch torchaudio transformers
vllm xllamacpp""".split()


@dataclass(frozen=True, slots=True)
class Collected:
    """As it was when all tests had been found and none had run."""

    libraries: tuple[str, ...]
    children: tuple[str, ...]

    @classmethod
    def now(cls) -> Collected:
        return cls(
            libraries=tuple(name for name in MODEL_LIBRARIES if name in sys.modules),
            children=tuple(command_of(child) for child in psutil.Process().children()),
        )


COLLECTED = pytest.StashKey[Collected]()
