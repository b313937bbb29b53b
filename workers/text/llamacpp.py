"""GGUF models through llama.cpp's own server, in this process. Only this file knows xllamacpp.

What was found out about the server (xllamacpp 2026.10), and why it is set up as it is:

- It always opens a listener: without a port it takes a free one on the loopback interface, with no
  key and any origin allowed. A host name that ends in `.sock` makes it a Unix socket instead. Its
  private folder is deleted once the server listens, so no path leads there: nothing else on the
  machine, and no web page, can reach the model behind the pool's back.
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

import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from workers.errors import (
    AppError,
    ContextTooLongError,
    EngineNotInstalledError,
    GenerationError,
    LoadError,
)
from workers.messages import ChatMessage, SamplingParams, Usage
from workers.worker import CancelToken, WorkerSettings

from .bridge import Chunk, iterate_callbacks
from .engine import Completion, Delta, Piece, PromptProgress, TextEngine
from .slots import SlotBoard
from .worker import TextWorker

DEFAULT_CONTEXT_TOKENS = 4096
"""Per conversation, unless the limit `max_context_tokens` says otherwise."""
BATCH_TOKENS = 32
PROMPT_CACHE_MIB = 128


class LlamaCppTextWorker(TextWorker):
    """Answers Generate with llama.cpp."""

    def create_engine(self, model_path: str, settings: WorkerSettings) -> TextEngine:
        """Load the GGUF file. Raises: EngineNotInstalledError, LoadError."""
        return LlamaCppEngine(model_path, settings)


class LlamaCppEngine:
    """One GGUF model with `settings.slots` conversations batched continuously, on the CPU."""

    device = "cpu"
    capabilities = frozenset({"continues", "reuses_prefix"})

    def __init__(self, model_path: str, settings: WorkerSettings) -> None:
        """Raises: EngineNotInstalledError, LoadError."""
        try:
            import xllamacpp
        except ImportError as err:
            raise EngineNotInstalledError(
                "Chat needs the package xllamacpp, which is not installed.",
                hint="Run: pip install xllamacpp",
            ) from err
        wanted = int(settings.limits.get("max_context_tokens", DEFAULT_CONTEXT_TOKENS))
        self.context_length = min(settings.card.context_length or wanted, wanted)
        self._slots = SlotBoard(settings.slots)
        with tempfile.TemporaryDirectory(prefix="quintet-text-") as folder:
            params = self._params(xllamacpp, model_path, settings)
            params.hostnames = [str(Path(folder) / "engine.sock")]
            try:
                self._server = xllamacpp.Server(params)
            except RuntimeError as err:
                raise LoadError(
                    f"llama.cpp could not load {settings.card.name}: {err}",
                    hint="The file may be damaged, or made for a newer llama.cpp.",
                ) from err

    def _params(self, xllamacpp: Any, model_path: str, settings: WorkerSettings) -> Any:
        params = xllamacpp.CommonParams()
        params.model.path = model_path
        params.n_threads_http = 1
        params.verbosity = 0
        params.n_gpu_layers = 0
        # One stream decodes on half of the cores: with all of them it is a tenth faster alone (150
        # against 137 tokens/s on two cores), but falls to a thirtieth while another engine works,
        # because each thread waits for one that is not running. Prompts and batches use all.
        params.cpuparams.n_threads = max(1, settings.threads // 2)
        params.cpuparams_batch.n_threads = settings.threads
        params.n_parallel = settings.slots
        params.n_ctx = settings.slots * self.context_length
        params.kv_unified = False
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_Q8_0
        params.n_batch = params.n_ubatch = BATCH_TOKENS
        params.cache_ram_mib = PROMPT_CACHE_MIB
        return params

    def generate(
        self, messages: Sequence[ChatMessage], sampling: SamplingParams, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """See `TextEngine`."""
        with self._slots.hold(messages) as slot:
            run = partial(self._server.handle_chat_completions, _body(messages, sampling, slot))
            with closing(iterate_callbacks(run, cancel)) as chunks:
                for piece in _pieces(chunks):
                    if isinstance(piece, Delta):
                        self._slots.add_answer(slot, piece.text)
                    yield piece

    def close(self) -> None:
        """Stop the server."""
        del self._server


def _pieces(chunks: Iterable[Chunk]) -> Iterator[Piece]:
    reason: str | None = None
    for chunk in chunks:
        if "error" in chunk:
            raise _error(chunk["error"])
        if "prompt_progress" in chunk:
            yield from _progress(chunk["prompt_progress"])
        for choice in chunk["choices"]:
            reason = choice["finish_reason"] or reason
            if text := choice["delta"].get("content"):
                yield Delta(text=text)
        if "usage" in chunk and reason is not None:
            yield _completion(reason, chunk)


def _body(messages: Sequence[ChatMessage], sampling: SamplingParams, slot: int) -> Chunk:
    body: Chunk = {
        "messages": [{"role": message.role, "content": message.text} for message in messages],
        "id_slot": slot,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
        "stop": list(sampling.stop),
    }
    if sampling.max_tokens is not None:
        body["max_tokens"] = sampling.max_tokens
    if sampling.seed is not None:
        body["seed"] = sampling.seed
        # What is read from the cache was computed in batches of another size, and differs in the
        # last bits: enough to choose another token.
        body["cache_prompt"] = False
    return body


def _progress(progress: Chunk) -> Iterator[PromptProgress]:
    """Nothing for a prompt that is read in one batch."""
    cached = int(progress["cache"])
    done, total = int(progress["processed"]) - cached, int(progress["total"]) - cached
    if total > BATCH_TOKENS:
        yield PromptProgress(done_tokens=done, total_tokens=total)


def _completion(reason: str, chunk: Chunk) -> Completion:
    usage, timings = chunk["usage"], chunk.get("timings", {})
    details = usage.get("prompt_tokens_details") or {}
    return Completion(
        reason="length" if reason == "length" else "stop",
        usage=Usage(
            prompt_tokens=usage["prompt_tokens"],
            cached_tokens=details.get("cached_tokens", 0),
            completion_tokens=usage["completion_tokens"],
            prefill_s=timings.get("prompt_ms", 0.0) / 1000,
            decode_s=timings.get("predicted_ms", 0.0) / 1000,
        ),
    )


def _error(error: Chunk) -> AppError:
    if error.get("type") == "exceed_context_size_error":
        return ContextTooLongError(
            f"The conversation is {error['n_prompt_tokens']:,} tokens long, "
            f"the model's context holds {error['n_ctx']:,}.",
            hint="Shorten the message, or start a new chat.",
        )
    return GenerationError(f"llama.cpp refused the request: {error.get('message', error)}")
