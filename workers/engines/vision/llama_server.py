"""Vision-language models in GGUF on any `llama-server` of this machine; all else is `llamacpp.py`."""

from __future__ import annotations

from workers.engines.common.llamaserver.engine import OnLlamaServer

from .llamacpp import LlamaCppVisionEngine


class LlamaServerVisionEngine(OnLlamaServer, LlamaCppVisionEngine):
    """One GGUF model that sees."""
