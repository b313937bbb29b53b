"""What is offered to a new machine: the models of its set, which of them are missing, and what they take.

Pure: from a set and the states of its models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import get_args

from configs.catalogue import ModelCard
from configs.sets import PARTS, ModelSet, Part
from workers.messages import Modality
from workers.messages.errors import UnsupportedInputError
from workers.models.downloads.progress import MIB
from workers.models.status import ModelStatus

UNDER_WAY = ("running", "waiting", "elsewhere")
READY = ("here", "in_use")
LEFT = {
    "environment": "{name} needs a program of its own: run quintet env create {what}, then once more.",
    "documents": "Documents stay with the model that they were indexed with, not {name}.",
    "unknown": "No card is called {name}.",
}
"""Why a model of the set is not offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedModel:
    """One model of the set."""

    part: Part
    status: ModelStatus

    @property
    def card(self) -> ModelCard:
        """Its card."""
        return self.status.card

    @property
    def is_here(self) -> bool:
        """Whether its weights are complete on this disk."""
        return self.status.state in READY

    @property
    def total_bytes(self) -> int:
        """The size of its download; about, where the card does not know it exactly."""
        return download_bytes(self.card)

    @property
    def missing_bytes(self) -> int:
        """What is still to come."""
        if self.is_here:
            return 0
        done = self.status.download.done_bytes if self.status.download else 0
        return max(0, self.total_bytes - done)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOffer:
    """The set for one machine, as far as it can be used there."""

    machine: str
    """The kind of machine that the set is for, for people."""
    models: tuple[OfferedModel, ...]
    """The text model first."""
    left_out: tuple[str, ...] = ()
    """A sentence for each model of the set that is not offered."""

    @property
    def missing(self) -> tuple[OfferedModel, ...]:
        """Those that are not here."""
        return tuple(model for model in self.models if not model.is_here)

    @property
    def missing_bytes(self) -> int:
        """What is to be downloaded."""
        return sum(model.missing_bytes for model in self.missing)

    @property
    def licences(self) -> tuple[OfferedModel, ...]:
        """Missing models whose licence limits their use, and needs a yes."""
        return tuple(model for model in self.missing if model.card.license_restricted)


def modality_of(part: Part) -> Modality | None:
    """Return the modality that a part is the default of; None for the reranker, which is found by itself."""
    return None if part == "reranker" else part


def ids_for(sets: Sequence[ModelSet], modality: Modality) -> tuple[str, ...]:
    """Return which models sets recommend for a modality, in their order; pictures are the text model's."""
    part: Part = "text" if modality == "vision" else modality
    named = ((one.model_of(part), one.instead.get(part)) for one in sets)
    return tuple(dict.fromkeys(name for pair in named for name in pair if name))


def parts_of(only: Sequence[str]) -> tuple[Part, ...]:
    """Return the named parts of a set; all if none is named. Raises: UnsupportedInputError."""
    wrong = [name for name in only if name not in get_args(Part)]
    if wrong:
        known = ", ".join(PARTS)
        raise UnsupportedInputError(f"A set has no part {wrong[0]!r}; known: {known}.")
    return tuple(part for part in PARTS if not only or part in only)


def offer_of(
    chosen: ModelSet,
    status_of: Callable[[str], ModelStatus | None],
    *,
    parts: Sequence[Part] = PARTS,
    missing_environment: Callable[[ModelCard], str] = lambda card: "",
    has_documents: bool = False,
) -> SetOffer:
    """Return what is offered of a set.

    `missing_environment`: the name of the environment that a model needs and that is not there.
    """
    models: list[OfferedModel] = []
    left_out: list[str] = []
    for part in parts:
        status = status_of(chosen.model_of(part))
        if status is None:
            left_out.append(LEFT["unknown"].format(name=chosen.model_of(part)))
        elif what := missing_environment(status.card):
            left_out.append(LEFT["environment"].format(name=status.card.name, what=what))
        elif part == "rag" and has_documents and status.state != "in_use":
            left_out.append(LEFT["documents"].format(name=status.card.name))
        else:
            models.append(OfferedModel(part=part, status=status))
    return SetOffer(machine=chosen.name, models=tuple(models), left_out=tuple(left_out))


def download_bytes(card: ModelCard) -> int:
    """Return the size of a card's download; about, where it does not know every file's."""
    sizes = [card.file_bytes.get(name) for name in card.files]
    known = [size for size in sizes if size is not None]
    if sizes and len(known) == len(sizes):
        return sum(known)
    return (card.download_mib or 0) * MIB
