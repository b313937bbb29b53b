"""Cards that have another's weights, under a name and with defaults of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from configs.catalogue import ModelCard
from configs.errors import explain
from workers.messages.errors import UnsupportedInputError

from .downloads.download import as_fetched, is_downloadable
from .weights import find_folder


def derive(base: ModelCard, model_id: str, changes: Mapping[str, Any], data_dir: Path) -> ModelCard:
    """Return a card with the weights of `base` where they lie; `changes` are fields of a card.

    Raises: UnsupportedInputError for changes that no card can hold; WeightsError if the weights are
    not here.
    """
    values = base.model_dump(exclude={"id", "name", "recommended", "is_old"})
    try:
        return ModelCard.model_validate(
            {
                **values,
                **_where(base, data_dir),
                "id": model_id,
                "name": model_id,
                "base": base.base or base.id,
                **changes,
            }
        )
    except ValidationError as err:
        raise UnsupportedInputError(f"{model_id}: {explain(err, ModelCard)}.") from err


def _where(base: ModelCard, data_dir: Path) -> dict[str, Any]:
    """Return the fields that say where the files are: a model of another server has none."""
    if base.is_remote:
        return {}
    fetched = as_fetched(base, data_dir) if is_downloadable(base) else base
    folder = find_folder(base, data_dir)
    return {
        "source": f"path:{folder.resolve()}",
        "files": dict(fetched.files),
        "hub": "",
        "file_sources": {},
        "file_bytes": {},
    }


def derived_from(base: ModelCard, cards: tuple[ModelCard, ...]) -> list[str]:
    """Return the ids of the cards that need the weights of this one."""
    return [card.id for card in cards if card.base == base.id]
