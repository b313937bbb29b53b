"""The composer's switch for documents: which collections a chat's answers are found in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from ui.text.composer.switch_state import SwitchChoice, SwitchState
from workers.client import Client
from workers.flows.turns.options import TurnOptions
from workers.messages import CollectionInfo
from workers.messages.errors import UnsupportedInputError

KEY = "collections"
LOOK = "look-for-collections"
HINT = "Answers from your documents, with sources"
NONE_YET = "No documents yet. Add some in the RAG tab."
LOOKING = "Looking for your documents …"
MAX_CHOSEN = 20
_known: WeakKeyDictionary[Client, tuple[CollectionInfo, ...]] = WeakKeyDictionary()
"""What was there when somebody looked last: documents may sleep, and are not woken for a menu that is shut."""


def note_collections(client: Client, found: Sequence[CollectionInfo]) -> None:
    """Remember which collections there are."""
    _known[client] = tuple(found)


def missing_collections(client: Client, names: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence for each that was not there when somebody looked last; none if nobody has."""
    known = _known.get(client)
    if known is None:
        return ()
    there = {one.name for one in known}
    return tuple(f"There is no collection “{name}” any more" for name in names if name not in there)


def documents_state(client: Client, options: TurnOptions, owner: str) -> SwitchState | None:
    """Return how the switch stands; without a model for documents there is none."""
    if "rag" not in client.models.modalities:
        return None
    chosen, known = options.collections, _known.get(client)
    return SwitchState(
        key=KEY,
        label=_label(chosen),
        icon="books",
        kind="many",
        value=list(chosen),
        is_on=bool(chosen),
        hint=HINT if known else LOOKING if known is None else NONE_YET,
        choices=_choices(chosen, known or ()),
        opens=LOOK,
        looks=LOOK if chosen and _is_awake(client) else "",
    )


def write_documents(options: TurnOptions, value: Any) -> TurnOptions:
    """Choose collections. Raises: UnsupportedInputError."""
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UnsupportedInputError("Collections are chosen by their names.")
    if len(value) > MAX_CHOSEN:
        raise UnsupportedInputError(
            f"{len(value)} collections are chosen; {MAX_CHOSEN} can be searched at once."
        )
    return options.model_copy(update={KEY: tuple(dict.fromkeys(value))})


def _is_awake(client: Client) -> bool:
    """Whether documents can be looked at without waking them."""
    return client.ready("rag", client.card("rag").id) is not None


def _label(chosen: Sequence[str]) -> str:
    if not chosen:
        return "Documents"
    return chosen[0] if len(chosen) == 1 else f"Documents {len(chosen)}"


def _choices(chosen: Sequence[str], known: Sequence[CollectionInfo]) -> tuple[SwitchChoice, ...]:
    there = [
        SwitchChoice(value=one.name, label=one.name, note=_size(one.num_documents)) for one in known
    ]
    names = {one.name for one in known}
    gone = [name for name in chosen if name not in names]
    note = "not there any more" if known else "chosen"
    return (*there, *(SwitchChoice(value=name, label=name, note=note) for name in gone))


def _size(num_documents: int) -> str:
    return "1 document" if num_documents == 1 else f"{num_documents:,} documents"
