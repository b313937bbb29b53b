"""GGUF models on any `llama-server` of this machine: built for its processor, or for its graphics card.

Everything but the way to the server is `llamacpp.py`: slots, prefix cache, tools, grammars. Which program
runs is said by `workers.models.llama_server.finding`.
"""

from __future__ import annotations

from workers.engines.common.llamaserver.engine import OnLlamaServer
from workers.engines.common.llamaserver.pacing import Pacing

from .llamacpp import PACE_S, LlamaCppEngine
from .llamacpp_json import has_text


class LlamaServerEngine(OnLlamaServer, LlamaCppEngine):
    """One GGUF model with `settings.slots` conversations batched continuously."""

    def new_pacing(self) -> Pacing:
        """See `OnLlamaServer`."""
        return Pacing(PACE_S, has_text)
