"""Safetensors models (GPTQ and AWQ too) batched continuously by vLLM, in this process.

Only this file and `vllm_steps.py` know vllm; its cards say `environment: vllm` (a GPU with CUDA) or
`environment: vllm-cpu`. Options of a card, under vLLM's own names:

- `dtype`; without it vLLM follows the weights (float32 on a CPU, whose short ones are slow);
- `enforce_eager`: no compilation and no CUDA graphs: starts minutes sooner and takes less memory, decodes
  somewhat slower. On by default; `false` for a server that stays awake;
- `gpu_memory_utilization`, `block_size`, `max_num_batched_tokens`, `quantization`, `swap_space`…: any
  other field of its `EngineArgs`, but those that run foreign code.

What was found out (vLLM 0.32), and why it is set up as it is:

- Its `AsyncLLM` insists on a second process. `LLMEngine` works in this one, which the pool can then kill
  whole; a thread of ours makes its steps (`vllm_steps.py`).
- Left alone it takes 92 % of a GPU. Here the KV cache gets exactly what `slots` conversations of the
  full context need, which is what the estimate reserves.
- On a CPU it binds its threads to cores, and ruins every engine beside it: `nobind`.
- `enforce_eager` still compiles the sampler's own functions at their first use, for half a minute and
  with a C compiler: PyTorch's compiler is switched off with it.
- Thoughts are bounded (`thinking_token_budget`) only where it has been told at the start how they are marked.
- A model's `generation_config.json` would change sampling values behind the request's back.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

from workers.engines.contract import CancelToken
from workers.messages import Complete, Constraint, Generate, SamplingParams
from workers.messages.errors import (
    ContextTooLongError,
    LoadError,
    OutOfMemoryError,
    UnsupportedInputError,
)
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.tuning.context import context_tokens
from workers.specs.spec import missing_library

from .engine import Piece, TextEngine
from .hf_prompt import ChatPrompts
from .thoughts import Tags, split_thoughts, with_answer_limit
from .vllm_steps import Steps, pieces_of, to_app_error

ENVIRON = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "WARNING",
    "VLLM_HOST_IP": "127.0.0.1",
}
SMALLEST_TOP_P = 1e-6
"""vLLM refuses 0, by which others mean the likeliest token alone."""
LATE = 8
"""Tokens by which a thought may pass its bound: vLLM's scheduler is ahead of what it has counted. Three were
seen; the answer is cut by `with_answer_limit`."""
OURS = frozenset({"context_tokens", "slots", "threads"})
FORBIDDEN = frozenset({"trust_remote_code", "model", "tokenizer", "download_dir", "load_format"})
"""Options of a card that are not vLLM's, and those that Quintet decides."""


class VllmEngine(TextEngine):
    """One model of a folder with `config.json`, safetensors and a tokenizer."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        path = folder / settings.card.weight_file
        folder, self.slots = path if path.is_dir() else path.parent, settings.slots
        self._vllm = _import_vllm(is_eager=settings.card.options.get("enforce_eager", True) is True)
        config = import_module("transformers").AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        self.context_length = _context_length(settings, config)
        tokenizer = import_module("transformers").AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        self._prompts = ChatPrompts(tokenizer, settings.card.name)
        arguments = engine_args(folder, settings, config, self.context_length)
        if self._prompts.tags is not None:
            arguments = self._bounding_thoughts(self._prompts.tags) | arguments
        self._steps = Steps(self._start(arguments, settings))
        is_cpu = import_module("vllm.platforms").current_platform.is_cpu()
        self.device = "cpu" if is_cpu else settings.device
        self.capabilities = frozenset({"continues", "reuses_prefix"})
        if self._prompts.shows_tools:
            self.capabilities |= {"shows_tools"}
        if self._prompts.tags is not None:
            self.capabilities |= {"thinks"}

    def _bounding_thoughts(self, tags: Tags) -> dict[str, Any]:
        """Return what vLLM must know from the start to end a thought: the tags around one."""
        known = import_module("vllm.config").ReasoningConfig
        marks = known(reasoning_start_str=tags.start, reasoning_end_str=tags.end)
        return {"reasoning_config": marks}

    def _start(self, arguments: dict[str, Any], settings: WorkerSettings) -> Any:
        name = settings.card.name
        try:
            return self._vllm.LLMEngine.from_engine_args(self._vllm.EngineArgs(**arguments))
        except TypeError as err:
            raise LoadError(f"vLLM does not take the options of {name}: {err}.") from err
        except (MemoryError, RuntimeError, ValueError) as err:
            reason = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
            if isinstance(err, MemoryError) or "memory" in reason.lower():
                raise OutOfMemoryError(
                    f"{name} does not fit: {reason}",
                    "Use a shorter context (options: context_tokens), fewer slots, or let others sleep.",
                ) from err
            raise LoadError(f"vLLM could not load {name}: {reason}") from err

    def generate(
        self, request: Generate | Complete, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """See `TextEngine`."""
        ids, _ = self._prompts.encode(request)
        room = self.context_length - len(ids)
        if room < 1:
            raise ContextTooLongError(
                f"The conversation is {len(ids):,} tokens long, "
                f"the model's context holds {self.context_length:,}.",
                hint="Shorten the message, or start a new chat.",
                num_tokens=len(ids),
            )
        values = sampling_values(request.sampling, room)
        if request.constraint is not None:
            structured = import_module("vllm.sampling_params").StructuredOutputsParams
            values["structured_outputs"] = structured(**_constraint_values(request.constraint))
        if self._prompts.tags is None or not isinstance(request, Generate):
            return self._written(ids, values, cancel)
        return self._thought_over(request, self._prompts.tags, ids, values, cancel)

    def _thought_over(
        self,
        request: Generate,
        tags: Tags,
        ids: list[int],
        values: dict[str, Any],
        cancel: CancelToken,
    ) -> Generator[Piece, None, None]:
        """Yield the answer of a model that may think first; a bound of the thought is not the answer's."""
        longest, limit = request.thinking.max_tokens, request.sampling.max_tokens
        is_open = self._prompts.opens_thought(ids)
        if longest is None:
            return split_thoughts(self._written(ids, values, cancel), tags, is_open=is_open)
        values = {**values, "thinking_token_budget": longest}
        if limit is None:
            return split_thoughts(self._written(ids, values, cancel), tags, is_open=is_open)
        room = limit + longest + self._prompts.num_tokens(tags.end) + LATE
        values["max_tokens"] = min(self.context_length - len(ids), room)
        pieces = split_thoughts(self._written(ids, values, cancel), tags, is_open=is_open)
        return with_answer_limit(pieces, limit, len(ids))

    def _written(
        self, ids: list[int], values: dict[str, Any], cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """Raises: UnsupportedInputError for values that vLLM refuses."""
        try:
            params = self._vllm.SamplingParams(
                **values, output_kind=self._vllm.sampling_params.RequestOutputKind.DELTA
            )
        except Exception as err:
            raise to_app_error(err) from err
        return pieces_of(self._steps, ids, params, cancel)

    def close(self) -> None:
        """See `TextEngine`."""
        self._steps.close()


def _import_vllm(*, is_eager: bool) -> Any:
    os.environ.update(ENVIRON)  # read when it is imported
    if is_eager:
        os.environ["TORCHDYNAMO_DISABLE"] = "1"
    try:
        return import_module("vllm")
    except ImportError as err:
        raise missing_library("text", "vllm", err) from err


def engine_args(
    folder: Path, settings: WorkerSettings, config: Any, context_length: int
) -> dict[str, Any]:
    """Return vLLM's `EngineArgs`. Raises: LoadError for an option that is not the card's to set."""
    own = {name: value for name, value in settings.card.options.items() if name not in OURS}
    if wrong := sorted(FORBIDDEN & own.keys()):
        raise LoadError(f"{settings.card.name}: the option {wrong[0]} is not a card's to set.")
    arguments = {
        "model": str(folder),
        "load_format": "safetensors",
        "trust_remote_code": False,
        "max_model_len": context_length,
        "max_num_seqs": settings.slots,
        "enforce_eager": True,
        "disable_log_stats": True,
        "generation_config": "vllm",
        **({"dtype": "float32"} if settings.device == "cpu" else {}),
    }
    if "gpu_memory_utilization" not in own:
        size = 4 if {**arguments, **own}.get("dtype") == "float32" else 2
        token_bytes = kv_bytes_per_token(config.get_text_config(), size)
        # Half a conversation more: blocks that are shared or not yet full.
        arguments["kv_cache_memory_bytes"] = int(
            (settings.slots + 0.5) * context_length * token_bytes
        )
    return {**arguments, **own}


def kv_bytes_per_token(config: Any, bytes_per_value: int) -> int:
    """Return what a token of context takes in all layers, keys and values."""
    heads = config.num_attention_heads
    kv_heads = getattr(config, "num_key_value_heads", None) or heads
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    return int(2 * config.num_hidden_layers * kv_heads * head_dim * bytes_per_value)


def sampling_values(sampling: SamplingParams, room: int) -> dict[str, Any]:
    """Return vLLM's `SamplingParams`. Raises: UnsupportedInputError for what it does not have."""
    if sampling.mirostat or sampling.typical_p != 1:
        name = "mirostat" if sampling.mirostat else "typical_p"
        raise UnsupportedInputError(
            f"{name} is {getattr(sampling, name)}: models on vLLM do not have it.",
            "Leave it out and use top_p or min_p, or choose a GGUF model.",
        )
    return {
        "temperature": sampling.temperature,
        "top_p": max(sampling.top_p, SMALLEST_TOP_P),
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repetition_penalty": sampling.repeat_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "seed": None if sampling.seed == -1 else sampling.seed,
        "stop": list(sampling.stop),
        "ignore_eos": sampling.ignore_eos,
        "max_tokens": room if sampling.max_tokens is None else min(room, sampling.max_tokens),
        "logprobs": sampling.num_logprobs,
        "logit_bias": dict(sampling.logit_bias) or None,
    }


def _constraint_values(constraint: Constraint) -> dict[str, Any]:
    if constraint.kind == "schema":
        return {"json": constraint.text}
    if constraint.kind == "grammar":
        return {"grammar": constraint.text}
    return {"json_object": True}


def _context_length(settings: WorkerSettings, config: Any) -> int:
    """Never more than the model was made for, by its own configuration too."""
    made_for = getattr(config.get_text_config(), "max_position_embeddings", None)
    return context_tokens(settings.card, settings.limits, int(made_for or 0))
