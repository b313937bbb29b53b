"""What stands around an answer's words: how it came, how it ended, what can be done with it."""

from __future__ import annotations

from html import escape

from ui.core.icons import icon_button
from ui.core.render import busy_html, note_html, receipt_parts, status_html
from ui.text.exchanges import Exchange
from ui.text.shown.too_long import too_long_html
from workers.chats.records import Message
from workers.flows.receipt import Receipt

from .markup import act_button, versions_html
from .table import ABOVE_ANSWER, BELOW_ANSWER, rendered

ENDED = {
    "cancelled": "Stopped here.",
    "length": "Stopped at its longest length.",
    "interrupted": "Quintet ended while this was being written.",
}
"""What is said of an end that is not the answer's own."""


def above_html(exchange: Exchange) -> str:
    """Return what stands above the words; "" for nothing."""
    return rendered(ABOVE_ANSWER, exchange.answer) if exchange.answer else ""


def below_html(exchange: Exchange) -> str:
    """Return what stands below the words."""
    answer = exchange.answer
    if answer is None:
        return _unanswered(exchange)
    shown = rendered(BELOW_ANSWER, answer)
    if exchange.is_running:
        return f'<div class="q-below">{shown}{_waits(exchange)}</div>'
    return f'<div class="q-below">{shown}{_end(exchange)}{_acts(exchange)}</div>'


def _waits(exchange: Exchange) -> str:
    """What a running answer waits for; nothing once words come."""
    live, answer = exchange.live, exchange.answer
    if _wants_leave(answer):  # nothing is at work: whoever reads it is waited for
        return ""
    if live is not None and live.waits_for is not None:
        return status_html(live.waits_for)
    has_words = answer is not None and (answer.text or answer.thought)
    return "" if has_words else busy_html("working")


def _wants_leave(answer: Message | None) -> bool:
    """Whether a call waits for whoever reads this."""
    calls = answer.details.get("calls", ()) if answer is not None else ()
    return any(call.get("state") == "waiting" for call in calls)


def _unanswered(exchange: Exchange) -> str:
    """A question whose answer could not even begin."""
    if exchange.question is None:
        return ""
    retry = act_button("Answer it", "answer", symbol="retry", message=exchange.question.id)
    return f'<div class="q-below">{note_html("This question has no answer yet.")}{retry}</div>'


def _end(exchange: Exchange) -> str:
    """How it ended, and what to do about that."""
    answer = exchange.answer
    if answer is None:
        return ""
    parts = []
    if exchange.live is not None and exchange.live.not_kept:
        parts.append(_line(f"This is not kept: {exchange.live.not_kept}", "q-warn"))
    if answer.state == "failed":
        parts.append(f'<div class="q-line q-error" role="alert">{escape(answer.error)}</div>')
        parts.append(_offer(answer) + too_long_html(answer))
    elif answer.state in ENDED:
        parts.append(_line(_ended_words(answer), "q-note"))
    buttons = []
    if answer.state in ENDED and answer.text.strip():
        buttons.append(act_button("Continue", "go-on", message=answer.id))
    elif _asks_for_retry(answer):
        buttons.append(act_button("Retry", "retry", symbol="retry", message=answer.id))
    row = f'<div class="q-next-steps">{"".join(buttons)}</div>' if buttons else ""
    return "".join(parts) + row


def _ended_words(answer: Message) -> str:
    """Return how an answer ended that did not end by itself; how long it was, where its receipt says so."""
    if answer.state != "length":
        return ENDED[answer.state]
    tokens = Receipt.of(answer.details.get("receipt") or {}).usage.completion_tokens
    context = answer.details.get("context")
    is_full = isinstance(context, dict) and context.get("used", 0) + 1 >= context.get("window", 2)
    reached = "the model's context is full" if is_full else "the longest length of an answer"
    return f"Stopped at {tokens:,} tokens: {reached}." if tokens else ENDED["length"]


def _asks_for_retry(answer: Message) -> bool:
    """Whether asking again is the next step, and so has a button of its own."""
    return answer.state != "stop" and not (answer.state in ENDED and answer.text.strip())


def _offer(answer: Message) -> str:
    """A longer context, for a question that did not fit."""
    offer = answer.details.get("offer")
    if not isinstance(offer, dict):
        return ""
    tokens, plan = f"{offer.get('context_tokens', 0):,}", str(offer.get("plan", "")).rstrip(".")
    if not offer.get("fits"):
        return note_html(f"A context of {tokens} tokens would hold it, but {plan}.")
    hint = f"Shorten the message, or load the model with a longer context ({plan})."
    return note_html(hint) + act_button(f"Reload with {tokens} tokens", "reload", message=answer.id)


def _line(text: str, kind: str) -> str:
    return f'<div class="q-line {kind}">{escape(text)}</div>'


def _acts(exchange: Exchange) -> str:
    """The one row of actions, the versions, and the receipt."""
    answer = exchange.answer
    if answer is None:
        return ""
    buttons = [
        icon_button("copy", "Copy", copy=answer.id),
        icon_button("retry", "Retry", act="retry", message=answer.id),
        icon_button("edit", "Edit", edit=answer.id, how="answer"),
        icon_button("branch", "Branch from here", act="branch", message=answer.id),
        icon_button("sound", "Read aloud", aloud=answer.id),
    ]
    if not answer.text.strip():
        buttons = buttons[1:2]  # nothing to copy, change or say
    if _asks_for_retry(answer):
        buttons = [button for button in buttons if 'data-act="retry"' not in button]
    return (
        f'<div class="q-acts">{"".join(buttons)}'
        f"{versions_html(exchange.answer_versions, 'answer')}{_receipt(answer)}</div>"
    )


def _receipt(answer: Message) -> str:
    """Speed and time; the rest when one asks for it."""
    kept = answer.details.get("receipt")
    if answer.details.get("edited"):
        return '<span class="q-receipt">changed by hand</span>'
    if not isinstance(kept, dict):
        return ""
    receipt = Receipt.of(kept)
    figures = [
        f"{receipt.tokens_per_s:.0f} tokens/s" if receipt.tokens_per_s else "",
        f"{receipt.total_s:.1f} s",
    ]
    short = " · ".join(part for part in figures if part)
    model = answer.details.get("model", "")
    rest = "".join(
        f"<li>{escape(str(part))}</li>" for part in (model, *receipt_parts(receipt)) if part
    )
    return (
        f'<details class="q-receipt"><summary title="What this answer took">{escape(short)}</summary>'
        f"<ul>{rest}</ul></details>"
    )
