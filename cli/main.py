"""The command `quintet`: its sub-commands, its exit codes, one sentence for whatever goes wrong.

Nothing heavy is imported before a command runs, so that help and completion are instant.
"""

from __future__ import annotations

from typing import Annotated

import typer

from . import (
    answering,
    benchmarking,
    chatting,
    checkup,
    documents,
    environments,
    hearing,
    looking,
    models,
    serving,
    speaking,
)

NAME = "quintet"
FAILURE, BAD_INPUT, INTERRUPTED = 1, 2, 130
"""Exit statuses; the last is a shell's for SIGINT."""

app = typer.Typer(
    name=NAME,
    help="Text, speech in, speech out, vision and documents on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (
    serving, chatting, answering, hearing, speaking, looking, documents, models, environments, benchmarking,
    checkup,
):  # fmt: skip
    module.add_to(app)


def _version(is_asked: bool) -> None:
    if is_asked:
        from .version import version

        typer.echo(f"{NAME} {version()}")
        raise typer.Exit


@app.callback()
def every_command(
    _asked: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Text, speech in, speech out, vision and documents on this machine."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 failed, 2 bad input, 130 stopped by Ctrl-C."""
    try:
        status = app(args=arguments, prog_name=NAME, standalone_mode=False)
    except typer.TyperException as err:
        sentence = err.format_message().replace("Value error, ", "")
        return _report(sentence, err.exit_code) if sentence else 0  # empty: the help was written
    except typer.Abort:
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as err:
        problem = _sentence(err)
        if problem is None:
            raise
        return _report(*problem)
    return status if isinstance(status, int) else 0


def _sentence(err: Exception) -> tuple[str, int] | None:
    """Return what to say of an error, and the exit status; None for a mistake of ours."""
    from configs.errors import ConfigError
    from workers.messages.errors import AppError, RequestError

    if isinstance(err, (AppError, ConfigError)):
        return str(err), BAD_INPUT if isinstance(err, (RequestError, ConfigError)) else FAILURE
    if isinstance(err, OSError):
        return f"{err.filename or 'The system'}: {err.strerror or err}.", FAILURE
    return None


def _report(sentence: str, status: int) -> int:
    typer.echo(f"{NAME}: {' '.join(sentence.split())}", err=True)
    return status
