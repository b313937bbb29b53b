"""What a person has typed is shown character by character."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.text.literal import literal_html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("$5 and $6", '<span class="q-literal">$5 and $6</span>'),
        ("<b>no</b>", '<span class="q-literal">&lt;b&gt;no&lt;/b&gt;</span>'),
        ("# head\n*x*", '<span class="q-literal"># head\n*x*</span>'),
        ("&lt;", '<span class="q-literal">&amp;lt;</span>'),
        ("![x](http://a/b.png)", '<span class="q-literal">![x](http://a/b.png)</span>'),
        (
            "see\n```py\na < b\n```\nso",
            '<span class="q-literal">see</span><pre><code>a &lt; b</code></pre><span class="q-literal">so</span>',
        ),
        ("```\nopen", "<pre><code>open</code></pre>"),
        ("````\n```\nin\n```\n````", "<pre><code>```\nin\n```</code></pre>"),
        ("", ""),
    ],
)
def test_nothing_is_read_but_fences(text: str, html: str) -> None:
    assert literal_html(text) == html


@given(st.text(alphabet="ab<>&\"'$*_#\n ", max_size=80))
def test_without_fences_no_character_is_lost_and_none_is_markup(text: str) -> None:
    html = literal_html(text).removeprefix('<span class="q-literal">').removesuffix("</span>")
    assert "<" not in html
    assert unescape(html) == text.strip("\n")


@given(st.text(alphabet="ab<`~\n ", max_size=80))
def test_what_stands_in_fences_is_no_markup_either(text: str) -> None:
    html = literal_html(text)
    for tag in ('<span class="q-literal">', "</span>", "<pre><code>", "</code></pre>"):
        html = html.replace(tag, "")
    assert "<" not in html
