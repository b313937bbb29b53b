"""What a model's card or its file says to llama.cpp: where its layers go, how it is read from disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configs.errors import ConfigError
from workers.models.facts.gguf_header import read_gguf_header
from workers.models.tuning.run_settings import RunSettings

DRAFT_AFTER_TOKENS = 4
"""As many must have been copied before more are guessed."""
TEMPLATE_KEY = "tokenizer.chat_template"


def apply_options(params: Any, options: Mapping[str, Any], device: str, xllamacpp: Any) -> None:
    """Set `gpu_layers` (-1: all), `use_mmap`, `use_mlock`, `offload_kqv` and rope scaling.

    Names and meaning as in llama.cpp's Python bindings; what is absent keeps llama.cpp's default,
    but for the layers: all on a GPU, if the memory manager has chosen it.
    """
    params.n_gpu_layers = 0 if device == "cpu" else int(options.get("gpu_layers", -1))
    if "offload_kqv" in options:
        params.no_kv_offload = not options["offload_kqv"]
    modes = xllamacpp.llama_load_mode
    is_mapped, is_locked = options.get("use_mmap", True), options.get("use_mlock", False)
    if "use_mmap" in options or "use_mlock" in options:
        params.load_mode = {
            (True, True): modes.LLAMA_LOAD_MODE_MMAP_MLOCK,
            (True, False): modes.LLAMA_LOAD_MODE_MMAP,
            (False, True): modes.LLAMA_LOAD_MODE_MLOCK,
            (False, False): modes.LLAMA_LOAD_MODE_NONE,
        }[bool(is_mapped), bool(is_locked)]
    for name in ("rope_freq_base", "rope_freq_scale"):
        if options.get(name):
            setattr(params, name, float(options[name]))


def apply_run_settings(params: Any, chosen: RunSettings, xllamacpp: Any) -> None:
    """Set threads, batch and KV cache; the spin is the process's environment."""
    params.cpuparams.n_threads = chosen.decode_threads
    params.cpuparams_batch.n_threads = chosen.batch_threads
    params.n_batch = params.n_ubatch = chosen.batch_tokens
    kv_type = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{chosen.kv_type.upper()}")
    params.cache_type_k = params.cache_type_v = kv_type


def apply_drafts(params: Any, num_tokens: int, xllamacpp: Any) -> None:
    """Let answers that copy from their prompt be guessed from it, up to so many tokens; 0: no.

    For all requests alike: llama.cpp has no way to choose per request, and tells no probabilities
    (`logprobs`) of tokens that were guessed.
    """
    if num_tokens > 0:
        kinds = xllamacpp.common_speculative_type
        params.speculative.types = [kinds.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
        params.speculative.ngram_simple.size_n = DRAFT_AFTER_TOKENS
        params.speculative.ngram_simple.size_m = num_tokens


def template_of(model_path: str) -> str:
    """Return the chat template in the file; "" if there is none."""
    try:
        return str(read_gguf_header(Path(model_path)).get(TEMPLATE_KEY, ""))
    except ConfigError:
        return ""  # llama.cpp will say what is wrong with the file
