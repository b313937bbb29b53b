"""Formulas in the HTML that the server makes of Markdown: kept whole for the browser's KaTeX; money stays money."""

from __future__ import annotations

import re
from html import unescape

import pytest

from ui.core.formulas import katex_names
from ui.core.written import answer_html


def formulas(text: str) -> list[str]:
    return [
        unescape(one) for one in re.findall(r'class="q-math">(.*?)</', answer_html(text), re.DOTALL)
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"The area is \(\pi r^2\), so.", [r"\(\pi r^2\)"]),
        (r"So $$a_1 < b_2$$ and \[x * y * z\].", ["$$a_1 < b_2$$", r"\[x * y * z\]"]),
        ("Thus\n\\[\na = b\n- c\n= d\n\\]\nholds.", ["\\[\na = b\n- c\n= d\n\\]"]),
        ("$$\na\n\nb\n$$", ["$$\na\n\nb\n$$"]),
        ("- one\n\n  \\[\n  x\n  \\]\n- two", ["\\[\n  x\n  \\]"]),
        (r"It costs $5 and $6; \(open, and \[ too.", []),
        ("`\\(x\\)`\n\n```\n$$\nx\n$$\n```\n\n    $$ y $$", []),
        (r"Empty: $$$$ and \(\).", []),
    ],
)
def test_a_formula_is_kept_as_it_was_written(text: str, found: list[str]) -> None:
    assert formulas(text) == found


def test_nothing_of_a_formula_is_html() -> None:
    for text in (r"\(<img src=x>\)", "$$\n<script>1</script>\n$$"):
        html = answer_html(text)
        assert "<img" not in html
        assert "<script" not in html


def test_gradio_brings_what_sets_them() -> None:
    script, sheet = katex_names()
    assert (script.partition("-")[0], sheet.partition("-")[0]) == ("auto", "katex")
