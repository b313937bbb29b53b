"""`quintet doctor`: what is installed, what fits, what is broken, and the command that mends it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from workers.messages.errors import UnsupportedInputError

from .options import Json, Where, grouped
from .output import emit, say

if TYPE_CHECKING:
    from .findings import Finding

SIGNS = {"ok": "ok", "warning": "look", "broken": "BROKEN"}


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(doctor))


def doctor(*, where: Where, as_json: Json = False) -> None:
    """Look at this installation; the exit status is 1 if something needed is broken."""
    if where.url:
        raise UnsupportedInputError("doctor looks at this machine: leave out --url (QUINTET_URL).")
    is_broken = False
    for finding in _findings(where):
        is_broken |= finding.state == "broken"
        if as_json:
            emit(finding)
            continue
        say(f"{SIGNS[finding.state]:7} {finding.what}: {finding.detail}")
        if finding.mend:
            say(f"{'':7} -> {finding.mend}")
    if is_broken:
        raise typer.Exit(1)


def _findings(where: Where) -> Iterator[Finding]:
    """Yield what is found, as it is found; checksums take seconds."""
    from configs.errors import ConfigError
    from workers.messages.errors import AppError

    from . import checks
    from .findings import broken, ok
    from .graphics import graphics
    from .llama_servers import llama_servers
    from .opening import read_models, read_settings

    yield checks.python()
    try:
        settings = read_settings(where)
        known = read_models(where)
    except (ConfigError, AppError) as err:
        yield broken("settings", str(err), "mend the setting that is named")
        return
    yield ok("settings", f"profile {where.profile}")
    yield from checks.cards(known.left_out)
    defaults = [known.default(modality) for modality in known.modalities]
    cards = list({card.id: card for card in defaults}.values())  # one may be used for two
    yield from checks.engines(cards, settings)
    yield from llama_servers(cards, settings)
    yield from checks.data_folder(settings.data_dir)
    yield from checks.weights(cards, settings, _options(where))
    yield from checks.documents(settings.data_dir)
    yield checks.memory(cards, settings)
    yield checks.compute()
    yield from graphics()
    yield from checks.speed(settings)
    yield checks.port(settings)


def _options(where: Where) -> str:
    """Return the options that a command needs to work on the same folders."""
    given = [("--data-dir", where.data_dir), ("--models", where.models)]
    return "".join(f" {name} {shlex.quote(str(value))}" for name, value in given if value)
