"""What people and models write, as every chat log shows it. Pure: no gradio; whatever is typed is escaped.

A person's words are literal: nothing of them is interpreted but code fences. A model's are Markdown, with
tables, code and formulas; `$` alone is money. What is in a code block the page's script `code.js` makes
handy: its language, Copy, Save, Run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .formulas import LATEX_DELIMITERS, keep_formulas

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

CHAT_LOG: Mapping[str, Any] = MappingProxyType(
    {
        "latex_delimiters": LATEX_DELIMITERS,
        "sanitize_html": True,
        "render_markdown": True,
        "line_breaks": True,
        "group_consecutive_messages": False,
        "feedback_options": None,
        "allow_tags": False,
    }
)
"""The settings of every gr.Chatbot."""
RUNNABLE = frozenset({"html", "htm", "xhtml", "svg", "js", "javascript", "mjs"})
"""Languages that the page can run in a sandbox; `code.js` has the same list."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_MARK = re.compile(r"\[(\d{1,2})\]")


def question_html(text: str) -> str:
    """Return what a person has typed: literal, line breaks kept; a fence that is closed is shown as code."""
    parts: list[str] = []
    rest: list[str] = []
    lines = text.replace("\r\n", "\n").split("\n")
    index = 0
    while index < len(lines):
        opened = _FENCE.match(lines[index])
        end = _end_of_fence(lines, index, opened[1]) if opened else None
        if opened is None or end is None:
            rest.append(lines[index])
            index += 1
            continue
        parts += [_typed(rest), code_html("\n".join(lines[index + 1 : end]), opened[2])]
        rest, index = [], end + 1
    return "".join([*parts, _typed(rest)])


def question_row(text: str) -> dict[str, Any]:
    """Return a question as a message of gr.Chatbot."""
    return {"role": "user", "content": [html_block(question_html(text))]}


def answer_row(text: str) -> dict[str, Any]:
    """Return an answer as a message of gr.Chatbot, which is to have the settings `CHAT_LOG`."""
    # A block, for Gradio would strip the indentation of a plain string.
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def html_block(html: str) -> dict[str, Any]:
    """Return ready HTML as a block of a message of gr.Chatbot."""
    return {
        "type": "component",
        "component": "html",
        "value": html,
        "constructor_args": {"padding": False},
        "props": {"padding": False},
    }


def answer_html(text: str, mark: Callable[[int], str] | None = None) -> str:
    """Return a model's Markdown as HTML; what HTML it wrote is shown as it wrote it.

    `mark` makes the HTML of a citation such as [2]; in code there are none.
    """
    rendered: str = _markdown(mark).render(text)
    return rendered


def code_html(code: str, language: str = "") -> str:
    """Return a code block with its bar, as `code.js` makes one of Gradio's."""
    name = language.split(maxsplit=1)[0].lower() if language.split() else ""
    kind = f' class="language-{escape(name)}"' if name else ""
    run = '<button type="button" data-code="run">Run</button>' if name in RUNNABLE else ""
    return (
        '<div class="q-code"><div class="q-code-bar">'
        f"<span>{escape(name or 'text')}</span>{run}"
        '<button type="button" data-code="copy">Copy</button>'
        '<button type="button" data-code="save">Save</button></div>'
        f'<pre tabindex="0"><code{kind}>{escape(code)}</code></pre><div class="q-code-out"></div></div>'
    )


def _end_of_fence(lines: list[str], begin: int, fence: str) -> int | None:
    """Return the line that closes a fence; None if nothing does."""
    closing = re.compile(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*$")
    rest = range(begin + 1, len(lines))
    return next((index for index in rest if closing.match(lines[index])), None)


def _typed(lines: list[str]) -> str:
    text = "\n".join(lines).strip("\n")
    return f'<div class="q-typed" dir="auto">{escape(text)}</div>' if text.strip() else ""


def _markdown(mark: Callable[[int], str] | None) -> MarkdownIt:
    from markdown_it import MarkdownIt

    def fence(_: Any, tokens: list[Token], index: int, *__: Any) -> str:
        return code_html(tokens[index].content.removesuffix("\n"), tokens[index].info)

    def link(renderer: Any, tokens: list[Token], index: int, options: Any, env: Any) -> str:
        tokens[index].attrs |= {"target": "_blank", "rel": "noopener noreferrer"}
        opened: str = renderer.renderToken(tokens, index, options, env)
        return opened

    markdown = MarkdownIt("commonmark", {"html": False, "breaks": True})
    markdown.enable(["table", "strikethrough"])
    for rule in ("fence", "code_block"):
        markdown.add_render_rule(rule, fence)
    markdown.add_render_rule("link_open", link)
    keep_formulas(markdown)
    if mark is not None:
        markdown.core.ruler.push("marks", lambda state: _set_marks(state, mark))
    return markdown


def _set_marks(state: StateCore, mark: Callable[[int], str]) -> None:
    for block in state.tokens:
        if block.children:
            block.children = [new for one in block.children for new in _marked(one, mark)]


def _marked(token: Token, mark: Callable[[int], str]) -> list[Token]:
    """Return a token of text as text and marks; any other as it is."""
    from markdown_it.token import Token

    if token.type != "text":
        return [token]
    pieces: list[Token] = []
    for index, piece in enumerate(_MARK.split(token.content)):
        kind = "html_inline" if index % 2 else "text"  # the digits of a mark are every second piece
        content = mark(int(piece)) if index % 2 else piece
        pieces.append(Token(kind, "", 0, content=content))
    return pieces
