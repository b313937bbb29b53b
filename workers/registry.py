"""Engine names → where their worker class lives; nothing is imported until a name is chosen.

To add an engine: write one file in its modality's folder and name it here.
"""

from __future__ import annotations

import importlib
from typing import cast

from .errors import UnknownModelError
from .worker import Worker

WORKERS: dict[str, dict[str, str]] = {
    "text": {
        "llamacpp": "workers.text.llamacpp:LlamaCppTextWorker",
        "transformers": "workers.text.hf:HfTextWorker",
        "gptqmodel": "workers.text.gptq:GptqTextWorker",
        "vllm": "workers.text.vllm_engine:VllmTextWorker",
        "remote": "workers.text.remote:RemoteTextWorker",
        "claude": "workers.text.claude:ClaudeTextWorker",
    },
    "stt": {
        "fasterwhisper": "workers.stt.fasterwhisper:FasterWhisperWorker",
        "transformers": "workers.stt.hf:HfWhisperWorker",
        "remote": "workers.stt.remote:RemoteSttWorker",
    },
    "tts": {
        "piper": "workers.tts.piper_tts:PiperWorker",
        "kokoro": "workers.tts.kokoro_tts:KokoroWorker",
        "coqui": "workers.tts.coqui:CoquiWorker",
        "remote": "workers.tts.remote:RemoteTtsWorker",
    },
    "vision": {
        "rapidocr": "workers.vision.ocr:OcrWorker",
        "transformers": "workers.vision.hf:HfVisionWorker",
        "llamacpp": "workers.vision.llamacpp:LlamaCppVisionWorker",
        "remote": "workers.vision.remote:RemoteVisionWorker",
    },
    "rag": {
        "llamacpp": "workers.rag.worker:RagWorker",
        "sentencetransformers": "workers.rag.hf:HfRagWorker",
        "crossencoder": "workers.rag.crossencoder:CrossEncoderWorker",
        "remote": "workers.rag.remote:RemoteRagWorker",
    },
}
"""modality → engine → "module:Class"."""


def create_worker(modality: str, engine: str, registry: dict[str, dict[str, str]]) -> Worker:
    """Import and build the worker.

    Raises: UnknownModelError listing the known engines.
    """
    engines = registry.get(modality, {})
    if engine not in engines:
        known = ", ".join(sorted(engines)) or "none"
        raise UnknownModelError(f"No {modality} engine is called {engine!r}; known: {known}.")
    module, _, name = engines[engine].partition(":")
    return cast(Worker, getattr(importlib.import_module(module), name)())
