"""GGUF files: what the chosen one says about itself, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping

from workers.messages.errors import UnsupportedInputError
from workers.models.facts.gguf import UNKNOWN, parameters_m, quantization
from workers.models.facts.gguf_embedder import embedder_facts, known_prompts
from workers.models.facts.gguf_header import Value
from workers.models.facts.gguf_values import number_of, text_of
from workers.models.llama_server.knowing import Builds, Runner

from .gguf_files import is_projector, model_pieces, projector_of
from .repo_files import RepoFiles
from .values import Values, card_values

_PROJECTOR = "clip"
"""Architecture of a projector."""
_SLOTS_FROM_MIB = 2500
"""Models larger than this answer two at a time: each slot has its own KV cache."""

Header = Mapping[str, Value]


def of_gguf(repo: RepoFiles, modality: str, builds: Builds) -> Values:
    """Return the card's fields. Raises: UnsupportedInputError; ConfigError."""
    if repo.chosen and is_projector(repo.chosen):
        raise _projector_alone(repo.chosen)
    pieces = model_pieces(repo)
    header = repo.gguf(pieces[0])
    runner = _runner(repo, pieces[0], header, builds)
    facts = embedder_facts(header)
    is_for_documents = facts.ranks or facts.is_embedder or modality == "rag"
    if is_for_documents and not (modality == "text" and not facts.is_encoder):
        return {**_for_documents(repo, header, pieces, runner), "doubt": runner.doubt}
    return {**_for_chat(repo, header, pieces, runner, modality), "doubt": runner.doubt}


def _for_documents(repo: RepoFiles, header: Header, pieces: list[str], runner: Runner) -> Values:
    """An embedder, or a reranker."""
    facts, common = embedder_facts(header), _common(repo, header, pieces)
    names = (text_of(header, "general.name"), text_of(header, "general.basename"))
    options = {"ranks": True} if facts.ranks else known_prompts(*names, repo.place, pieces[0])
    if facts.is_encoder:
        common["shape"] = None
    return card_values(
        repo, modality="rag", engine=runner.engine, files=pieces,
        weights_bytes=repo.size(*pieces), options=options, **common,
    )  # fmt: skip


def _for_chat(
    repo: RepoFiles, header: Header, pieces: list[str], runner: Runner, modality: str
) -> Values:
    """A text model, which sees with a projector beside it; one that was asked for as text alone does not."""
    projector = projector_of(repo, pieces[0]) if modality in ("", "vision") else ""
    if modality == "vision" and not projector:
        raise UnsupportedInputError(
            f"{repo.place} has no projector (mmproj….gguf) beside {pieces[0]}.",
            "Without one a model cannot see: choose a repository that has both.",
        )
    files = [*pieces, projector] if projector else pieces
    is_large = repo.size(*pieces) >> 20 > _SLOTS_FROM_MIB
    slots = 1 if modality == "vision" else 2 if is_large else None
    return card_values(
        repo, modality="vision" if modality == "vision" else "text", engine=runner.engine, files=files,
        weights_bytes=repo.size(*files), options={"slots": slots} if slots else {},
        **_common(repo, header, pieces),
    )  # fmt: skip


def _common(repo: RepoFiles, header: Header, pieces: list[str]) -> Values:
    architecture = text_of(header, "general.architecture", UNKNOWN)
    return {
        "quantization": quantization(header),
        "parameters_m": parameters_m(header) or round(repo.size(*pieces) / 0.6e6),
        "context_length": number_of(header, f"{architecture}.context_length"),
        "shape": _shape(header, architecture),
        "name": text_of(header, "general.name"),
        "license": text_of(header, "general.license"),
    }


def _runner(repo: RepoFiles, name: str, header: Header, builds: Builds) -> Runner:
    """Return who runs it. Raises: UnsupportedInputError if llama.cpp cannot run this as a model."""
    architecture = text_of(header, "general.architecture", UNKNOWN)
    if architecture == _PROJECTOR:
        raise _projector_alone(name)
    try:
        return builds.runner_of(architecture)
    except UnsupportedInputError as err:
        raise UnsupportedInputError(f"{name} of {repo.place}: {err.message}", err.hint) from err


def _projector_alone(name: str) -> UnsupportedInputError:
    return UnsupportedInputError(
        f"{name} is the projector of a vision model, not a model of its own.",
        "Name the model's own file: the projector beside it is found by itself.",
    )


def _shape(header: Header, architecture: str) -> dict[str, int] | None:
    """Return what the KV cache is computed from; None if the header does not say it plainly.

    Raises: ConfigError if a number is none.
    """

    def number(key: str) -> int:
        return number_of(header, f"{architecture}.{key}")

    num_layers, hidden_size = number("block_count"), number("embedding_length")
    num_heads = number("attention.head_count")
    if not (num_layers and hidden_size and num_heads):
        return None
    return {
        "num_layers": num_layers,
        "hidden_size": hidden_size,
        "num_heads": num_heads,
        "num_kv_heads": number("attention.head_count_kv") or num_heads,
        "head_dim": number("attention.key_length") or hidden_size // num_heads,
        "vocab_size": number("vocab_size"),
    }
