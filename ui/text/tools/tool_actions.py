"""What can be done with tools and formats: look which there are, decide on a call, set a schema."""

from __future__ import annotations

import json
from html import escape
from typing import cast

from ui.core.render import note_html
from ui.text.act import COMPOSER, Act, Outcome
from ui.text.log.log_actions import save_options
from workers.flows.turns.calls import Decision
from workers.flows.turns.options import settings_of
from workers.messages.errors import UnsupportedInputError

from .tools_switch import note_tools, schema_from

DECISIONS = ("once", "chat", "no")


async def look_for_tools(act: Act) -> Outcome:
    """Show which tools there are; servers are connected for it."""
    tools = act.chats.runner.tools
    if tools is not None:
        found = await tools.box.sources(with_own=act.has_leave)
        note_tools(act.client, found, with_own=act.has_leave)
    return Outcome(draw=(COMPOSER,), notice_html=None, for_composer={"keep": True})


async def decide(act: Act) -> Outcome:
    """Allow a call that waits, once or for the chat, or refuse it."""
    decision = act.text("decision")
    if decision not in DECISIONS:
        raise UnsupportedInputError(f"A call is decided by: {', '.join(DECISIONS)}.")
    message, call = act.number("message"), act.text("call")
    act.chats.runner.decide(act.own, act.chat.id, message, call, cast(Decision, decision))
    return Outcome(for_composer={"focus": True})


async def open_schema(act: Act) -> Outcome:
    """Show the box that a schema is pasted into."""
    schema = act.options.answer_schema
    text = json.dumps(schema, indent=1, ensure_ascii=False) if schema else ""
    return Outcome(notice_html=_panel_html(text))


async def set_schema(act: Act) -> Outcome:
    """Let answers obey the schema in the box from now on."""
    schema = schema_from(act.text("schema"))
    options = act.options.model_copy(update={"answer_schema": schema})
    save_options(act, settings_of(options))
    said = note_html("Answers of this chat obey your schema now; Format turns that off again.")
    return Outcome(draw=(COMPOSER,), notice_html=said, for_composer={"focus": True})


async def close_schema(act: Act) -> Outcome:
    """Put the box away."""
    return Outcome(for_composer={"focus": True})


def _panel_html(text: str) -> str:
    return (
        '<div class="q-schema" role="group" aria-label="JSON schema of the answers">'
        '<label>JSON schema of the answers<textarea class="q-schema-text" rows="8" spellcheck="false" '
        f'placeholder="{{&quot;type&quot;: &quot;object&quot;, …}}">{escape(text)}</textarea></label>'
        '<div class="q-choices"><label class="q-b q-schema-file">Choose a file'
        '<input type="file" accept=".json,application/json" hidden></label>'
        '<button type="button" class="q-b" data-act="close-schema">Cancel</button>'
        '<button type="button" class="q-b q-go q-schema-set">Use it</button></div></div>'
    )
