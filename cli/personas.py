"""`quintet personas`: who can be asked as. Those that are added here are everybody's on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workers.messages.errors import UnsupportedInputError

from .dressing import personas_of
from .options import Json, Where, grouped
from .output import emit, note, say, table

Id = Annotated[str, typer.Argument(metavar="PERSONA", help="Its id or its name.")]
FROM = {"shipped": "Quintet", "machine": "this machine"}

personas = typer.Typer(help="List, show, add, delete and export personas.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    personas.command("list")(grouped(list_personas))
    personas.command("show")(grouped(show))
    personas.command("add")(grouped(add))
    personas.command("delete")(grouped(delete))
    personas.command("restore")(grouped(restore))
    personas.command("export")(grouped(export))
    app.add_typer(personas, name="personas", no_args_is_help=True)


def list_personas(*, where: Where, as_json: Json = False) -> None:
    """List the personas that come with Quintet, and those of this machine."""
    kept = personas_of(where)
    for sentence in kept.left_out:
        note(sentence)
    found = kept.all()
    if as_json:
        for one in found:
            emit({"id": one.id, "origin": one.origin, **one.model_dump(mode="json")})
        return
    rows = [(one.id, one.name, FROM[one.origin], one.description) for one in found]
    table(("id", "name", "from", "description"), rows)


def show(persona: Id, *, where: Where, as_json: Json = False) -> None:
    """Write a persona as it would be given away."""
    from workers.personas.portable import as_text

    one = personas_of(where).get(persona)
    if as_json:
        emit({"id": one.id, "origin": one.origin, **one.model_dump(mode="json")})
    else:
        say(as_text(one), end="")


def add(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="YAML or JSON, as `export` writes it.")
    ],
    *,
    where: Where,
    as_json: Json = False,
) -> None:
    """Add personas from files; everybody on this machine can choose them."""
    from configs.errors import ConfigError
    from configs.small_files import read_text
    from workers.personas.portable import read_record
    from workers.personas.records import Persona

    kept = personas_of(where)
    read = []
    for path in files:  # all of them are read before one is kept
        try:
            read.append(read_record(read_text(path), Persona))
        except (ConfigError, UnsupportedInputError) as err:
            raise UnsupportedInputError(f"{path}: {err}") from err
    for one in map(kept.save, read):
        if as_json:
            emit({"id": one.id, "name": one.name})
        else:
            say(f"Added {one.name} as {one.id}.")


def delete(persona: Id, *, where: Where, as_json: Json = False) -> None:
    """Delete a persona of this machine; it can be brought back within the hour."""
    one = personas_of(where).delete(persona)
    if as_json:
        emit({"id": one.id, "deleted": True})
    else:
        say(f"Deleted {one.name}. `quintet personas restore {one.id}` brings it back for an hour.")


def restore(persona: Id, *, where: Where, as_json: Json = False) -> None:
    """Bring a deleted persona back."""
    one = personas_of(where).restore(persona)
    if as_json:
        emit({"id": one.id, "name": one.name})
    else:
        say(f"{one.name} is back as {one.id}.")


def export(
    persona: Id,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: ID.persona.yaml, here.")
    ] = None,
    where: Where,
    as_json: Json = False,
) -> None:
    """Write a persona into a file that can be given away."""
    from workers.personas.portable import as_text, file_name

    one = personas_of(where).get(persona)
    path = output or Path(file_name(one))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(as_text(one))
    except FileExistsError as err:
        raise UnsupportedInputError(
            f"{path} is there already.", "Name another file with -o, or move it away."
        ) from err
    if as_json:
        emit({"id": one.id, "file": str(path)})
    else:
        say(f"Written to {path}.")
