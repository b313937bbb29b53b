"""Models under the names that Ollama's clients know: `<id>:latest`. Pure functions but for the look-up."""

from __future__ import annotations

import difflib
import re

from configs.catalogue import ModelCard
from workers.messages import Modality
from workers.messages.errors import UnknownModelError, UnsupportedInputError
from workers.models.lookup import Models
from workers.models.names import LATEST
from workers.specs.spec import may_be_default, spec_of

_PLACES = re.compile(r"^(?:(?:registry\.ollama\.ai|ollama\.com)/)?(?:library/)?(?=.)")
"""Where Ollama has a name from when it names no other place."""
_NEW = re.compile(r"[A-Za-z0-9_][\w.-]{0,79}(?::[A-Za-z0-9_][\w.-]{0,79})?", re.ASCII)
NUM_NEAREST = 3
WORDS = {"text": "chat", "rag": "embedding"}


def shown(card: ModelCard) -> str:
    """Return a model's name with its tag; one that was made here has the name that it was given."""
    name = card.name if card.base else card.id
    return name if ":" in name else f"{name}{LATEST}"


def untagged(name: str) -> str:
    """Return a name without the tag that it has if it has none."""
    return name.removesuffix(LATEST)


def find(models: Models, name: str, *modalities: Modality) -> ModelCard:
    """Return the card that a name means, of one of these modalities if any are given.

    Raises: UnknownModelError with the nearest names; UnsupportedInputError for a model that does
    something else.
    """
    try:
        card = models.get(_PLACES.sub("", name, count=1))
    except UnknownModelError as err:
        raise _unknown(models, name) from err
    if modalities and not any(_serves(card, modality) for modality in modalities):
        raise UnsupportedInputError(f"{name!r} does not support {WORDS[modalities[0]]}.")
    return card


def _serves(card: ModelCard, modality: Modality) -> bool:
    if modality == "vision" and card.modality == "vision":
        return answers_about_pictures(card)
    return card.serves(modality) and may_be_default(card)


def answers_about_pictures(card: ModelCard) -> bool:
    """Whether a model of the vision worker says more than what is written in a picture."""
    spec = spec_of(card)
    return spec is not None and not spec.only_reads


def is_listed(card: ModelCard) -> bool:
    """Whether Ollama's clients can use a model: it answers, or makes vectors."""
    return any(_serves(card, modality) for modality in ("text", "vision", "rag"))


def new_id(name: str) -> str:
    """Return the id for a model that is made under this name. Raises: UnsupportedInputError."""
    if not _NEW.fullmatch(name):
        raise UnsupportedInputError(
            f"{name!r} cannot be a model's name.",
            "Use letters, digits, dots, hyphens, and a tag behind a colon, at most 80 of each.",
        )
    return untagged(name).replace(":", "-")


def _unknown(models: Models, name: str) -> UnknownModelError:
    known = [card.id for card in models.known() if is_listed(card)]
    wanted = untagged(name).replace(":", "-").lower()
    nearest = difflib.get_close_matches(wanted, known, NUM_NEAREST, cutoff=0.4)
    hint = f"Nearest: {', '.join(nearest)}. " if nearest else ""
    return UnknownModelError(
        f"model {name!r} not found.",
        f"{hint}GET /api/tags lists what is here; POST /api/pull fetches a model of the catalogue.",
    )
