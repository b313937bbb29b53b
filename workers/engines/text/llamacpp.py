"""GGUF models through llama.cpp's own server, in this process. Only this file knows xllamacpp.

What was found out about the server (xllamacpp 2026.10), and why it is set up as it is:

- It always opens a listener, which `workers.engines.common.llamacpp.server` keeps shut.
- `n_ctx` is divided by the slots. Each has a KV cache of its own (`kv_unified` off): with a shared
  one, conversations that grow together run out together, and one user's length fails the others.
- The KV cache is `q8_0`: half the memory of f16 (4 × 4096 tokens of SmolLM2: 350 instead of 528
  MiB resident), decoding 15 % faster, prefill 25 % slower, all per CPU second.
- Between two batches, and only there, it hears that a request was cancelled. A batch of 32 tokens
  takes about 0.1 s on two cores, and reads prompts as fast as one of 512 (162 and 168 tokens per
  CPU second): the slot is free within two batches, also during a long prompt.
- A prompt that shares its beginning with what its slot holds is read from there on. Which slot that
  is, we say (`slots.py`); conversations that had to leave theirs wait in RAM (`cache_ram_mib`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from workers.engines.common.bridge import iterate_callbacks
from workers.engines.common.llamacpp.options import apply_options, is_template_with_tools
from workers.engines.common.llamacpp.server import device_of, import_xllamacpp, open_server
from workers.engines.contract import CancelToken
from workers.messages import Complete, Generate
from workers.messages.errors import UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import Delta, Piece, TextEngine
from .llamacpp_json import BATCH_TOKENS, body_of, pieces_of
from .slots import SlotBoard, transcript_of

DEFAULT_CONTEXT_TOKENS = 4096
"""Per conversation, unless the limit `max_context_tokens` says otherwise."""
PROMPT_CACHE_MIB = 128
GPU_BATCH_TOKENS = 512
"""llama.cpp's default; a batch of that size takes a GPU a few milliseconds."""


class LlamaCppEngine(TextEngine):
    """One GGUF model with `settings.slots` conversations batched continuously."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        xllamacpp = import_xllamacpp("text")
        model_path = str(folder / settings.card.weight_file)
        self.slots = settings.slots
        self.context_length = _context_length(settings)
        self.capabilities = frozenset({"continues", "reuses_prefix"})
        if is_template_with_tools(model_path):
            self.capabilities |= {"shows_tools"}
        self._board = SlotBoard(settings.slots)
        params = self._params(xllamacpp, model_path, settings)
        self._server, self.device = self._open(xllamacpp, params, settings, report)

    def _open(
        self, xllamacpp: Any, params: Any, settings: WorkerSettings, report: ReportLoading
    ) -> tuple[Any, str]:
        """Return the server with the model in it, and the device that it is on."""
        server = open_server(xllamacpp, params, settings.card.name, "text")
        return server, device_of(settings.device, params, xllamacpp)

    def _params(self, xllamacpp: Any, model_path: str, settings: WorkerSettings) -> Any:
        params = xllamacpp.CommonParams()
        params.model.path = model_path
        params.n_threads_http = 1
        params.verbosity = 0
        apply_options(params, settings.card.options, settings.device, xllamacpp)
        # What a model thinks stays in its answer, between its own tags: the page folds it.
        params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
        # One stream decodes on half of the cores: with all of them it is a tenth faster alone (150
        # against 137 tokens/s on two cores), but falls to a thirtieth while another engine works,
        # because each thread waits for one that is not running. Prompts and batches use all.
        own = settings.card.options.get("decode_threads")
        params.cpuparams.n_threads = int(own or max(1, settings.threads // 2))
        params.cpuparams_batch.n_threads = settings.threads
        params.n_parallel = settings.slots
        params.n_ctx = settings.slots * self.context_length
        params.kv_unified = False
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_Q8_0
        params.n_batch = params.n_ubatch = (
            BATCH_TOKENS if settings.device == "cpu" else GPU_BATCH_TOKENS
        )
        params.cache_ram_mib = PROMPT_CACHE_MIB
        return params

    def generate(
        self, request: Generate | Complete, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """See `TextEngine`."""
        is_chat = isinstance(request, Generate)
        handle = (
            self._server.handle_chat_completions if is_chat else self._server.handle_completions
        )
        with self._board.hold(transcript_of(request)) as slot:
            run = partial(handle, body_of(request, slot))
            with closing(iterate_callbacks(run, cancel)) as chunks:
                yield from self._noted(slot, pieces_of(chunks))

    def _noted(self, slot: int, pieces: Iterator[Piece]) -> Iterator[Piece]:
        """Yield the pieces and keep in mind what the slot holds by now."""
        try:
            for piece in pieces:
                if isinstance(piece, Delta):
                    self._board.add_answer(slot, piece.text)
                yield piece
        except ValueError as err:  # the binding's word for a schema it cannot turn into a grammar
            reason = str(err).splitlines()[0]
            raise UnsupportedInputError(f"llama.cpp cannot enforce this: {reason}.") from err

    def close(self) -> None:
        """Stop the server."""
        del self._server


def _context_length(settings: WorkerSettings) -> int:
    """The user's own wish for this model, else our limit; never more than the model was made for."""
    limit = settings.limits.get("max_context_tokens", DEFAULT_CONTEXT_TOKENS)
    wanted = int(settings.card.options.get("context_tokens") or limit)
    return min(settings.card.context_length or wanted, wanted)
