"""What embedders and rerankers in GGUF have in common: what the file says, and what llama.cpp is told.

Only files named `llamacpp…` know xllamacpp.
"""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from configs.errors import ConfigError
from workers.engines.common.llamacpp.options import apply_options
from workers.engines.common.llamacpp.server import started_server
from workers.engines.common.llamaserver.process import Address
from workers.engines.common.llamaserver.transport import Json, ServerConnection
from workers.media.scratch import scratch_folder
from workers.messages.errors import LoadError
from workers.messages.process_spec import WorkerSettings
from workers.models.facts.gguf_embedder import EmbedderFacts, embedder_facts
from workers.models.facts.gguf_header import read_gguf_header
from workers.models.facts.gguf_values import number_of
from workers.models.tuning.embedding_sizes import num_sequences

POOLING_TYPES = {"mean": 1, "cls": 2, "last": 3, "rank": 4}
"""As llama.cpp counts them."""


def read_facts(path: Path) -> tuple[EmbedderFacts, int]:
    """Return what a file says of itself, and the tokens that it was made for. Raises: LoadError."""
    try:
        header = read_gguf_header(path)
        facts = embedder_facts(header)
        return facts, number_of(header, f"{facts.architecture}.context_length")
    except (ConfigError, OSError) as err:
        raise LoadError(f"{path.name} could not be read: {err}") from err


def embedding_params(
    xllamacpp: Any, path: Path, facts: EmbedderFacts, settings: WorkerSettings, tokens: int
) -> Any:
    """Return the parameters, without a pooling; `tokens` of one text count."""
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.embedding = True
    params.n_parallel = num_sequences(settings.device, is_encoder=facts.is_encoder)
    params.n_batch = params.n_ubatch = params.n_parallel * tokens
    params.n_ctx = params.n_parallel * (tokens + 1)  # a context that is full is refused
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.n_threads_http = 1
    params.verbosity = 0
    params.warmup = False
    apply_options(params, settings.card.options, settings.device, xllamacpp)
    return params


class ListeningServer:
    """llama.cpp's server in this process, which can also be asked how it cuts a text into tokens.

    The package has no call for that, so its listener stays reachable: a socket in a folder that only this
    user may enter, which wants a key made for this one model.
    """

    def __init__(self, xllamacpp: Any, params: Any, name: str) -> None:
        """Load the model. Raises: LoadError."""
        key = secrets.token_urlsafe(32)
        with ExitStack() as opened:
            socket = opened.enter_context(scratch_folder("rag")) / "engine.sock"
            params.hostnames, params.api_keys = [str(socket)], [key]
            self._server = started_server(xllamacpp, params, name)
            self._connection = ServerConnection(Address(host=str(socket), key=key))
            self._opened = opened.pop_all()

    def handle_embeddings(self, body: Json) -> Any:
        """As the package's server."""
        return self._server.handle_embeddings(body)

    def handle_tokenize(self, body: Json) -> Json:
        """Return the token ids of a text, or an error."""
        return self._connection.handle_tokenize(body)

    def close(self) -> None:
        """Stop it."""
        self._server = None
        self._opened.close()
