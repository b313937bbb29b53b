"""`quintet tune`: choose by measurement how text models run on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.messages.errors import UnsupportedInputError

from .options import Json, Where, grouped
from .output import emit, note, progress, say

if TYPE_CHECKING:
    from configs.catalogue import ModelCard
    from library.session import Quintet
    from workers.models.tuning.book import Tuned

CPU = "cpu"
BUSY = 0.5
"""Programs that computed in the last minute, on average: from there the choice is doubtful."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(tune))


def tune(
    model: Annotated[str, typer.Argument(metavar="[MODEL]", help="Id of a text model.")] = "",
    *,
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget what was chosen; measure nothing.")
    ] = False,
    where: Where,
    as_json: Json = False,
) -> None:
    """Choose threads, spin, KV cache and batch of a text model by measuring them here.

    Half a minute for a small model. The choice is kept for this model on this machine, and holds from
    the next time that the model is loaded. Best while nothing else computes.
    """
    from library.session import Quintet
    from workers.models.tuning.book import TuningBook

    if where.url:
        raise UnsupportedInputError("tune measures this machine: leave out --url (QUINTET_URL).")
    with Quintet(where.profile, **_flags(where)) as quintet:
        card = _card(quintet, model)
        book = TuningBook(quintet.settings.data_dir)
        if reset:
            book.forget(card, CPU)
            say(f"{card.id}: what was chosen is forgotten.")
            return
        tuned = _measured(quintet, card)
        book.note(card, CPU, tuned)
    if as_json:
        emit({"id": card.id, **asdict(tuned)})
    else:
        say(f"{card.id}: {tuned}")
    if tuned.load > BUSY:
        note(
            f"The machine was busy before (load {tuned.load:.1f}): measure again when nothing else "
            "computes."
        )


def _card(quintet: Quintet, model: str) -> ModelCard:
    """Raises: UnknownModelError; UnsupportedInputError for a model with nothing to choose."""
    from workers.models.tuning.book import is_tunable

    models = quintet.client.models
    card = models.available(model or None, "text")
    if not is_tunable(card):
        raise UnsupportedInputError(
            f"{card.id} runs on {card.engine}, which has nothing to tune.",
            "Name a model that runs on llama.cpp.",
        )
    return card


def _measured(quintet: Quintet, card: ModelCard) -> Tuned:
    from workers.flows.tuning import Tuner
    from workers.messages import Progress
    from workers.models.tuning.run_settings import run_settings
    from workers.pool.threads import usable_cores

    threads = card.options.get("threads") or quintet.settings.workers.text.threads
    start = run_settings(card, int(threads) or usable_cores(), CPU)
    with progress(f"Measuring {card.id}") as tell:

        def report(what: str, done: int, total: int) -> None:
            step = Progress(request_id="", done=done, total=total, unit="answers", what=what)
            tell(step)

        return Tuner(quintet.client, card, report).tune(start)


def _flags(where: Where) -> dict[str, Any]:
    from .opening import flags_of

    # On the CPU: a GPU has its own best settings, which are llama.cpp's.
    return {**flags_of(where), "workers": {"text": {"device": CPU}}}
