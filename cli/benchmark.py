"""`quintet benchmark`: load a model anew, ask it, three times; the medians beside earlier ones and other models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from workers.messages.amounts import memory_words
from workers.messages.errors import AppError, UnsupportedInputError

from .options import Json, Where, grouped
from .output import emit, note, progress, say, table

if TYPE_CHECKING:
    from library.session import Quintet
    from workers.models.benchmarks.result import BenchmarkResult

BUSY = 0.5
"""Programs that computed in the last minute, on average: from there numbers are doubtful."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(benchmark))


def benchmark(
    model: Annotated[str, typer.Argument(metavar="[MODEL]", help="Id; default: the chat's.")] = "",
    *,
    repeats: Annotated[
        int, typer.Option("--repeats", "-n", min=1, max=20, help="Loads and answers.")
    ] = 3,
    history: Annotated[
        bool, typer.Option("--history", help="Show what was measured before; measure nothing.")
    ] = False,
    where: Where,
    as_json: Json = False,
) -> None:
    """Measure a model of any kind here: loading, amounts, time, speed, first piece, peak memory.

    Each time it is put to sleep and loaded anew. The result is kept and compared with earlier ones, as
    on the page's Models tab.
    """
    from library.session import Quintet
    from workers.models.benchmarks.book import BenchmarkBook

    from .opening import flags_of, read_settings

    if where.url:
        raise UnsupportedInputError(
            "benchmark measures this machine: leave out --url (QUINTET_URL)."
        )
    book = BenchmarkBook(read_settings(where).data_dir)
    if history:
        _show([one for one in book.all() if model in ("", one.model_id)], as_json=as_json)
        return
    with Quintet(where.profile, **flags_of(where)) as quintet:
        result = _measured(quintet, model, repeats)
    earlier = [one for one in book.all() if one.modality == result.modality]
    book.note(result)
    _show([result] if as_json else [*earlier, result], as_json=as_json)
    if result.load > BUSY:
        note(f"The machine was busy (load {result.load:.1f}): measure again when it is quiet.")


def _measured(quintet: Quintet, model: str, repeats: int) -> BenchmarkResult:
    """Raises: AppError."""
    from workers.client import StopSwitch
    from workers.flows.benchmark.measuring import Benchmark, Stopped
    from workers.messages import Progress

    client = quintet.client
    card = client.models.get(model) if model else client.card("text")
    card = client.models.available(card.id, card.modality)
    with progress(f"Measuring {card.id}") as draw:

        def report(what: str, done: int, total: int) -> None:
            draw(Progress(request_id="", done=done, total=total, unit="steps", what=what))

        runs_as = client.manager.status(card.id).runs
        try:
            return Benchmark(client, card, report, StopSwitch()).measure(runs_as, repeats)
        except Stopped as err:
            raise AppError("The benchmark was stopped.") from err


def _show(results: list[BenchmarkResult], *, as_json: bool) -> None:
    """Write a row for each, the newest last."""
    from workers.models.benchmarks.result import PACES_SHOWN, READS, WRITES

    if as_json:
        for one in results:
            emit(one.as_dict())
        return
    if not results:
        note("Nothing was measured here yet: quintet benchmark MODEL")
        return
    rows = []
    for one in results:
        modality = one.modality
        rows.append((
            one.date[:16].replace("T", " "),
            one.model_id,
            f"{one.median(lambda run: run.load_s):.2f} s",
            f"{one.median(lambda run: run.read):,.4g} {READS[modality]}",
            f"{one.median(lambda run: run.written):,.4g} {WRITES[modality]}",
            f"{one.median(lambda run: run.total_s):.2f} s",
            f"{one.pace:,.1f} {PACES_SHOWN[modality]}",
            f"{one.median(lambda run: run.first_s):.2f} s",
            memory_words(one.median(lambda run: run.peak_mib)),
        ))  # fmt: skip
    head = (
        "measured",
        "model",
        "#loading",
        "read",
        "written",
        "#total",
        "#speed",
        "#first",
        "#peak",
    )
    table(head, rows)
    say(f"Medians of {len(results[-1].runs)}; measured by Quintet {results[-1].version}.")
