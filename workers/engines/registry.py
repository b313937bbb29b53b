"""Engine names → where their worker class lives; nothing is imported until a name is chosen.

To add an engine: write one file in its modality's folder and name it here.
"""

from __future__ import annotations

import importlib
from typing import cast

from workers.messages.errors import UnknownModelError

from .contract import Worker

WORKERS: dict[str, dict[str, str]] = {
    "text": {
        "llamacpp": "workers.engines.text.llamacpp:LlamaCppTextWorker",
        "transformers": "workers.engines.text.hf:HfTextWorker",
        "gptqmodel": "workers.engines.text.gptq:GptqTextWorker",
        "vllm": "workers.engines.text.vllm_engine:VllmTextWorker",
        "remote": "workers.engines.text.remote:RemoteTextWorker",
        "claude": "workers.engines.text.claude:ClaudeTextWorker",
    },
    "stt": {
        "fasterwhisper": "workers.engines.stt.fasterwhisper:FasterWhisperWorker",
        "transformers": "workers.engines.stt.hf:HfWhisperWorker",
        "remote": "workers.engines.stt.remote:RemoteSttWorker",
    },
    "tts": {
        "piper": "workers.engines.tts.piper_tts:PiperWorker",
        "kokoro": "workers.engines.tts.kokoro_tts:KokoroWorker",
        "coqui": "workers.engines.tts.coqui:CoquiWorker",
        "remote": "workers.engines.tts.remote:RemoteTtsWorker",
    },
    "vision": {
        "rapidocr": "workers.engines.vision.ocr:OcrWorker",
        "transformers": "workers.engines.vision.hf:HfVisionWorker",
        "llamacpp": "workers.engines.vision.llamacpp:LlamaCppVisionWorker",
        "remote": "workers.engines.vision.remote:RemoteVisionWorker",
    },
    "rag": {
        "llamacpp": "workers.engines.rag.worker:RagWorker",
        "sentencetransformers": "workers.engines.rag.hf:HfRagWorker",
        "crossencoder": "workers.engines.rag.crossencoder:CrossEncoderWorker",
        "remote": "workers.engines.rag.remote:RemoteRagWorker",
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
