"""`quintet env`: virtual environments for the engines that cannot live beside Quintet's libraries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.messages.amounts import memory_words
from workers.messages.errors import EngineNotInstalledError, UnsupportedInputError

from .options import Json, Where, Yes, grouped
from .output import confirm, emit, note, progress, say, table

if TYPE_CHECKING:
    from workers.models.environments.places import Environments

Name = Annotated[str, typer.Argument(metavar="NAME", help="See: quintet env list")]

environments = typer.Typer(help="Make and remove the environments that some engines need.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    environments.command("list")(grouped(list_environments))
    environments.command("create")(grouped(create))
    environments.command("remove")(grouped(remove))
    environments.command("check")(grouped(check))
    app.add_typer(environments, name="env", no_args_is_help=True)


def list_environments(*, where: Where, as_json: Json = False) -> None:
    """List the environments: what for, whether they are here, how large they are."""
    rows = _rows(_here(where))
    if as_json:
        for row in rows:
            emit(row)
        return
    table(
        ("name", "state", "#disk", "needed for"),
        [
            (
                row["name"],
                row["state"],
                memory_words(row["size_mib"])
                if row["size_mib"]
                else f"about {memory_words(row['expected_mib'])}",
                row["about"],
            )
            for row in rows
        ],
    )


def create(
    name: Name,
    *,
    python: Annotated[
        str, typer.Option(metavar="PROGRAM", help="The Python to make it from; same version.")
    ] = "",
    where: Where,
    as_json: Json = False,
) -> None:
    """Make an environment, or bring one that is out of date up to date."""
    from workers.messages import Progress
    from workers.models.environments import building
    from workers.models.environments.places import size_sentence
    from workers.models.environments.recipes import read_recipe

    here = _here(where)
    recipe = read_recipe(name)
    if here.state(recipe) != "ready":
        note(f"Making the environment {name} in {here.folder(name)}: {size_sentence(recipe)}.")
    said = ""
    with progress(f"Making {name}") as draw:

        def report(done: int, total: int, step: str, line: str) -> None:
            nonlocal said
            if step != said:
                note(f"{done + 1} of {total}: {step}")
                said = step
            what = f"{step}: {line[:60]}" if line else step
            draw(Progress(request_id="", done=done, total=total, unit="steps", what=what))

        was_made = building.create(here, recipe, report, python)
    size = building.size_mib(here.folder(name))
    if as_json:
        emit({"name": name, "was_made": was_made, "size_mib": size})
    else:
        say(f"{name}: {'made' if was_made else 'up to date'}, {memory_words(size)}")
        if recipe.compiles is not None:
            note("Set QUINTET_GGUF__ENGINE=llama-server, and all models in GGUF run on it.")


def remove(name: Name, *, yes: Yes = False, where: Where, as_json: Json = False) -> None:
    """Remove an environment from this machine."""
    from workers.models.environments import building
    from workers.models.environments.recipes import recipe_names

    here = _here(where)
    folder = here.folder(name)
    if name not in recipe_names():
        known = ", ".join(recipe_names())
        raise EngineNotInstalledError(f"No environment is called {name!r}; known: {known}.")
    if not folder.is_dir():
        raise UnsupportedInputError(f"The environment {name} is not here: {folder}.")
    if not yes:
        confirm(f"Remove {folder}?")
    freed_mib = building.remove(here, name)
    if as_json:
        emit({"name": name, "removed": str(folder), "freed_mib": freed_mib})
    else:
        say(f"Removed {folder}: {memory_words(freed_mib)}.")


def check(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Default: all that are here.")] = "",
    *,
    where: Where,
    as_json: Json = False,
) -> None:
    """Start each environment's Python as a worker's, and say what it has."""
    from workers.models.environments.checking import look_into
    from workers.models.environments.recipes import recipe_names

    here = _here(where)
    names = [name] if name else [n for n in recipe_names() if here.folder(n).is_dir()]
    for checked in names:
        found = look_into(here, checked)
        if as_json:
            emit({"name": checked, **found})
        else:
            say(f"{checked}: {', '.join(f'{key} {value}' for key, value in found.items())}")


def _here(where: Where) -> Environments:
    """Raises: UnsupportedInputError if another Quintet is meant."""
    from workers.models.environments.places import Environments

    from .opening import read_settings

    if where.url:
        raise UnsupportedInputError(
            "Environments of another Quintet are made there: leave out --url (QUINTET_URL)."
        )
    return Environments(data_dir=read_settings(where).data_dir)


def _rows(here: Environments) -> list[dict[str, Any]]:
    from workers.models.environments.building import size_mib
    from workers.models.environments.recipes import read_recipe, recipe_names

    recipes = [read_recipe(name) for name in recipe_names()]
    return [
        {
            "name": recipe.name,
            "state": here.state(recipe),
            "size_mib": size_mib(folder) if (folder := here.folder(recipe.name)).is_dir() else 0,
            "expected_mib": recipe.disk_mib,
            "about": recipe.about,
        }
        for recipe in recipes
    ]
