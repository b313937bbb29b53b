"""What is known of a model, as Ollama says it: digest, size, date, details, metadata. Reads the disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from workers.client import Client
from workers.messages.errors import AppError
from workers.models.downloads.download import as_fetched, is_downloadable
from workers.models.facts.gguf import UNKNOWN, gguf_facts
from workers.models.facts.gguf_header import read_gguf_outline
from workers.models.weights import find_folder

from . import names
from .objects import timestamp

Json = dict[str, Any]
GGUF = ".gguf"
MIB = 1 << 20
LEFT_OUT = ("general.name", "tokenizer.chat_template")
"""Metadata that Ollama's show has elsewhere."""
MAX_LISTED = 5
"""A longer list is shown empty unless everything is asked for."""
TEMPLATE = "tokenizer.chat_template"


@dataclass(frozen=True, slots=True)
class LocatedWeights:
    """Where a model's weights are; no path: another server has them, or they are not here."""

    card: ModelCard
    """Naming the files that are here."""
    weights: Path | None

    @property
    def is_gguf(self) -> bool:
        """Whether its metadata can be read."""
        return self.weights is not None and self.weights.suffix == GGUF


def files_of(card: ModelCard, data_dir: Path) -> LocatedWeights:
    """Return where the weights are."""
    if card.is_remote:
        return LocatedWeights(card, None)
    try:
        fetched = as_fetched(card, data_dir) if is_downloadable(card) else card
        path = find_folder(card, data_dir) / fetched.weight_file
    except AppError:
        return LocatedWeights(card, None)
    return LocatedWeights(fetched, path if path.is_file() else None)


def entry(client: Client, card: ModelCard, data_dir: Path) -> Json:
    """Return what the lists of models say of one."""
    files = files_of(card, data_dir)
    size = client.manager.size_mib(card) * MIB
    name = names.shown(card)
    return {
        "name": name,
        "model": name,
        "modified_at": modified_at(files),
        "size": size,
        "digest": digest(files, size),
        "details": details(files),
    }


def digest(files: LocatedWeights, size: int) -> str:
    """Return 64 hexadecimal digits: the SHA-256 of the weights, or of what tells them from others."""
    card = files.card
    known = card.files.get(card.weight_file)
    described = f"{card.id} {card.source} {size} {modified_at(files)}"
    return known or hashlib.sha256(described.encode()).hexdigest()


def modified_at(files: LocatedWeights) -> str:
    """Return when the weights were written; of a model without a file here, the beginning of 1970."""
    return timestamp(files.weights.stat().st_mtime if files.weights else 0.0)


def details(files: LocatedWeights) -> Json:
    """Return family, size and width of the weights."""
    card = files.card
    family = _family(files)
    return {
        "parent_model": card.base,
        "format": _format(files),
        "family": family,
        "families": [family],
        "parameter_size": _in_words(card.parameters_m),
        "quantization_level": card.quantization.upper() if card.quantization != "none" else "F32",
    }


def metadata(files: LocatedWeights, context_length: int, *, verbose: bool = False) -> Json:
    """Return the metadata of a GGUF file; of other weights what their card says, under the same keys."""
    if files.is_gguf and files.weights is not None:
        try:
            outline = read_gguf_outline(files.weights)
        except ConfigError:
            return _metadata_of_card(files, context_length)
        lists = {name: list(items) for name, items in outline.series.items()}
        if not verbose:
            lists = {
                name: items if len(items) <= MAX_LISTED else [] for name, items in lists.items()
            }
        return {
            **{name: value for name, value in outline.values.items() if name not in LEFT_OUT},
            **lists,
        }
    return _metadata_of_card(files, context_length)


def chat_template(files: LocatedWeights) -> str:
    """Return the format of conversations that the card or the weights have; "" if there is none.

    What a model inserts before a `.Suffix` stands before it: clients look for that.
    """
    templates = files.card.templates
    chat = _own_template(files)
    if templates is None or not templates.insert:
        return chat
    return f"{{{{- if .Suffix }}}}{templates.insert}{{{{- else }}}}{chat}{{{{- end }}}}"


def _own_template(files: LocatedWeights) -> str:
    templates = files.card.templates
    if templates and (templates.chat_message or templates.chat):
        return templates.chat_message or templates.chat
    if not files.is_gguf or files.weights is None:
        return ""
    try:
        return str(read_gguf_outline(files.weights).values.get(TEMPLATE, ""))
    except ConfigError:
        return ""


def _metadata_of_card(files: LocatedWeights, context_length: int) -> Json:
    family = _family(files)
    return {
        "general.architecture": family,
        "general.basename": files.card.name,
        "general.parameter_count": int(files.card.parameters_m * 1e6),
        f"{family}.context_length": context_length or files.card.context_length,
    }


def _family(files: LocatedWeights) -> str:
    if files.is_gguf and files.weights is not None:
        try:
            architecture = gguf_facts(files.weights).architecture
        except (ConfigError, OSError):
            architecture = UNKNOWN
        if architecture != UNKNOWN:
            return architecture
    return files.card.engine


def _format(files: LocatedWeights) -> str:
    suffix = Path(files.card.weight_file).suffix.lstrip(".")
    return suffix or ("remote" if files.card.is_remote else files.card.engine)


def _in_words(parameters_m: float) -> str:
    """Return a number of parameters as Ollama writes it: 8.0B, 134.52M."""
    if parameters_m >= 1000:
        return f"{parameters_m / 1000:.1f}B"
    return f"{parameters_m:.2f}M"
