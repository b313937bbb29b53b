"""`quintet models`: what there is, what is here, what fits; fetch, pause, add, use, remove.

On this machine, or with --url at a Quintet that runs elsewhere: the same commands, shown alike.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.messages.amounts import memory_words, size_words
from workers.messages.errors import UnsupportedInputError

from .adding import add
from .model_checks import check
from .model_services import services
from .model_sets import sets
from .model_setup import setup
from .options import Json, SomeModels, Where, Yes, grouped
from .output import confirm, emit, note, progress, say, table

if TYPE_CHECKING:
    from .local_models import LocalModels
    from .remote_models import RemoteModels

ModelId = Annotated[str, typer.Argument(metavar="MODEL", help="Its id.")]

models = typer.Typer(help="List, fetch, pause, add, use and remove models; see what fits.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    models.command("list")(grouped(list_models))
    models.command("show")(grouped(show))
    models.command("pull")(grouped(pull))
    models.command("pause")(grouped(pause))
    models.command("add")(grouped(add))
    models.command("use")(grouped(use))
    models.command("rm")(grouped(remove))
    models.command("remove", hidden=True)(grouped(remove))
    models.command("plan")(grouped(plan))
    models.command("sets")(grouped(sets))
    models.command("setup")(grouped(setup))
    models.command("check")(grouped(check))
    models.command("services")(grouped(services))
    app.add_typer(models, name="models", no_args_is_help=True)


def open_models(where: Where) -> LocalModels | RemoteModels:
    """Return the models that a command works on. Raises: ConfigError."""
    from .opening import reach, read_settings

    if where.url:
        from .remote_models import RemoteModels

        return RemoteModels(reach(where))
    from .local_models import LocalModels

    return LocalModels(read_settings(where))


def list_models(
    modality: Annotated[
        str | None, typer.Argument(help="Only text, stt, tts, vision or rag.")
    ] = None,
    *,
    show_all: Annotated[
        bool, typer.Option("--all", help="Older models too, which newer ones have replaced.")
    ] = False,
    where: Where,
    as_json: Json = False,
) -> None:
    """List the models, recommended ones first: their work, size, licence, whether they are here."""
    from workers.messages import MODALITIES

    if modality is not None and modality not in MODALITIES:
        raise UnsupportedInputError(
            f"There is no modality {modality!r}; known: {', '.join(MODALITIES)}."
        )
    opened = open_models(where)
    known = [row for row in opened.rows() if modality in (None, row["modality"])]
    rows = sorted((row for row in known if show_all or not _is_hidden(row)), key=_place)
    found = opened.found() if modality is None else []
    if len(rows) < len(known):
        note(f"{len(known) - len(rows)} older models are not shown; --all shows them.")
    if as_json:
        for row in (*rows, *found):
            emit(row)
    else:
        _show_table(rows)
        _tell_of_found(found, where)


def _show_table(rows: list[dict[str, Any]]) -> None:
    table(
        ("", "id", "modality", "#memory", "#disk", "speed", "licence", "weights"),
        [
            (
                "*" if row["is_default"] else "+" if row["recommended"] else "",
                row["id"],
                row["modality"],
                memory_words(row["memory_mib"]) if row["memory_mib"] else "",
                _disk(row),
                row["speed"],
                f"{row['license']} (limited)" if row["license_restricted"] else row["license"],
                row["weights"],
            )
            for row in rows
        ],
    )


def _tell_of_found(found: list[dict[str, Any]], where: Where) -> None:
    if found:
        say(
            f"\nFound on {'that' if where.url else 'this'} machine, and used where they lie once they are added:"
        )
    there = f" --url {shlex.quote(where.url)}" if where.url else ""
    for model in found:
        size = size_words(model["size_bytes"])
        say(f"   {size:>8}  quintet models add {shlex.quote(model['name'])}{there}")


def show(model: ModelId, *, where: Where, as_json: Json = False) -> None:
    """Show everything that is known about a model."""
    (found,) = open_models(where).rows(model)
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
    with progress(f"Fetching {model}") as report:
        before, after = open_models(where).pull(model, report, accept_license=accept_license)
    if as_json:
        emit({"id": model, "weights": after, "was": before})
    else:
        say(f"{model}: {after}")


def pause(model: ModelId, *, where: Where, as_json: Json = False) -> None:
    """Pause a download, also one that the page began; what has arrived is kept."""
    _tell(model, open_models(where).pause(model), as_json=as_json)


def use(
    model: ModelId,
    *,
    context: Annotated[
        int | None,
        typer.Option("--context", metavar="TOKENS", help="Load it with so long a context."),
    ] = None,
    where: Where,
    as_json: Json = False,
) -> None:
    """Make a model the one that the Quintet at --url uses by default, from now on; a context until it ends."""
    _tell(model, open_models(where).use(model, context), as_json=as_json)


def remove(model: ModelId, *, yes: Yes = False, where: Where, as_json: Json = False) -> None:
    """Remove the weights of a model from this machine; one that you added is forgotten too."""
    opened = open_models(where)
    question = opened.removal(model)
    if not yes:
        confirm(question)
    removed = opened.remove(model)
    if as_json:
        emit(removed)
    else:
        forgot = " Forgot it." * removed["forgotten"]
        say(
            f"Removed {removed['removed'] or removed['id']}: {memory_words(removed['freed_mib'])}.{forgot}"
        )


def plan(
    model: SomeModels = None,
    *,
    where: Where,
    as_json: Json = False,
) -> None:
    """Say whether models fit into memory now, and what would have to go."""
    for made in open_models(where).plans(model or ()):
        if as_json:
            emit(made)
        else:
            say(made["sentence"])


def _tell(model: str, words: str, *, as_json: bool) -> None:
    if as_json:
        emit({"id": model, "weights": words})
    else:
        say(f"{model}: {words}")


def _is_hidden(row: dict[str, Any]) -> bool:
    """Whether a model is of interest only to who names it."""
    return bool(row["is_old"]) and not row["is_default"] and not row["size_mib"]


def _place(row: dict[str, Any]) -> tuple[int, bool, bool]:
    from workers.messages import MODALITIES

    return MODALITIES.index(row["modality"]), not row["is_default"], not row["recommended"]


def _disk(row: dict[str, Any]) -> str:
    """Return what a model takes on the disk, or about would."""
    if row["size_mib"]:
        return memory_words(row["size_mib"])
    return f"~{memory_words(row['download_mib'])}" if row["download_mib"] else ""
