"""`quintet bench`: how fast a text model answers here, in g4l's six fields."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.messages.errors import UnsupportedInputError

from .options import Json, Where, grouped
from .output import emit, progress, say

if TYPE_CHECKING:
    from benchmarks.report import Run
    from library.session import Quintet

ROOT = Path(__file__).parents[1]
UNKNOWN_IF_REMOTE = ("PC", "CPU/GPU", "GPU Layers", "GPU Offload")
"""Fields that say nothing of a model on another server."""
PROMPT = "Hello, how are you?"
MAX_TOKENS = 200


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(bench))


def bench(
    model: Annotated[str, typer.Argument(help="Id of a text model.")] = "",
    *,
    iterations: Annotated[
        int, typer.Option("--iterations", "-n", min=1, help="Answers to take the mean of.")
    ] = 1,
    suite: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Run a script of benchmarks/ instead: text, speech, …"),
    ] = None,
    where: Where,
    as_json: Json = False,
) -> None:
    """Measure a text model: loading, tokens, time, speed. The first answer includes loading."""
    from benchmarks.report import header, report

    from .opening import open_quintet

    if suite and where.url:
        raise UnsupportedInputError("--suite measures this machine: leave out --url (QUINTET_URL).")
    if suite:
        raise typer.Exit(_run_suite(suite))
    with open_quintet(where, text=model or None) as quintet:
        card = quintet.client.card("text")
        runs = _measured(quintet, iterations)
        ready = quintet.client.ready("text")
    is_remote = card.is_remote
    if as_json:
        emit({"model": card.id, "device": ready.device if ready else "", "runs": runs})
    else:
        gpu_layers = 0 if ready is None or ready.device == "cpu" else -1
        say(_remote_header() if is_remote else header(gpu_layers))
        say(report(card.id, runs))


def _remote_header() -> str:
    return "\n".join([*(f"{name}: remote" for name in UNKNOWN_IF_REMOTE), ""])


def _run_suite(names: list[str]) -> int:
    """Run scripts of benchmarks/ as `make bench` does; returns their exit status."""
    command = [sys.executable, "-m", "benchmarks", *names]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 — our own


def _measured(quintet: Quintet, iterations: int) -> list[Run]:
    with progress("Measuring") as tell:
        from workers.messages import Progress

        runs = []
        for number in range(1, iterations + 1):
            runs.append(_once(quintet))
            tell(Progress(request_id="", done=number, total=iterations, unit="answers"))
        return runs


def _once(quintet: Quintet) -> Run:
    from benchmarks.report import Run

    called = time.perf_counter()
    first = called
    with quintet.stream_chat(PROMPT, temperature=0.8, max_tokens=MAX_TOKENS) as stream:
        for number, _piece in enumerate(stream):
            if number == 0:
                first = time.perf_counter()
        tokens = stream.result().usage.completion_tokens
    return Run(loading_s=first - called, total_s=time.perf_counter() - first, num_tokens=tokens)
