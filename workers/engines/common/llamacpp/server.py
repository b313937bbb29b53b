"""llama.cpp's server in this process: opened so that nobody else reaches it, asked and understood.

For every modality that has a model in GGUF. The server (xllamacpp 2026.10) always opens a listener:
without a port it takes a free one on the loopback interface, with no key and any origin allowed. A
host name that ends in `.sock` makes it a Unix socket instead. Its private folder is deleted once the
server listens, so no path leads there: nothing else on the machine, and no web page, can reach the
model behind the pool's back.
"""

from __future__ import annotations

from typing import Any

from workers.media.scratch import scratch_folder
from workers.messages import Modality, SamplingParams
from workers.messages.errors import (
    AppError,
    ContextTooLongError,
    GenerationError,
    LoadError,
    UnsupportedInputError,
)
from workers.models.graphics.libraries import import_linked
from workers.specs.spec import missing_library

Json = dict[str, Any]

_SAME_NAME = """temperature top_p top_k min_p repeat_penalty frequency_penalty presence_penalty
typical_p mirostat mirostat_tau mirostat_eta ignore_eos""".split()


def import_xllamacpp(modality: Modality) -> Any:
    """Return the package. Raises: EngineNotInstalledError."""
    try:
        return import_linked("xllamacpp")
    except ImportError as err:
        raise missing_library(modality, "llamacpp", err) from err


def open_server(xllamacpp: Any, params: Any, name: str, modality: str) -> Any:
    """Load the model that `params` describe. Raises: LoadError.

    The server in this process listens too: on a socket whose folder goes at once, so nobody reaches it.
    """
    with scratch_folder(modality) as folder:
        params.hostnames = [str(folder / "engine.sock")]
        return started_server(xllamacpp, params, name)


def started_server(xllamacpp: Any, params: Any, name: str) -> Any:
    """Return a server whose loop has begun. Raises: LoadError.

    One that is ended earlier never hears of it, and whoever ends it waits for ever (`start_loop` in
    llama.cpp's tools/server/server-queue.cpp undoes `terminate`). The metrics come from within the loop.
    """
    params.endpoint_metrics = True
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as err:
        raise LoadError(
            f"llama.cpp could not load {name}: {err}",
            hint="The file may be damaged, or made for a newer llama.cpp.",
        ) from err
    server.handle_metrics()
    return server


def device_of(wanted: str, params: Any, xllamacpp: Any) -> str:
    """Return where the weights went: `wanted` if layers are there and this build finds a GPU."""
    kinds = xllamacpp.ggml_backend_dev_type
    graphics = (kinds.GGML_BACKEND_DEVICE_TYPE_GPU, kinds.GGML_BACKEND_DEVICE_TYPE_IGPU)
    has_gpu = any(device["type"] in graphics for device in xllamacpp.get_device_info())
    return wanted if has_gpu and params.n_gpu_layers != 0 else "cpu"


def sampling_body(sampling: SamplingParams) -> Json:
    """Return what a request's body says about choosing tokens."""
    body: Json = {name: getattr(sampling, name) for name in _SAME_NAME}
    body["stop"] = list(sampling.stop)
    if sampling.max_tokens is not None:
        # The chat route knows the first name, the route for raw text only the second.
        body["max_tokens"] = body["n_predict"] = sampling.max_tokens
    if sampling.logit_bias:
        body["logit_bias"] = [list(pair) for pair in sampling.logit_bias]
    if sampling.num_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": sampling.num_logprobs}
        body["n_probs"] = max(1, sampling.num_logprobs)
    if sampling.seed is not None:
        # The prefix cache stays on: see docs/adr/0025-settings-that-fit-the-machine.md, "Seeds".
        body["seed"] = sampling.seed
    return body


def error_of(error: Json) -> AppError:
    """Return the exception for what the server answered instead."""
    if error.get("type") == "exceed_context_size_error":
        return ContextTooLongError(
            f"The conversation is {error['n_prompt_tokens']:,} tokens long, "
            f"the model's context holds {error['n_ctx']:,}.",
            hint="Shorten the message, or start a new chat.",
            num_tokens=int(error["n_prompt_tokens"]),
        )
    sentence = f"llama.cpp refused the request: {error.get('message', error)}"
    is_users = error.get("type") == "invalid_request_error"
    return UnsupportedInputError(sentence) if is_users else GenerationError(sentence)
