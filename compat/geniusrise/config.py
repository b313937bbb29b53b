"""Geniusrise's `genius.yml`: one bolt with one model → settings and a card.

A key that is not known is warned about by name and never fatal, as are keys of it that have no
effect here. Source: geniusrise-text 0.1.13, `InstructionAPI.listen`.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from compat.layers import Layer, ModelFiles, find_file, hub_source, nearest, text_card
from configs.errors import ConfigError, explain
from configs.yaml_files import read_yaml

log = logging.getLogger("quintet.genius")

PORT = 3000
RANDOM_SEED = 0xFFFFFFFF
"""llama.cpp's own."""

WITHOUT_EFFECT = frozenset(
    """model_class tokenizer_class use_cuda precision device_map quantization max_memory torchscript
    compile awq_enabled flash_attention vllm_enforce_eager vllm_tokenizer_mode vllm_download_dir
    vllm_load_format vllm_seed vllm_block_size vllm_gpu_memory_utilization vllm_swap_space
    vllm_sliding_window vllm_pipeline_parallel_size vllm_tensor_parallel_size vllm_max_num_seqs
    vllm_max_num_batched_tokens vllm_max_paddings vllm_max_context_len_to_capture
    vllm_max_lora_rank vllm_max_loras vllm_log_stats llama_cpp_split_mode llama_cpp_tensor_split
    llama_cpp_main_gpu llama_cpp_vocab_only llama_cpp_kv_overrides llama_cpp_n_batch
    llama_cpp_n_threads_batch llama_cpp_rope_scaling_type llama_cpp_yarn_ext_factor
    llama_cpp_yarn_attn_factor llama_cpp_yarn_beta_fast llama_cpp_yarn_beta_slow
    llama_cpp_yarn_orig_ctx llama_cpp_mul_mat_q llama_cpp_logits_all llama_cpp_embedding
    llama_cpp_last_n_tokens_size llama_cpp_lora_base llama_cpp_lora_scale llama_cpp_lora_path
    llama_cpp_numa llama_cpp_chat_format llama_cpp_draft_model llama_cpp_verbose""".split()
)
"""Known, and either ours to decide (batches, paging, templates) or another runtime's."""


class Arguments(BaseModel):
    """The keys of a bolt's `args` that mean something here."""

    model_name: str
    """A repository of the hub, with its revision after a colon; or a folder or file on this disk."""
    use_vllm: bool = False
    use_llama_cpp: bool = False
    endpoint: str | None = None
    """"*": all addresses."""
    port: int = PORT
    cors_domain: str | None = None
    username: str | None = None
    password: str | None = None
    concurrent_queries: bool | None = None
    vllm_max_model_len: int | None = None
    llama_cpp_filename: str | None = None
    """A name or a glob."""
    llama_cpp_n_gpu_layers: int | None = None
    llama_cpp_n_ctx: int | None = None
    llama_cpp_n_threads: int | None = None
    llama_cpp_seed: int | None = None
    llama_cpp_use_mmap: bool | None = None
    llama_cpp_use_mlock: bool | None = None
    llama_cpp_offload_kqv: bool | None = None
    llama_cpp_rope_freq_base: float | None = None
    llama_cpp_rope_freq_scale: float | None = None


def read_genius(path: Path) -> Layer:
    """Return what a genius.yml says. Raises: ConfigError saying where and how it is wrong."""
    given = _args_of(path, _read(path))
    try:
        args = Arguments.model_validate(given)
    except ValidationError as err:
        raise ConfigError(f"{path}: {explain(err, Arguments)}") from err
    _warn(path, given)
    weights = _weights(path, args)
    card = text_card(weights, _options(args, given, weights.engine), _sampling(args))
    server = _server(path, args)
    return Layer(
        settings={
            "server": server,
            "workers": {"text": {"model": card.id}},
            "fetch_models": [card.id],  # as Geniusrise does, and this model only
        },
        cards=(card,),
    )


def _read(path: Path) -> Any:
    return read_yaml(path)


def _args_of(path: Path, content: Any) -> dict[str, Any]:
    bolts = content.get("bolts") if isinstance(content, dict) else None
    if not isinstance(bolts, dict) or not bolts:
        raise ConfigError(f"{path} has no bolts: one with a model_name is needed.")
    listening = {
        name: bolt["args"]
        for name, bolt in bolts.items()
        if isinstance(bolt, dict) and isinstance(bolt.get("args"), dict)
    }
    if not listening:
        raise ConfigError(f"{path}: no bolt has args with a model_name.")
    first, *others = listening
    if others:
        log.warning("%s: only the bolt %r is served, not %s", path, first, ", ".join(others))
    return {str(name): value for name, value in listening[first].items() if value is not None}


def _warn(path: Path, given: dict[str, Any]) -> None:
    known = WITHOUT_EFFECT | set(Arguments.model_fields)
    for name in sorted(set(given) - known):
        log.warning("%s: unknown key %r is ignored%s", path, name, nearest(name, known))
    if idle := sorted(set(given) & WITHOUT_EFFECT):
        log.warning("%s: without effect here: %s", path, ", ".join(idle))


def _weights(path: Path, args: Arguments) -> ModelFiles:
    """What is on this disk is used; else the hub's repository is named."""
    name = args.model_name
    for place in (path.parent / Path(name).expanduser(), Path(name).expanduser()):
        if place.is_file():
            return _here(name, place.resolve())
        if place.is_dir() and (args.llama_cpp_filename or any(place.glob("*.gguf"))):
            return _here(name, find_file(place.resolve(), args.llama_cpp_filename or "*.gguf"))
        if place.is_dir():
            return ModelFiles(name=name, engine=_engine(args), source=f"path:{place.resolve()}")
    if args.use_llama_cpp and not args.llama_cpp_filename:
        raise ConfigError(
            f"{path}: llama_cpp_filename is missing: which GGUF file of {name} to use, "
            "for example '*Q4_K_M.gguf'."
        )
    file = args.llama_cpp_filename if args.use_llama_cpp else None
    repository = name.partition(":")[0]
    return ModelFiles(
        name=repository, engine=_engine(args), source=hub_source(name), file=file or ""
    )


def _here(name: str, file: Path) -> ModelFiles:
    return ModelFiles(name=name, engine="llamacpp", source=f"path:{file.parent}", file=file.name)


def _engine(args: Arguments) -> str:
    if args.use_llama_cpp:
        return "llamacpp"
    return "vllm" if args.use_vllm else "transformers"


def _options(args: Arguments, given: dict[str, Any], engine: str) -> dict[str, Any]:
    """An engine of another runtime gets its own keys as they are."""
    slots = None if args.concurrent_queries is not False else 1
    if engine != "llamacpp":
        own = {
            name.removeprefix("vllm_"): value
            for name, value in given.items()
            if name in WITHOUT_EFFECT and not name.startswith("llama_cpp_")
        }
        return {**own, "context_tokens": args.vllm_max_model_len, "slots": slots}
    return {
        "context_tokens": args.llama_cpp_n_ctx or None,
        "gpu_layers": args.llama_cpp_n_gpu_layers,
        "threads": args.llama_cpp_n_threads,
        "use_mmap": args.llama_cpp_use_mmap,
        "use_mlock": args.llama_cpp_use_mlock,
        "offload_kqv": args.llama_cpp_offload_kqv,
        "rope_freq_base": args.llama_cpp_rope_freq_base,
        "rope_freq_scale": args.llama_cpp_rope_freq_scale,
        "slots": slots,
    }


def _sampling(args: Arguments) -> dict[str, Any]:
    seed = args.llama_cpp_seed
    is_random = seed is None or seed < 0 or seed == RANDOM_SEED
    return {} if is_random else {"seed": seed}


def _server(path: Path, args: Arguments) -> dict[str, Any]:
    server: dict[str, Any] = {"port": args.port}
    if args.endpoint:
        server["host"] = "0.0.0.0" if args.endpoint == "*" else args.endpoint  # noqa: S104
    if args.cors_domain:
        server["cors_origins"] = [args.cors_domain]
    if args.password:
        server["password"] = args.password
        if args.username:
            server["username"] = args.username
    elif args.username:
        log.warning("%s: username without password: nobody is asked to log in", path)
    return server
