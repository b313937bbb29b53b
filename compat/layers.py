"""What another system's configuration file says, in our words: settings and cards.

A reader (`genius.py`, `llm_api.py`) turns a file into a `Layer`; the command line lays it over the
profile and adds its cards to the catalogue. Of weights only the header is read.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from workers.models.facts.gguf import gguf_facts

BYTES_PER_PARAMETER = 0.6
"""Of a 4-bit file: what memory is guessed from while the weights are not here."""
OVERHEAD_MIB = 300
"""The process, its library and a KV cache of 4,096 tokens."""

SAFETENSORS = ("model*.safetensors", "*.j[si]*")
"""Weights in whatever number of files; configuration, tokenizer and chat template beside them."""

_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)([bm])(?![a-z])", re.IGNORECASE)
_QUANTIZATION = re.compile(r"(?:I?Q\d(?:_[A-Z0-9]+)*|B?F16|F32)", re.IGNORECASE)
_NOT_IN_IDS = re.compile(r"[^a-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A file's content."""

    settings: dict[str, Any]
    """As `load_settings` takes its flags: only what the file says."""
    cards: tuple[ModelCard, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """Where a model comes from, and what runs it."""

    name: str
    engine: str
    source: str
    """As in `ModelCard`."""
    file: str = ""
    """Name within the source; "": the whole folder or repository."""


def text_card(
    weights: ModelFiles, options: Mapping[str, Any], sampling: Mapping[str, Any]
) -> ModelCard:
    """Return a card for a text model of the user's own.

    What it is comes from the file if it is here, else from its name. Options and sampling that are
    None are left out. Raises: ConfigError if the file is no GGUF.
    """
    return ModelCard(
        id=_id_of(weights.name),
        modality="text",
        engine=weights.engine,
        source=weights.source,
        files=_files(weights),
        options={name: value for name, value in options.items() if value is not None},
        sampling={name: value for name, value in sampling.items() if value is not None},
        **(_seen(weights) or _guessed(weights)),
    )


def _files(weights: ModelFiles) -> dict[str, None]:
    """Of a whole repository what transformers reads; of a folder that is here, nothing is checked."""
    if weights.file:
        return {weights.file: None}
    return dict.fromkeys(SAFETENSORS) if weights.source.startswith("hf:") else {}


def hub_source(repository: str) -> str:
    """Return the source of `OWNER/NAME`, `OWNER/NAME:REVISION` or `OWNER/NAME@REVISION`."""
    name, _, revision = repository.replace("@", ":").partition(":")
    return f"hf:{name}@{revision or 'main'}"


def find_file(folder: Path, pattern: str) -> Path:
    """Return the file that a name or a glob means in a folder, the first by name.

    Raises: ConfigError listing what there is instead.
    """
    try:
        found = sorted(folder.glob(pattern))
    except (ValueError, NotImplementedError) as err:
        raise ConfigError(f"{pattern!r} is no file name within {folder}: {err}.") from err
    if not found:
        there = ", ".join(sorted(path.name for path in folder.glob("*.gguf"))) or "no GGUF file"
        raise ConfigError(f"{folder} has no file {pattern!r}; there is: {there}.")
    return found[0]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ", did you mean …?" for a name close to a known one, else ""."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f", did you mean {close[0]!r}?" if close else ""


def _id_of(name: str) -> str:
    """Return the last part of a name, in the characters that a file name may have."""
    last = name.rstrip("/").rsplit("/", 1)[-1].lower().removesuffix(".gguf")
    return _NOT_IN_IDS.sub("-", last).strip("-.") or "model"


def _seen(weights: ModelFiles) -> dict[str, Any]:
    """What the file says of itself; empty if it is not here."""
    kind, _, folder = weights.source.partition(":")
    if kind != "path" or not weights.file:
        return {}
    facts = gguf_facts(Path(folder) / weights.file)
    return {
        "name": facts.name or weights.name,
        "license": facts.license,
        "license_url": facts.license_url,
        "origin": facts.origin,
        "quantization": facts.quantization,
        "parameters_m": facts.parameters_m or _parameters_m(weights),
        "context_length": facts.context_length,
        "memory_mib": facts.size_mib + OVERHEAD_MIB,
    }


def _guessed(weights: ModelFiles) -> dict[str, Any]:
    found = _QUANTIZATION.search(weights.file)
    parameters_m = _parameters_m(weights)
    return {
        "name": weights.name,
        "license": "unknown",
        "license_url": "",
        "origin": weights.source.partition(":")[2],
        "quantization": found[0].lower() if found else "unknown",
        "parameters_m": parameters_m,
        "memory_mib": int(parameters_m * 1e6 * BYTES_PER_PARAMETER / 2**20) + OVERHEAD_MIB,
    }


def _parameters_m(weights: ModelFiles) -> float:
    """Return millions of parameters, as a name like "7b" or "135M" says; 0 if none does."""
    found = _SIZE.search(f"{weights.name} {weights.file}")
    if found is None:
        return 0.0
    return float(found[1]) * (1000 if found[2] in "bB" else 1)
