"""`quintet models`: what there is, what is here, what fits; fetch and remove weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.messages.errors import UnsupportedInputError

from .adding import add
from .options import Json, Where, Yes, grouped
from .output import confirm, emit, progress, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from configs.catalogue import ModelCard
    from configs.settings import Settings
    from workers.models.lookup import Models
    from workers.pool.memory.plan import Plan

ModelId = Annotated[str, typer.Argument(metavar="MODEL", help="Its id.")]

models = typer.Typer(help="List, fetch and remove models; see what fits.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    models.command("list")(grouped(list_models))
    models.command("show")(grouped(show))
    models.command("pull")(grouped(pull))
    models.command("add")(grouped(add))
    models.command("rm")(grouped(remove))
    models.command("plan")(grouped(plan))
    app.add_typer(models, name="models", no_args_is_help=True)


def list_models(
    modality: Annotated[
        str | None, typer.Argument(help="Only text, stt, tts, vision or rag.")
    ] = None,
    *,
    where: Where,
    as_json: Json = False,
) -> None:
    """List the models: what they do, how large they are, whose licence, whether they are here."""
    from workers.messages import MODALITIES

    if modality is not None and modality not in MODALITIES:
        raise UnsupportedInputError(
            f"There is no modality {modality!r}; known: {', '.join(MODALITIES)}."
        )
    rows = [row for row in _rows(where) if modality in (None, row["modality"])]
    if as_json:
        for row in rows:
            emit(row)
        return
    table(
        ("", "id", "modality", "#memory MiB", "#disk MiB", "licence", "weights"),
        [
            (
                "*" if row["is_default"] else "",
                row["id"],
                row["modality"],
                f"{row['memory_mib']:,}",
                _disk(row),
                f"{row['license']} (limited)" if row["license_restricted"] else row["license"],
                row["weights"],
            )
            for row in rows
        ],
    )


def show(model: ModelId, *, where: Where, as_json: Json = False) -> None:
    """Show everything that is known about a model."""
    found = next(row for row in _rows(where, model) if row["id"] == model)
    if as_json:
        emit(found)
        return
    for name, value in found.items():
        if value not in ("", None, {}, (), 0):
            text = ", ".join(map(str, value)) if isinstance(value, (list, tuple, dict)) else value
            say(f"{name:15} {text}")


def pull(
    model: ModelId,
    *,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Yes to a licence that limits the use.")
    ] = False,
    where: Where,
    as_json: Json = False,
) -> None:
    """Fetch the weights of a model; one that was cut goes on where it was."""
    from . import weights

    settings, card = _settings_and_card(where, model)
    before = weights.state_of(card, settings.data_dir)
    with progress(f"Fetching {card.name}") as report:
        weights.fetch(card, settings, report, accept_license=accept_license)
    after = weights.state_of(card, settings.data_dir)
    if as_json:
        emit({"id": card.id, "weights": after, "was": before})
    else:
        say(f"{card.id}: {after}")


def remove(model: ModelId, *, yes: Yes = False, where: Where, as_json: Json = False) -> None:
    """Remove the weights of a model from this machine; one that you added is forgotten too."""
    from workers.models.importing import forget, is_added

    from . import weights

    settings, card = _settings_and_card(where, model)
    was_added = is_added(card, settings.data_dir)
    has_none = was_added and weights.own_folder(card, settings.data_dir) is None
    folder = None if has_none else weights.removable(card, settings)
    if not yes:
        confirm(f"Remove {folder or f'the card of {card.name}'}?")
    freed_mib = weights.remove(card, folder, settings.data_dir) if folder else 0
    forget(card, settings.data_dir)
    if as_json:
        removed = str(folder) if folder else None
        emit({"id": card.id, "removed": removed, "freed_mib": freed_mib, "forgotten": was_added})
    else:
        say(f"Removed {folder or card.id}: {freed_mib:,} MiB.{' Forgot it.' * was_added}")


def plan(
    model: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]…", help="Ids; default: all.")
    ] = None,
    *,
    where: Where,
    as_json: Json = False,
) -> None:
    """Say whether models fit into memory now, and what would have to go."""
    from .opening import read_models, read_settings

    check_here(where)
    known = read_models(where)
    cards = [_card(known, name) for name in model] if model else known.known()
    for made in plans(cards, known, read_settings(where)):
        if as_json:
            emit(made.as_dict())
        else:
            say(str(made))


def plans(cards: Sequence[ModelCard], known: Models, settings: Settings) -> list[Plan]:
    """Return for each card whether it fits now, and what would have to go.

    Reckoned as the pool does. The workers of a Quintet that runs here count as if they were ours.
    """
    from workers.pool.memory.ledger import build_ledger
    from workers.pool.memory.plan import Scene
    from workers.pool.memory.plan import plan as plan_one

    from .machine import awake_workers

    ledger = build_ledger(settings)
    awake = awake_workers()
    for tenant in awake:
        ledger.account.grant(tenant.name, {})
        ledger.account.observe(tenant.name, tenant.held_mib)
    rooms_mib = ledger.account.rooms(ledger.account.devices())
    scene = Scene(rooms_mib=rooms_mib, tenants=tuple(awake))
    return [plan_one(card, scene, ledger.places, known.known(card.modality)) for card in cards]


def _settings_and_card(where: Where, model: str) -> tuple[Settings, ModelCard]:
    from .opening import read_models, read_settings

    check_here(where)
    return read_settings(where), _card(read_models(where), model)


def check_here(where: Where) -> None:
    """Raises: UnsupportedInputError if another Quintet is meant."""
    if where.url:
        raise UnsupportedInputError(
            "Weights and memory of another Quintet are managed there: leave out --url (QUINTET_URL)."
        )


def _card(known: Models, model: str) -> ModelCard:
    """Raises: UnknownModelError naming models of like names, those too that are not fetched yet."""
    import difflib

    from workers.messages.errors import UnknownModelError

    try:
        return known.get(model)
    except UnknownModelError as err:
        near = difflib.get_close_matches(model, [card.id for card in known.known()], cutoff=0.5)
        meant = f" Did you mean {' or '.join(near)}?" if near else ""
        sentence = f"No model is called {model!r}.{meant} `quintet models list` shows them all."
        raise UnknownModelError(sentence, err.hint) from err


def _disk(row: dict[str, Any]) -> str:
    """Return what a model takes on the disk, or about would."""
    if row["size_mib"]:
        return f"{row['size_mib']:,}"
    return f"~{row['download_mib']:,}" if row["download_mib"] else ""


def _rows(where: Where, model: str = "") -> list[dict[str, Any]]:
    """Return what is known of all models, or of one. Raises: UnknownModelError, ConfigError."""
    from workers.pool.memory.ledger import build_ledger

    from . import weights
    from .opening import reach, read_models, read_settings

    settings = read_settings(where)
    data_dir = settings.data_dir
    known = reach(where).models() if where.url else read_models(where)
    cards = [_card(known, model)] if model else known.known()
    places = build_ledger(settings).places
    return [
        {
            **card.model_dump(exclude_defaults=False, exclude={"templates"}),
            "memory_mib": places(card)[0].footprint.total_mib,
            "is_default": known.default(card.modality).id == card.id,
            "weights": weights.state_of(card, data_dir),
            "size_mib": weights.size_mib(card, data_dir),
        }
        for card in cards
    ]
