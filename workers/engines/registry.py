"""From the record of an engine to the worker that runs it; nothing else of engines is imported.

One worker per modality does the common work around any engine with the modality's protocol.
"""

from __future__ import annotations

from typing import cast

from workers.messages import Modality
from workers.specs.spec import resolve

from .contract import Worker

WORKERS: dict[Modality, str] = {
    "text": "workers.engines.text.worker:TextWorker",
    "stt": "workers.engines.stt.worker:SttWorker",
    "tts": "workers.engines.tts.worker:TtsWorker",
    "vision": "workers.engines.vision.worker:VisionWorker",
    "rag": "workers.engines.rag.worker:RagWorker",
}
"""modality → "module:Class", built with an engine."""


def create_worker(modality: Modality, target: str) -> Worker:
    """Import an engine and build the worker around it; see `EngineSpec.target`.

    Raises: ImportError, AttributeError for a target that is not there.
    """
    kind = resolve(target)
    worker = kind() if hasattr(kind, "handle") else resolve(WORKERS[modality])(kind())
    return cast(Worker, worker)
