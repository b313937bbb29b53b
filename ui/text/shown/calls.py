"""Tool calls above an answer: folded when they are done, a card with three buttons while they wait."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from ui.core.icons import icon
from ui.core.render import note_html
from workers.chats.records import Message
from workers.flows.turns.calls import one_line, settled

from .markup import act_button


def calls_html(calls: Any, message: Message) -> str:
    """Return all calls of an answer, in their order."""
    if not isinstance(calls, list):
        return ""
    rows = "".join(
        _waiting_html(call, message) if call.get("state") == "waiting" else _call_html(call)
        for call in settled(calls, is_running=message.state == "running")
    )
    return f'<div class="q-calls">{rows}</div>'


def calls_note_html(note: Any, message: Message) -> str:
    """Return what is to be said of how tools were called."""
    return note_html(str(note))


def _waiting_html(call: dict[str, Any], message: Message) -> str:
    name = escape(str(call.get("tool") or call.get("name")))
    buttons = "".join(
        act_button(label, "decide", decision=decision, message=message.id, call=call.get("id"))
        for label, decision in (("Allow once", "once"), ("For this chat", "chat"), ("No", "no"))
    )
    return (
        f'<div class="q-leave" role="group" aria-label="May the model call {name}?">'
        f"<p>May the model call <b>{name}</b>?</p>"
        f"<pre>{escape(_indented(str(call.get('arguments', ''))))}</pre>"
        f'<div class="q-choices">{buttons}</div></div>'
    )


def _call_html(call: dict[str, Any]) -> str:
    state = str(call.get("state"))
    note = note_html(str(call["note"])) if call.get("note") else ""
    result = str(call.get("result", ""))
    came = f"<h4>Result</h4><pre>{escape(result)}</pre>" if result else ""
    symbol = {"done": "tick", "running": "tools"}.get(state, "warning")
    return (
        f'<details class="q-call q-{escape(state)}"><summary>{icon(symbol)}'
        f"<span>{escape(one_line(call))}</span></summary>"
        f"<h4>Arguments</h4><pre>{escape(_indented(str(call.get('arguments', ''))))}</pre>"
        f"{came}{note}</details>"
    )


def _indented(text: str) -> str:
    """Return JSON for people; what is none as it stands."""
    try:
        return json.dumps(json.loads(text or "{}"), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text
