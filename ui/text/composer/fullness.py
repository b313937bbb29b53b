"""How full the model's context is after the last answer: a line below the composer."""

from __future__ import annotations

from collections.abc import Mapping

from ui.text.act import Act
from workers.chats.records import Message

NEARLY_FULL = 0.85
"""Of the context: the next exchanges will not fit."""
WHAT_CHATS_DO = {
    "drop": "the oldest are left out when it is full",
    "summarise": "the oldest are summed up when it is full",
}


def context_line(act: Act) -> tuple[str, bool]:
    """Return what stands below the composer of how full the context is, and whether it nearly is."""
    answer = _last_answer(act)
    context = answer.details.get("context") if answer is not None else None
    if not isinstance(context, Mapping) or not context.get("window"):
        return "", False
    used, window = int(context.get("used", 0)), int(context["window"])
    share = used / window
    words = f"{100 * share:.0f} % of {window:,} tokens used"
    if share < NEARLY_FULL:
        return words, False
    return (
        f"{words}: {WHAT_CHATS_DO.get(act.options.when_full, 'a longer chat will not fit')}",
        True,
    )


def _last_answer(act: Act) -> Message | None:
    """Return the newest answer on the way that is shown of the open chat, that is known to have a length."""
    if act.page.chat is None:
        return None
    path = act.own.tree(act.page.chat).path(act.chat.shown)
    answers = (one for one in reversed(path) if one.role == "assistant")
    return next((one for one in answers if one.details.get("context")), None)
