"""What a command writes: results to standard output, all else to standard error.

With --json standard output holds JSON and nothing else, one object a line.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from workers.messages.errors import UnsupportedInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from workers.messages import Progress

PIPE_WIDTH = 200
"""Characters a line of a table may have where nobody can say how wide the window is."""


def say(text: str, *, end: str = "\n") -> None:
    """Write to standard output at once."""
    typer.echo(text, nl=False)
    if end:
        typer.echo(end, nl=False)


def note(text: str) -> None:
    """Write to standard error."""
    typer.echo(text, err=True)


def emit(result: Any) -> None:
    """Write one line of JSON; dataclasses are objects, bytes are left out."""
    say(json.dumps(_plain(result), ensure_ascii=False))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {
            str(name): _plain(item)
            for name, item in value.items()
            if not isinstance(item, bytes) and name != "request_id"
        }
    if isinstance(value, str) or not isinstance(value, Sequence):
        return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
    return [_plain(item) for item in value]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write an aligned table; a column whose name begins with "#" is of numbers."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        drawn.add_column(
            name.removeprefix("#"), justify="right" if name.startswith("#") else "left"
        )
    for row in rows:
        drawn.add_row(*map(Text, row))
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(drawn)


@contextmanager
def progress(what: str) -> Iterator[Callable[[Progress], None]]:
    """Draw a bar on standard error, if that is a terminal, until the work is done.

    Yields the function to call with each Progress.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        bar = bars.add_task(what, total=None, state="")

        def report(step: Any) -> None:
            of = f" of {step.total:.0f}" if step.total else ""
            bars.update(
                bar,
                completed=step.done,
                total=step.total or None,
                state=f"{step.done:.0f}{of} {step.unit}",
                description=f"{what}: {step.what}" if step.what else what,
            )

        yield report


def confirm(question: str) -> None:
    """Ask; raises typer.Abort after a no, UnsupportedInputError where nobody can answer."""
    if not sys.stdin.isatty():
        raise UnsupportedInputError(f"{question} Nobody is there to say.", "Add --yes.")
    typer.confirm(question, abort=True, err=True)


def read_stdin() -> str:
    """Return what was piped in; "" from a terminal, or where there is no standard input."""
    if sys.stdin is None or sys.stdin.closed or sys.stdin.isatty():
        return ""
    return sys.stdin.read()
