"""GGUF models on any `llama-server` of this machine: built for its processor, or for its graphics card.

Everything but the way to the server is `llamacpp.py`: slots, prefix cache, tools, grammars. Which program
runs is said by `workers.models.llama_server.finding`.
"""

from __future__ import annotations

from workers.engines.common.llamaserver.engine import OnLlamaServer

from .llamacpp import LlamaCppEngine


class LlamaServerEngine(OnLlamaServer, LlamaCppEngine):
    """One GGUF model with `settings.slots` conversations batched continuously."""
