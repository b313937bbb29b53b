"""The sub-commands. One that is asked for is imported alone: the options of all take 0.1 s to read."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

NAME = "quintet"
MODULES = {
    "serve": "serving",
    "chat": "chatting",
    "ask": "answering",
    "transcribe": "hearing",
    "speak": "speaking",
    "see": "looking",
    "index": "documents",
    "search": "documents",
    "collections": "documents",
    "personas": "personas",
    "tools": "tools",
    "models": "models",
    "env": "environments",
    "tune": "tuning",
    "benchmark": "benchmark",
    "bench": "benchmarking",
    "doctor": "checkup",
}
"""Where each command is, in the order of the help."""

app = typer.Typer(
    name=NAME,
    help="Text, speech in, speech out, vision and documents on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_added: set[str] = set()


def add_commands(asked: str = "") -> typer.Typer:
    """Return the application with a command; with all of them if there is none of that name."""
    modules = [MODULES[asked]] if asked in MODULES else dict.fromkeys(MODULES.values())
    for name in modules:
        if name not in _added:
            _added.add(name)
            import_module(f"cli.{name}").add_to(app)
    return app


def _version(is_asked: bool) -> None:
    if is_asked:
        from configs.version import version

        typer.echo(f"{NAME} {version()}")
        raise typer.Exit


@app.callback()
def every_command(
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Text, speech in, speech out, vision and documents on this machine."""
