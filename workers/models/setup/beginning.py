"""Before a set is fetched: what lies here is taken over, what cannot be had is refused, the rest is written down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from configs.settings import HubSettings
from workers.messages.errors import DownloadError
from workers.models.downloads.download import license_not_accepted
from workers.models.downloads.folders import model_folder
from workers.models.downloads.placed import take_placed
from workers.models.packaged import is_reachable

from .choices import Choices, update_choices
from .offer import OfferedModel, SetOffer, modality_of


def begin_set(
    read_offer: Callable[[], SetOffer],
    data_dir: Path,
    hub: HubSettings,
    *,
    set_id: str,
    accept_license: bool,
) -> tuple[OfferedModel, ...]:
    """Return the models of the set that are to be fetched and used.

    Raises: NotFetchedError naming a licence that was not accepted; DownloadError, saying where files are
    put by hand, if no hub can be reached; OSError.
    """
    for model in read_offer().missing:
        take_placed(model.card, data_dir)
    offer = read_offer()
    if offer.licences and not accept_license:
        raise license_not_accepted(offer.licences[0].card)
    if offer.missing and not is_reachable(hub):
        raise _unreachable(offer.missing, data_dir)
    _write_down(offer.models, set_id, data_dir)
    return offer.models


def is_settled(offer: SetOffer, choices: Choices) -> bool:
    """Whether all of the set is here, and a person has chosen since, or undone it: the last word was theirs."""
    return not offer.missing and (bool(choices.defaults) or choices.is_declined)


def _write_down(models: Sequence[OfferedModel], set_id: str, data_dir: Path) -> None:
    """Note what is wanted; and what was chosen before, unless this goes on with what was cut."""
    new = {modality_of(model.part): model.card.id for model in models}
    ids = tuple(model.card.id for model in models)

    def begun(kept: Choices) -> dict[str, object]:
        changes = any(
            name and kept.defaults.get(name) != model_id for name, model_id in new.items()
        )
        before = kept.defaults if changes and not kept.wanted else kept.before
        return {"wanted": ids, "wanted_set": set_id, "before": before, "is_declined": False}

    update_choices(data_dir, begun)


def _unreachable(missing: Sequence[OfferedModel], data_dir: Path) -> DownloadError:
    first = missing[0].card
    rest = f" and {len(missing) - 1} more are" if len(missing) > 1 else " is"
    folder = model_folder(first, data_dir)
    return DownloadError(
        f"No model hub can be reached from here; {first.name}{rest} missing.",
        f"Put {' and '.join(first.files)} into {folder}, then do this again.",
    )
