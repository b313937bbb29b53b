"""`quintet models add`: a model of your own choice becomes one that can be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.messages.amounts import memory_words

from .options import Json, Where, Yes
from .output import confirm, emit, say
from .proposal import show_quantizations

if TYPE_CHECKING:
    from configs.catalogue import ModelCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is to become of the model."""

    model_id: Annotated[str, typer.Option("--id", help="Its name here.")] = ""
    modality: Annotated[
        str, typer.Option("--as", help="text, stt, tts, vision or rag, where it could be two.")
    ] = ""
    price: Annotated[
        str,
        typer.Option(
            help="Of a model on another server, of a million tokens read / written: 2.5/10 EUR."
        ),
    ] = ""
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it is; add nothing.")] = False


def add(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="OWNER/REPOSITORY[@REVISION][:FILE] of the hub, an address, a file or a folder, "
            "ollama:NAME or lmstudio:NAME as `models list` shows them, openai:MODEL or "
            "anthropic:MODEL.",
        ),
    ],
    *,
    kind: Kind,
    yes: Yes = False,
    where: Where,
    as_json: Json = False,
) -> None:
    """Add a model that the catalogue does not have; its weights are fetched by `models pull`."""
    from .models import open_models

    models = open_models(where)
    found = models.propose(what, kind.model_id, kind.modality, kind.price)
    card = found.card
    if not as_json:
        _describe(card, found.plan)
        show_quantizations(found)
    if not kind.dry_run:
        if not (yes or as_json):
            confirm(f"Add it as {card.id}?")
        models.add(card, what)
    if as_json:
        values = card.model_dump(mode="json", exclude_defaults=True)
        emit({**values, "added": not kind.dry_run, "quantizations": found.quantizations})
    elif not kind.dry_run:
        fetch = (
            f" Fetch it: quintet models pull {card.id}"
            if card.source.startswith(("hf:", "url:"))
            else ""
        )
        say(f"Added {card.id}.{fetch}")


def _describe(card: ModelCard, plan: Mapping[str, Any]) -> None:
    """Show what a card would say, and whether the model fits."""
    from workers.models.prices import price_text

    kind = {"none": ""}.get(card.quantization, f", {card.quantization}")
    licence = f"{card.license}, limits its use" if card.license_restricted else card.license
    size = (
        f"{card.parameters_m:,.0f} million parameters; to fetch: {memory_words(card.download_mib)}"
    )
    rows = [
        ("id", card.id),
        ("name", card.name),
        ("does", f"{card.modality}, with the engine {card.engine}{kind}"),
        ("size", "on another server" if card.is_remote else size),
        ("licence", f"{licence} {card.license_url}".strip()),
        ("from", card.source),
    ]
    if not card.is_remote:
        rows.append(("plan", plan["sentence"]))
    if price := price_text(card):
        rows.append(("price", f"{price}, of a million tokens read / written"))
    if card.environment:
        rows.append(("needs", f"quintet env create {card.environment}"))
    for name, value in rows:
        say(f"{name:8} {value}")
