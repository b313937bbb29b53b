"""What our engines tell llama.cpp in `CommonParams`, as flags of a `llama-server`.

The parameters stay those of the binding, so that an engine says everything once. What is changed there
and has no flag here is refused: nothing that an engine asks for is lost on the way. Pure functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from workers.messages.errors import EngineNotInstalledError, LoadError
from workers.models.llama_server.asking import ServerProgram

Write = Callable[[Any], str]


def _name(prefix: str) -> Write:
    """From a member of one of llama.cpp's enumerations to the word of its flag."""
    return lambda member: member.name.removeprefix(prefix).lower().replace("_", "-")


def _kv_type(member: Any) -> str:
    return str(member.name.removeprefix("GGML_TYPE_").lower())


VALUES: dict[str, tuple[str, Write]] = {
    "model.path": ("--model", str),
    "n_ctx": ("--ctx-size", str),
    "n_parallel": ("--parallel", str),
    "n_batch": ("--batch-size", str),
    "n_ubatch": ("--ubatch-size", str),
    "cpuparams.n_threads": ("--threads", str),
    "cpuparams_batch.n_threads": ("--threads-batch", str),
    "cache_type_k": ("--cache-type-k", _kv_type),
    "cache_type_v": ("--cache-type-v", _kv_type),
    "reasoning_format": ("--reasoning-format", _name("COMMON_REASONING_FORMAT_")),
}
"""Parameter → its flag, always given."""
IF_CHANGED: dict[str, tuple[str, Write]] = {
    "cpuparams.poll": ("--poll", str),
    "cpuparams_batch.poll": ("--poll-batch", lambda value: str(int(bool(value)))),
    "cpuparams.priority": ("--prio", lambda value: str(int(value))),
    "flash_attn_type": ("--flash-attn", _name("LLAMA_FLASH_ATTN_TYPE_")),
    "rope_freq_base": ("--rope-freq-base", str),
    "rope_freq_scale": ("--rope-freq-scale", str),
    "mmproj.path": ("--mmproj", str),
    "image_max_tokens": ("--image-max-tokens", str),
    "image_min_tokens": ("--image-min-tokens", str),
    "pooling_type": ("--pooling", _name("LLAMA_POOLING_TYPE_")),
    "chat_template": ("--chat-template", str),
}
"""Parameter → its flag, given where an engine has set it: refused if the program does not know it."""
IF_KNOWN: dict[str, tuple[str, Write]] = {
    "cache_ram_mib": ("--cache-ram", str),
    "n_ctx_checkpoints": ("--ctx-checkpoints", str),
    "slot_prompt_similarity": ("--slot-prompt-similarity", str),
    "speculative.types": (
        "--spec-type",
        lambda kinds: ",".join(map(_name("COMMON_SPECULATIVE_TYPE_"), kinds)),
    ),
    "speculative.ngram_simple.size_n": ("--spec-ngram-simple-size-n", str),
    "speculative.ngram_simple.size_m": ("--spec-ngram-simple-size-m", str),
    "speculative.ngram_simple.min_hits": ("--spec-ngram-simple-min-hits", str),
}
"""What an older program does without: it keeps no prompts in RAM, makes no checkpoints, or drafts nothing."""
SWITCHES: dict[str, tuple[bool, str]] = {
    "no_kv_offload": (True, "--no-kv-offload"),
    "mmproj_use_gpu": (False, "--no-mmproj-offload"),
    "warmup": (False, "--no-warmup"),
    "embedding": (True, "--embeddings"),
    "no_extra_bufts": (True, "--no-repack"),
    "cache_idle_slots": (False, "--no-cache-idle-slots"),
    "swa_full": (True, "--swa-full"),
}
"""Parameter → the value at which its flag is given, and the flag."""
NO_FLAG_NEEDED = frozenset(
    "hostnames n_threads_http verbosity n_gpu_layers kv_unified load_mode mmproj_device".split()
)
"""Told in another way (below, and in `process`), or without a meaning here."""
MODES = {
    "LLAMA_LOAD_MODE_NONE": ("--no-mmap",),
    "LLAMA_LOAD_MODE_MLOCK": ("--no-mmap", "--mlock"),
    "LLAMA_LOAD_MODE_MMAP_MLOCK": ("--mlock",),
}


def flags_of(params: Any, untouched: Any, program: ServerProgram) -> list[str]:
    """Return the flags; `untouched` are parameters as the binding makes them.

    Raises: EngineNotInstalledError for a flag that this program does not know; LoadError for a
    parameter that has none.
    """
    values, before = _flat(params), _flat(untouched)
    changed = {name for name, value in values.items() if value != before.get(name)}
    expressed = {*VALUES, *IF_CHANGED, *IF_KNOWN, *SWITCHES, *NO_FLAG_NEEDED}
    if lost := sorted(changed - expressed):
        raise LoadError(f"A llama-server cannot be told: {', '.join(lost)}.")
    flags: list[str] = []
    for name, (flag, write) in VALUES.items():
        flags += [flag, write(values[name])]
    for name, (flag, write) in IF_CHANGED.items():
        if name in changed:
            flags += [_known(flag, program), write(values[name])]
    for name, (flag, write) in IF_KNOWN.items():
        if name in changed and program.knows(flag):
            flags += [flag, write(values[name])]
    for name, (value, flag) in SWITCHES.items():
        if name in changed and values[name] == value:
            flags.append(_known(flag, program))
    flags += [*_load_mode(values["load_mode"], program), *_fixed(values, program)]
    return flags


def _fixed(values: dict[str, Any], program: ServerProgram) -> Iterator[str]:
    """What holds for every model: nothing from a network, no page, our own sizes, one cache a slot."""
    yield "--jinja"
    yield from filter(None, (program.knows("--offline"), program.knows("--no-ui", "--no-webui")))
    yield from filter(None, (program.knows("--no-slots"),))
    if not values["kv_unified"]:
        yield from filter(None, (program.knows("--no-kv-unified"),))
    if values["embedding"] and getattr(values["pooling_type"], "name", "").endswith("RANK"):
        yield from filter(None, (program.knows("--reranking"),))


def device_flags(params: Any, devices: Sequence[object], program: ServerProgram) -> list[str]:
    """Return where the layers go: `devices` are those that it may use, none for the CPU alone."""
    if not devices:
        none = program.knows("--device")
        return ["--gpu-layers", "0", *([none, "none"] if none else [])]
    fit = ["--fit", "off"] if program.knows("--fit") else []
    layers = params.n_gpu_layers
    return [*fit, "--gpu-layers", str(999 if layers < 0 else layers)]


def _load_mode(mode: Any, program: ServerProgram) -> tuple[str, ...]:
    wanted = MODES.get(mode.name, ())
    return tuple(_known(flag, program) for flag in wanted)


def _known(flag: str, program: ServerProgram) -> str:
    if program.knows(flag):
        return flag
    raise EngineNotInstalledError(
        f"{program.path} (version {program.version}) does not know {flag}, which this model needs.",
        "Use a newer llama-server; quintet env create llamacpp builds one.",
    )


def _flat(params: Any, prefix: str = "") -> dict[str, Any]:
    """Return the parameters by their names, those within others behind a dot."""
    found: dict[str, Any] = {}
    for name in dir(params):
        if name.startswith("_"):
            continue
        value = getattr(params, name)
        is_enum = hasattr(type(value), "__members__")
        if type(value).__module__.startswith(type(params).__module__) and not is_enum:
            if not callable(value):
                found |= _flat(value, f"{prefix}{name}.")
        elif not callable(value):
            found[prefix + name] = value
    return found


def model_path(params: Any) -> Path:
    """Return the file that the parameters name."""
    return Path(params.model.path)
