"""Formulas in Markdown: found before Markdown reads their backslashes, set in the browser by `math.js`. Pure."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

LATEX_DELIMITERS: list[dict[str, str | bool]] = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]
"""One dollar is none of them: "$5 and $6" is money."""
PAIRS = tuple((str(one["left"]), str(one["right"])) for one in LATEX_DELIMITERS)
KATEX = ("auto-render-*.js", "katex-*.css")
"""Among the files that Gradio serves to browsers: what it sets its own formulas with."""


def keep_formulas(markdown: MarkdownIt) -> None:
    """Let Markdown leave formulas alone; each becomes an element that the page's script sets."""
    markdown.inline.ruler.before("escape", "formula", _inline)
    markdown.block.ruler.before(
        "list", "formula_block", _block, {"alt": ["paragraph", "blockquote", "list"]}
    )
    markdown.add_render_rule("formula", _rendered)


def katex_names() -> tuple[str, ...]:
    """Return the names of the files of KATEX; () if this Gradio has others: formulas stay as written."""
    from pathlib import Path

    import gradio

    folder = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
    found = [sorted(folder.glob(name)) for name in KATEX]
    return tuple(paths[0].name for paths in found) if all(found) else ()


def _inline(state: StateInline, silent: bool) -> bool:
    end = _end_of(state.src, state.pos, state.posMax)
    if end is None:
        return False
    if not silent:
        state.push("formula", "", 0).content = state.src[state.pos : end]
    state.pos = end
    return True


def _block(state: StateBlock, begin_line: int, end_line: int, silent: bool) -> bool:
    """A formula that has its lines for itself: those that begin with "-" or "=" would be no formula's."""
    begin = state.bMarks[begin_line] + state.tShift[begin_line]
    if state.is_code_block(begin_line):
        return False
    end = _end_of(state.src, begin, state.eMarks[end_line - 1])
    if end is None:
        return False
    last = next(line for line in range(begin_line, end_line) if state.eMarks[line] >= end)
    if state.src[end : state.eMarks[last]].strip():
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.block, token.content, token.map = True, state.src[begin:end], [begin_line, last + 1]
        state.line = last + 1
    return True


def _end_of(text: str, begin: int, longest: int) -> int | None:
    """Return where a formula that begins here has ended; None if none does."""
    for left, right in PAIRS:
        if text.startswith(left, begin):
            end = text.find(right, begin + len(left), longest)
            has_words = end > 0 and text[begin + len(left) : end].strip()
            return end + len(right) if has_words else None
    return None


def _rendered(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    tag = "p" if tokens[index].block else "span"
    return f'<{tag} class="q-math">{escape(tokens[index].content)}</{tag}>'
