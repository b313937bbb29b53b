"""Whether a `llama-server` built here would be faster than the package, whose vectors end with AVX2."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.models.environments.places import compile_minutes
from workers.models.environments.recipes import read_recipe

from .finding import ENVIRONMENT, NAME, built_server

BEYOND_AVX2 = ("avx512f", "avx512_vnni", "avx_vnni", "amx_int8")
"""Linux's words for what llama.cpp's kernels use besides."""
CPUINFO = Path("/proc/cpuinfo")
SET_IT = f"QUINTET_GGUF__ENGINE={NAME} (or gguf: {{engine: {NAME}}} in the settings)"


class Advice(NamedTuple):
    """What would make models in GGUF faster here."""

    why: str
    how: str
    """A command, or a setting."""


def advice(cards: Iterable[ModelCard], settings: Settings) -> Advice | None:
    """Return what to tell whoever uses these models; None where nothing is to be gained."""
    is_used = settings.gguf.engine == NAME or any(card.engine == NAME for card in cards)
    instructions = unused_instructions()
    if is_used or not instructions:
        return None
    if built_server(settings.data_dir) is not None:
        return Advice(f"the {NAME} that was built here is not used", SET_IT)
    return Advice(offer(instructions), f"quintet env create {ENVIRONMENT}")


def unused_instructions(cpuinfo: Path = CPUINFO) -> tuple[str, ...]:
    """Return what this processor has and the package does not use; none where that is not known."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return ()
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return tuple(name for name in BEYOND_AVX2 if name in flags)


def offer(instructions: tuple[str, ...]) -> str:
    """Say what building one would bring, and how long it takes here."""
    compiled = read_recipe(ENVIRONMENT).compiles
    minutes = compile_minutes(compiled)[0] if compiled is not None else 1
    return (
        f"this processor has {', '.join(instructions)}, which the installed llama.cpp does not use; "
        f"built here it is about twice as fast ({minutes} minutes, once)"
    )
