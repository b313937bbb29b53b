"""A flow as it is shown: its steps above the answer, two answers side by side, what it saved, its file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any

from ui.core.icons import icon
from ui.core.render import note_html
from ui.core.written import answer_html
from workers.chats.records import Message
from workers.flows.receipt import Receipt
from workers.flows.turns.saving import words_of_saved

from .markup import act_button

WORDS = {
    "waiting": "waits",
    "running": "is written",
    "done": "done",
    "failed": "failed",
    "stopped": "stopped",
}
"""What a step's state is called."""
MAX_RENDERED = 256
"""Texts of steps that are kept as HTML: a running answer is drawn 25 times a second."""


def steps_html(steps: Any, message: Message) -> str:
    """Return the steps: unfolded while they run, then behind a line that says how many they were."""
    if not isinstance(steps, list):
        return ""
    is_running = message.state == "running"
    has_two = _has_two_answers(steps, message)
    rows = "".join(
        _step_html(step, is_open=has_two and place == 0) for place, step in enumerate(steps)
    )
    if is_running:
        return f'<div class="q-flow"><ol class="q-steps">{rows}</ol></div>'
    took = sum(float(step.get("seconds", 0)) for step in steps)
    many = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
    line = f"{_name_of(message)}{many} · {took:.1f} s{_ended_badly(steps)}"
    is_open = " open" if has_two else ""
    return (
        f'<details class="q-flow"{is_open}><summary>{escape(line)}</summary>'
        f'<ol class="q-steps">{rows}</ol></details>'
    )


def answers_html(answers: Any, message: Message) -> str:
    """Return two answers side by side, with the question which is better."""
    if not isinstance(answers, list):
        return ""
    voted = message.details.get("vote")
    sides = "".join(
        _side_html(answer, place, message, voted) for place, answer in enumerate(answers)
    )
    return f'<div class="q-two">{sides}</div>'


def remark_html(flow: Any, message: Message) -> str:
    """Return what a person should know of how it went."""
    note = flow.get("note") if isinstance(flow, Mapping) else ""
    return note_html(str(note)) if note else ""


def saved_html(saved: Any, message: Message) -> str:
    """Return what it saved that the stronger model was not asked."""
    if not isinstance(saved, dict):
        return ""
    return note_html(f"Answered here: {words_of_saved(saved)}.")


def artifact_html(artifact: Any, message: Message) -> str:
    """Return the button that saves the answer as the file that it is."""
    if not isinstance(artifact, Mapping) or message.state == "running":
        return ""
    name = escape(str(artifact.get("name", "article.md")))
    return (
        f'<div class="q-next-steps"><button type="button" class="q-b" data-save="{message.id}" '
        f'data-name="{name}">{icon("download")}Download {name}</button></div>'
    )


def words_beside(text: str, message: Message) -> str:
    """Return the answer's words, unless they stand among two answers already."""
    return "" if message.details.get("answers") else text


def _step_html(step: Mapping[str, Any], *, is_open: bool) -> str:
    state = str(step.get("state", ""))
    text, note = str(step.get("text", "")), str(step.get("note", ""))
    took = f"{float(step['seconds']):.1f} s" if step.get("seconds") else ""
    facts = " · ".join(part for part in (WORDS.get(state, state), took) if part)
    head = (
        f'<i class="q-step-dot" aria-hidden="true"></i><b>{escape(str(step.get("title", "")))}</b>'
        f"<span>{escape(facts)}</span>"
    )
    said = f'<p class="q-line q-note">{escape(note)}</p>' if note else ""
    if text:
        opened = " open" if is_open or state == "running" else ""
        body = _body(text, is_running=state == "running")
        head = f"<details{opened}><summary>{head}</summary>{body}</details>"
    else:
        head = f'<div class="q-step-head">{head}</div>'
    current = ' aria-current="step"' if state == "running" else ""
    return f'<li class="q-step q-is-{escape(state)}"{current}>{head}{said}</li>'


def _side_html(answer: Mapping[str, Any], place: int, message: Message, voted: Any) -> str:
    state, text = str(answer.get("state", "")), str(answer.get("text", ""))
    note = str(answer.get("note", ""))
    is_chosen = voted == place
    facts = [_receipt(answer)] if state == "done" else [WORDS.get(state, state)]
    head = f"<b>{escape(str(answer.get('title', '')))}</b><span>{escape(' · '.join(facts))}</span>"
    said = f'<p class="q-line q-error">{escape(note)}</p>' if note else ""
    body = _body(text, is_running=state == "running") if text else ""
    vote = ""
    if message.state != "running" and text:
        label = "You chose this one" if is_chosen else "This one is better"
        symbol = "tick" if is_chosen else ""
        vote = act_button(label, "vote", symbol=symbol, message=message.id, better=place)
        vote = vote.replace("<button ", f'<button aria-pressed="{str(is_chosen).lower()}" ', 1)
    chosen = " q-chosen" if is_chosen else ""
    return (
        f'<section class="q-side-answer{chosen}" aria-label="Answer of {escape(str(answer.get("title", "")))}">'
        f'<div class="q-step-head">{head}</div>{body}{said}{vote}</section>'
    )


def _body(text: str, *, is_running: bool) -> str:
    """Plain while it is written, for each word would be set anew; Markdown afterwards."""
    if is_running:
        return f'<div class="q-step-text q-literal">{escape(text)}</div>'
    return f'<div class="q-step-text prose">{_rendered(text)}</div>'


@lru_cache(maxsize=MAX_RENDERED)
def _rendered(text: str) -> str:
    """As an answer elsewhere; HTML in a text is shown as it is written."""
    return answer_html(text)


def _receipt(answer: Mapping[str, Any]) -> str:
    kept = answer.get("receipt")
    receipt = Receipt.of(kept if isinstance(kept, Mapping) else {})
    speed = f"{receipt.tokens_per_s:.0f} tokens/s · " if receipt.tokens_per_s else ""
    return f"{speed}{receipt.total_s:.1f} s"


def _has_two_answers(steps: list[Any], message: Message) -> bool:
    """Whether a stronger model's answer stands where the local one is among the steps."""
    flow = message.details.get("flow")
    name = flow.get("name") if isinstance(flow, Mapping) else ""
    return name == "route" and len(steps) > 2


def _name_of(message: Message) -> str:
    flow = message.details.get("flow")
    name = str(flow.get("name", "")) if isinstance(flow, Mapping) else ""
    return f"{name.title()} · " if name else ""


def _ended_badly(steps: list[Any]) -> str:
    failed = sum(step.get("state") == "failed" for step in steps)
    return f" · {failed} failed" if failed else ""
