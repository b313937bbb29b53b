"""`quintet models sets`: which models are recommended on which machine, and what they need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from workers.messages.amounts import memory_words

from .options import Json, Where
from .output import emit, say

if TYPE_CHECKING:
    from configs.catalogue import ModelCard
    from configs.sets import ModelSet, Part

HEAD = (
    "| machine | text, pictures | speech in | speech out | documents, with reranker | together |",
    "| --- | --- | --- | --- | --- | --- |",
)
TURNS = {
    "text": "the text model",
    "stt": "speech in",
    "tts": "speech out",
    "rag": "documents",
}
"""What takes its turn, in a sentence."""


def sets(
    machine: Annotated[
        str | None,
        typer.Argument(metavar="[MACHINE]", help="Only one, in detail: cpu-8gb, card-8gb …"),
    ] = None,
    *,
    where: Where,
    as_json: Json = False,
) -> None:
    """List the recommended sets of models, and name the one for this machine."""
    from configs.sets import PARTS, load_sets, set_for
    from workers.messages.errors import UnsupportedInputError
    from workers.standalone import this_machine

    from .opening import read_models

    if where.url:
        raise UnsupportedInputError("sets looks at this machine: leave out --url (QUINTET_URL).")
    found = load_sets()
    if machine is not None:
        _show_one(machine, found, where, as_json=as_json)
        return
    free_mib, card_mib = this_machine()
    chosen = set_for(found, free_mib, card_mib)
    if as_json:
        for one in found:
            emit({**one.model_dump(), "is_for_this_machine": one == chosen})
        return
    say(markdown(found, {card.id: card for card in read_models(where).known()}))
    with_card = f" and a graphics card of {memory_words(card_mib)}" if card_mib else ""
    say(f"\nFor this machine, with {memory_words(free_mib)} of RAM free{with_card}:")
    for model_id in dict.fromkeys(map(chosen.model_of, PARTS)):
        say(f"  quintet models pull {model_id}")


def _show_one(machine: str, found: tuple[ModelSet, ...], where: Where, *, as_json: bool) -> None:
    """Raises: UnsupportedInputError for a machine that has no set."""
    from workers.messages.errors import UnsupportedInputError

    from .opening import read_models
    from .set_details import detailed, details

    one = next((one for one in found if one.id == machine), None)
    if one is None:
        known = ", ".join(one.id for one in found)
        raise UnsupportedInputError(f"There is no set {machine!r}; known: {known}.")
    cards = {card.id: card for card in read_models(where).known()}
    if as_json:
        for row in details(one, cards):
            emit(row)
    else:
        say(f"{one.name}:\n\n{detailed(one, cards)}")


def markdown(found: tuple[ModelSet, ...], cards: Mapping[str, ModelCard]) -> str:
    """Return the table, as docs/models.md shows it."""
    return "\n".join((*HEAD, *(_row(one, cards) for one in found)))


def _row(one: ModelSet, cards: Mapping[str, ModelCard]) -> str:
    from workers.pool.memory.machine import CPU, CUDA
    from workers.pool.memory.set_needs import WORKERS, needs_of

    needs = needs_of(one, cards)
    parts: tuple[Part, ...] = ("text", "stt", "tts")
    cells = [_model(one, part) for part in parts]
    cells.append(f"{_model(one, 'rag')}, `{one.reranker}`")
    taken = needs.together_mib
    on_card = f"{memory_words(taken[CUDA])} of the card, " if CUDA in taken else ""
    last = f"{on_card}{memory_words(taken[CPU])} of RAM"
    waiting = [TURNS[part] for part in WORKERS if part not in needs.awake]
    last += f"; {' and '.join(waiting)} in turn" if waiting else "; all awake"
    return f"| {one.name} | {' | '.join(cells)} | {last} |"


def _model(one: ModelSet, part: Part) -> str:
    chosen, other = f"`{one.model_of(part)}`", one.instead.get(part)
    return f"{chosen} (or `{other}`)" if other else chosen
