"""Under which name a chat template reads the tools of a request, and what it must be given then.

Most templates read `tools`, and mark calls that were made in the conversation. SmolLM3's reads `xml_tools`
and knows no calls; it lists each tool as it is given, and wants `<tool_call>` with JSON in it. Phi-4 mini's
reads neither: it looks for tools in the system's message, where nobody puts them. A template of that kind
is not shown any, and the tools are told in words (`tools.prepare`).

Source: the templates in the makers' files (SmolLM3-3B, Phi-4-mini-instruct).
"""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

TOOLS, XML_TOOLS = "tools", "xml_tools"
_GENERATION = re.compile(r"\{%-?\s*(end)?generation\s*-?%\}")
"""A tag of transformers' own, around what a model has said."""


def tools_name(template: str) -> str:
    """Return the variable in which a template is given tools, "tools" or "xml_tools"; "": it takes none."""
    if TOOLS not in template:
        return ""
    names = _variables(template)
    return next((name for name in (TOOLS, XML_TOOLS) if name in names), "")


def with_xml_tools(body: Json) -> Json:
    """Return a chat's JSON as a template wants it that reads `xml_tools`: calls that were made as text."""
    if not body.get("tools"):
        return body
    functions = [tool["function"] for tool in body["tools"]]
    switches = {**body.get("chat_template_kwargs", {}), XML_TOOLS: functions}
    turns = [_in_words(turn) for turn in body["messages"]]
    others = {name: value for name, value in body.items() if name not in ("tools", "tool_choice")}
    return {**others, "messages": turns, "chat_template_kwargs": switches}


def _variables(template: str) -> set[str]:
    """Return the names that a template reads and does not set itself; all words of one that is not Jinja's."""
    from jinja2 import Environment, TemplateError, meta

    environment = Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=True)
    try:
        parsed = environment.parse(_GENERATION.sub("", template))
        return meta.find_undeclared_variables(parsed)
    except (TemplateError, RecursionError):
        return set(re.findall(r"\w+", template))


def _in_words(turn: Json) -> Json:
    if not turn.get("tool_calls"):
        return turn
    functions = [call["function"] for call in turn["tool_calls"]]
    calls = [
        f'<tool_call>\n{{"name": "{call["name"]}", "arguments": {call["arguments"] or "{}"}}}\n</tool_call>'
        for call in functions
    ]
    said = "\n".join(filter(None, [turn["content"], *calls]))
    return {"role": turn["role"], "content": said}
