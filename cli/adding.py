"""`quintet models add`: a model of your own choice becomes one that can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Json, Where, Yes
from .output import confirm, emit, say

if TYPE_CHECKING:
    from configs.catalogue import ModelCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is to become of the model."""

    model_id: Annotated[str, typer.Option("--id", help="Its name here.")] = ""
    modality: Annotated[
        str, typer.Option("--as", help="text, stt, tts, vision or rag, where it could be two.")
    ] = ""
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it is; add nothing.")] = False


def add(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="OWNER/REPOSITORY[@REVISION][:FILE] of the hub, an address, a file or a folder, or "
            "ollama:NAME, lmstudio:NAME as `models list` shows them.",
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
    card, plan = models.propose(what, kind.model_id, kind.modality)
    if not as_json:
        _describe(card, plan)
    if not kind.dry_run:
        if not (yes or as_json):
            confirm(f"Add it as {card.id}?")
        models.add(card, what)
    if as_json:
        emit({**card.model_dump(mode="json", exclude_defaults=True), "added": not kind.dry_run})
    elif not kind.dry_run:
        fetch = (
            "" if card.source.startswith("path:") else f" Fetch it: quintet models pull {card.id}"
        )
        say(f"Added {card.id}.{fetch}")


def _describe(card: ModelCard, plan: dict[str, Any]) -> None:
    """Show what a card would say, and whether the model fits."""
    kind = {"none": ""}.get(card.quantization, f", {card.quantization}")
    licence = f"{card.license}, limits its use" if card.license_restricted else card.license
    rows = [
        ("id", card.id),
        ("name", card.name),
        ("does", f"{card.modality}, with the engine {card.engine}{kind}"),
        (
            "size",
            f"{card.parameters_m:,.0f} million parameters; to fetch: {card.download_mib:,} MiB",
        ),
        ("licence", f"{licence} {card.license_url}".strip()),
        ("from", card.source),
        ("plan", plan["sentence"]),
    ]
    if card.environment:
        rows.append(("needs", f"quintet env create {card.environment}"))
    for name, value in rows:
        say(f"{name:8} {value}")
