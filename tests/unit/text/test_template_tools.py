"""Which templates take tools, under which name, and what such a template is given."""

from __future__ import annotations

import json

import pytest

from workers.engines.text.engine import CallDelta, Completion, Delta, Piece
from workers.engines.text.template_tools import tools_name, with_xml_tools
from workers.engines.text.tools import hear_calls, prepare
from workers.messages import ChatMessage, Generate, Tool, ToolCall, Usage

IN_THE_SYSTEMS_MESSAGE = """{%- for message in messages -%}
{%- if message['role'] == 'system' and 'tools' in message and message['tools'] is not none -%}
{{- message['content'] + '<|tool|>' + message['tools'] + '<|/tool|>' -}}
{%- else -%}{{- message['content'] -}}{%- endif -%}{%- endfor -%}"""
"""As Phi-4 mini's."""
UNDER_ANOTHER_NAME = """{%- if xml_tools or python_tools -%}### Tools
{%- for tool in xml_tools[:] -%}{{ tool | string }}{%- endfor -%}{%- endif -%}
{%- for message in messages -%}{% generation %}{{ message.content }}{% endgeneration %}{%- endfor -%}"""
"""As SmolLM3's."""
TEMPLATES = {
    "tools": "{% if tools %}{% for tool in tools %}{{ tool | tojson }}{% endfor %}{% endif %}",
    "tools where none is set": "{% if not tools is defined %}{% set tools = none %}{% endif %}{{ tools }}",
    "both names": "{% if xml_tools or tools %}{% if tools %}{% set xml_tools = tools %}{% endif %}{% endif %}",
    "a loop that breaks": "{% for tool in tools %}{% break %}{% endfor %}",
    "no Jinja": "{% if tools {{",
}


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_most_templates_read_tools(template: str) -> None:
    assert tools_name(template) == "tools"


def test_a_template_that_only_mentions_them_takes_none() -> None:
    assert tools_name(IN_THE_SYSTEMS_MESSAGE) == ""
    assert tools_name("{{ messages }}") == ""
    assert tools_name(UNDER_ANOTHER_NAME) == "xml_tools"


def test_calls_that_were_made_become_text_and_tools_a_variable() -> None:
    function = {"name": "get_weather", "description": "", "parameters": {}}
    call = {"id": "1", "function": {"name": "get_weather", "arguments": '{"city": "Rome"}'}}
    body = {
        "messages": [
            {"role": "user", "content": "Rome?"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "31 degrees", "tool_call_id": "1"},
        ],
        "tools": [{"type": "function", "function": function}],
        "tool_choice": "none",
        "chat_template_kwargs": {"enable_thinking": False},
    }
    changed = with_xml_tools(body)
    assert changed["chat_template_kwargs"] == {"enable_thinking": False, "xml_tools": [function]}
    assert {"tools", "tool_choice"}.isdisjoint(changed)
    said = changed["messages"][1]["content"]
    inner = said.removeprefix("<tool_call>\n").removesuffix("\n</tool_call>")
    assert json.loads(inner) == {"name": "get_weather", "arguments": {"city": "Rome"}}
    assert with_xml_tools({"messages": []}) == {"messages": []}


WRITTEN = {
    "SmolLM3": '<tool_call>\n{"name": "get_time", "arguments": {"city": "Rome"}}\n</tool_call>',
    "Phi-4 mini": '<|tool_call|>[{"name": "get_time", "arguments": {"city": "Rome"}}]<|/tool_call|>',
    "Phi-4 mini's other": 'functools[{"name": "get_time", "arguments": {"city": "Rome"}}]',
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_what_these_models_write_is_heard_as_a_call(text: str) -> None:
    usage = Usage(prompt_tokens=1, completion_tokens=1)
    pieces: list[Piece] = [
        *(Delta(text=one) for one in text),
        Completion(reason="stop", usage=usage),
    ]
    heard = list(hear_calls((piece for piece in pieces), [Tool(name="get_time")]))
    calls = [piece for piece in heard if isinstance(piece, CallDelta)]
    assert [call.name for call in calls if call.name] == ["get_time"]
    assert json.loads("".join(call.arguments for call in calls)) == {"city": "Rome"}
    assert not any(isinstance(piece, Delta) for piece in heard)


def test_a_sentence_about_functools_stays_text() -> None:
    usage = Usage(prompt_tokens=1, completion_tokens=1)
    pieces: list[Piece] = [
        Delta(text="functools is a module"),
        Completion(reason="stop", usage=usage),
    ]
    heard = list(hear_calls((piece for piece in pieces), [Tool(name="get_time")]))
    assert heard == pieces


@pytest.mark.parametrize("is_shown", [True, False])
def test_what_was_called_is_in_words_where_the_template_knows_no_tools(*, is_shown: bool) -> None:
    """Also in a request that offers none: a template that knows no such turns would fail on them."""
    asked = ChatMessage(role="user", text=" The time? ")
    call = ToolCall(call_id="1", name="get_time", arguments="{}")
    turns = (
        asked,
        ChatMessage(role="assistant", text="", tool_calls=(call,)),
        ChatMessage(role="tool", text="Noon.", tool_call_id="1"),
    )
    request = Generate(messages=turns, tools=(Tool(name="get_time"),), tool_choice="none")
    prepared = prepare(request, is_shown=is_shown)
    assert prepared.tools == ()
    if is_shown:
        assert prepared.messages == turns
    else:
        assert [turn.role for turn in prepared.messages] == ["user", "assistant", "user"]
        assert prepared.messages[0] == asked
        assert "Noon." in prepared.messages[2].text
