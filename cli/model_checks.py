"""`quintet models check`: compares the catalogue with the hub, and says what has changed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from workers.messages.amounts import fine_size_words
from workers.messages.errors import UnsupportedInputError

from .options import Json, SomeModels, Where
from .output import emit, say

if TYPE_CHECKING:
    from workers.models.downloads.recheck import Recheck


def check(
    model: SomeModels = None,
    *,
    where: Where,
    as_json: Json = False,
) -> None:
    """Ask the servers whether every file of a card is there, as long and as it was; fetch nothing.

    The exit status is 1 if one is not. With --json, what a card does not say yet is told too.
    """
    if where.url:
        raise UnsupportedInputError("check asks from this machine: leave out --url (QUINTET_URL).")
    from workers.models.downloads.folders import is_downloadable
    from workers.models.downloads.recheck import recheck

    from .opening import read_models, read_settings

    settings, models = read_settings(where), read_models(where)
    cards = [models.get(name) for name in model] if model else list(models.known())
    is_all_right = True
    for card in cards if model else filter(is_downloadable, cards):
        found = recheck(card, settings.hub)
        is_all_right &= found.is_right
        if as_json:
            emit(_as_json(found))
        else:
            _tell(found)
    if not is_all_right:
        raise typer.Exit(1)


def _as_json(found: Recheck) -> dict[str, Any]:
    return {
        "id": found.card.id,
        "source": found.card.source,
        "is_right": found.is_right,
        "problems": found.problems,
        "unsaid": found.unsaid,
        "bytes": found.total_bytes,
    }


def _tell(found: Recheck) -> None:
    size = f"{len(found.files)} files, {fine_size_words(found.total_bytes)}"
    say(f"{'ok' if found.is_right else 'look':5} {found.card.id}: {size}")
    for problem in found.problems:
        say(f"{'':5} -> {problem}")
