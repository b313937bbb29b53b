"""`quintet models add`: a model of your own choice becomes one that can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

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
            help="OWNER/REPOSITORY[@REVISION][:FILE] of the hub, an address, a file or a folder.",
        ),
    ],
    *,
    kind: Kind,
    yes: Yes = False,
    where: Where,
    as_json: Json = False,
) -> None:
    """Add a model that the catalogue does not have; its weights are fetched by `models pull`."""
    from workers.models import importing as adding

    from .models import check_here
    from .opening import read_models, read_settings

    check_here(where)
    settings = read_settings(where)
    card = adding.propose(what, settings.hub, model_id=kind.model_id, modality=kind.modality)
    if not as_json:
        _describe(card, where)
    if not kind.dry_run:
        if not (yes or as_json):
            confirm(f"Add it as {card.id}?")
        taken = {known.id: known.source for known in read_models(where).known()}
        adding.save(card, settings.data_dir, taken)
    if as_json:
        emit({**card.model_dump(mode="json", exclude_defaults=True), "added": not kind.dry_run})
    elif not kind.dry_run:
        fetch = (
            "" if card.source.startswith("path:") else f" Fetch it: quintet models pull {card.id}"
        )
        say(f"Added {card.id}.{fetch}")


def _describe(card: ModelCard, where: Where) -> None:
    """Show what a card would say, and whether the model fits."""
    from .models import plans
    from .opening import read_models, read_settings

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
        ("plan", str(plans([card], read_models(where), read_settings(where))[0])),
    ]
    if card.environment:
        rows.append(("needs", f"quintet env create {card.environment}"))
    for name, value in rows:
        say(f"{name:8} {value}")
