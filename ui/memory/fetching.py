"""What is being fetched → lines of the strip. Pure; everything is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ui.core.titles import TITLES
from workers.models.setup.getting import Fetching
from workers.models.setup.progress import SetupProgress, fetching_words


def fetching_html(
    fetching: Sequence[Fetching], total: SetupProgress | None = None, *, says_why: bool
) -> str:
    """Return a line for each model on its way; `total`: how far the set for this machine is, if it is fetched.

    `says_why`: whether the reason of a failure is shown, which may name folders of this machine.
    """
    of_set = f" · {round(100 * total.fraction)} % of the set" if total is not None else ""
    return "".join(_line(what, of_set, says_why=says_why) for what in fetching)


def _line(what: Fetching, of_set: str, *, says_why: bool) -> str:
    name = f"<b>{escape(what.card.name)}</b>"
    if what.problem:
        why = f": {escape(what.problem)}" if says_why else "."
        return f'<p class="q-fetching q-fetching-failed">{name} is not used{why}</p>'
    then = f"; then {TITLES[what.card.modality]} uses it" if what.is_wanted else ""
    return (
        f'<div class="q-fetching"><p>Fetching {name}: {escape(fetching_words(what))}{then}{of_set}</p>'
        f"{_bar(what.percent, what.card.name)}</div>"
    )


def _bar(percent: int | None, name: str) -> str:
    value = f' value="{percent}"' if percent is not None else ""
    return f'<progress max="100"{value} aria-label="Of {escape(name, quote=True)}"></progress>'
