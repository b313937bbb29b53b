"""The command `quintet`: its exit codes, one sentence for whatever goes wrong.

Nothing is imported before it is needed, so that help, completion and a question to a Quintet that runs
are instant. The sub-commands are in `commands`.
"""

from __future__ import annotations

import sys

FAILURE, BAD_INPUT, INTERRUPTED = 1, 2, 130
"""Exit statuses; the last is a shell's for SIGINT."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 failed, 2 bad input, 130 stopped by Ctrl-C."""
    given = sys.argv[1:] if arguments is None else arguments
    if given == ["--version"]:
        from configs.version import version

        sys.stdout.write(f"quintet {version()}\n")
        return 0
    return _run(given)


def _run(arguments: list[str]) -> int:
    import typer

    from .commands import NAME, add_commands

    try:
        app = add_commands(arguments[0] if arguments else "")
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
    sys.stderr.write(f"quintet: {' '.join(sentence.split())}\n")
    return status
