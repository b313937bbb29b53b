"""The fields of a card, put together from what was found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workers.specs.spec import DEFAULT_RUNTIME_MIB, find_spec

from .repo_files import RepoFiles

Values = dict[str, Any]

MIB = 1 << 20


def card_values(
    repo: RepoFiles,
    *,
    modality: str,
    engine: str,
    files: Sequence[str],
    weights_bytes: int,
    **more: Any,
) -> Values:
    """Return a card's fields; `weights_bytes` are those in memory, once loaded."""
    spec = find_spec(modality, engine)
    memory = weights_bytes / MIB + (spec.runtime_mib if spec else DEFAULT_RUNTIME_MIB)
    cache_mib = cache_of(more)
    download = 0 if repo.is_here else -(-repo.size(*files) // MIB)
    return {
        "modality": modality,
        "engine": engine,
        "source": repo.source,
        "files": {name: repo.files[name].sha256 for name in files},
        **({} if repo.is_here else {"file_bytes": _sizes(repo, files)}),
        "memory_mib": round(memory + cache_mib),
        "download_mib": download,
        **({"environment": spec.environment} if spec and spec.environment else {}),
        **{name: value for name, value in more.items() if value is not None},
    }


def _sizes(repo: RepoFiles, files: Sequence[str]) -> dict[str, int]:
    """Return the sizes that the server tells: what it has later must be of the same length."""
    return {name: size for name in files if (size := repo.files[name].size)}


def cache_of(values: Values, context_tokens: int = 4096) -> float:
    """Return the MiB of the KV cache of one request, 16 bits a value; 0 without a shape."""
    shape = values.get("shape")
    if not shape:
        return 0.0
    per_token: int = 2 * 2 * shape["num_layers"] * shape["num_kv_heads"] * shape["head_dim"]
    tokens = min(context_tokens, int(values.get("context_length") or context_tokens))
    return per_token * tokens / MIB
