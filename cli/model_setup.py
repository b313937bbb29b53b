"""`quintet models setup`: fetch the set of models that is recommended for this machine, and keep to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Json, Where, Yes
from .output import confirm, emit, note, progress, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from configs.catalogue import ModelCard
    from workers.models.setup.offer import SetOffer
    from workers.models.setup.running import ModelSetup

UNDONE = "From the next start on, the models of the settings are used. The weights stay."


def setup(
    *,
    yes: Yes = False,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help="Only text, stt, tts, rag or reranker; may be repeated."),
    ] = None,
    accept_license: Annotated[
        bool, typer.Option("--accept-license", help="Yes to licences that limit the use.")
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Forget what was chosen; the weights stay.")
    ] = False,
    where: Where,
    as_json: Json = False,
) -> None:
    """Fetch the recommended models for this machine; every start uses them from then on."""
    from workers.messages.errors import UnsupportedInputError
    from workers.models.setup.progress import total_words
    from workers.standalone import build_standalone

    from .opening import read_settings

    if where.url:
        raise UnsupportedInputError("setup works on this machine: leave out --url (QUINTET_URL).")
    chosen = build_standalone(read_settings(where)).setup
    if undo:
        chosen.undo()
        emit({"undone": True}) if as_json else say(UNDONE)
        return
    offer = chosen.offer(only or ())
    total = total_words(offer, chosen.choices.bytes_per_s)
    _show(offer, total)
    if offer.missing and not yes:
        confirm(f"Fetch them ({total})?")
    done = _fetched(chosen, only or (), accept_license=accept_license, is_quiet=as_json)
    if as_json:
        emit(_as_dict(done))


def _fetched(
    chosen: ModelSetup, only: Sequence[str], *, accept_license: bool, is_quiet: bool
) -> SetOffer:
    """Fetch with a bar, telling of each model that is here. Raises: AppError."""
    from .local_models import in_mb

    with progress("Fetching") as report:
        return chosen.fetch(
            lambda step: report(in_mb(step)),
            only=only,
            accept_license=accept_license,
            on_here=lambda card: None if is_quiet else _tell(card, chosen.not_kept(card.modality)),
        )


def _show(offer: SetOffer, total: str) -> None:
    """The offer on standard error, so that standard output is what was done."""
    from workers.models.setup.progress import WORK, model_words

    note(f"{offer.machine}: {total}.")
    for model in offer.models:
        note(f"  {WORK[model.part]}: {model_words(model)}")
    for sentence in offer.left_out:
        note(f"  {sentence}")


def _tell(card: ModelCard, not_kept: str) -> None:
    say(f"{card.id}: here; {not_kept or 'a Quintet that starts now uses it'}.")


def _as_dict(offer: SetOffer) -> dict[str, Any]:
    return {
        "machine": offer.machine,
        "models": {model.part: model.card.id for model in offer.models},
        "missing": [model.card.id for model in offer.missing],
        "left_out": list(offer.left_out),
    }
