"""A person's words are literal, a model's are Markdown, and neither brings HTML of its own."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.core.written import (
    CHAT_LOG,
    answer_html,
    answer_row,
    code_html,
    question_html,
    question_row,
)

LITERAL = [
    "<b>bold</b>", "# head", "*x* and _y_", "$5 and $6", "![x](http://other.example/a.png)", "&lt; &amp;",
    "[link](http://other.example)", "| a | b |\n|---|---|\n| 1 | 2 |", "- one\n- two\n\n\n1. three",
    "line one\nline two\n\n  indented", "<script>alert(1)</script>", "```\nnever closed", "`code`", "${7*7} {{7*7}}",
    "a ``` in the middle ``` of a line", "\\(x\\) and $$y$$",
]  # fmt: skip


class Seen(HTMLParser):
    """What a browser makes of HTML: its text, its elements."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def names(self) -> set[str]:
        return {tag for tag, _ in self.tags}


@pytest.mark.parametrize("typed", LITERAL)
def test_what_is_typed_is_what_is_shown(typed: str) -> None:
    seen = Seen(question_html(typed))
    assert seen.text == typed
    assert seen.names() == {"div"}
    assert seen.tags[0][1]["class"] == "q-typed"


@given(st.text(alphabet=st.characters(exclude_characters="`~\r", exclude_categories=["Cs"])))
def test_whatever_is_typed_is_what_is_shown(typed: str) -> None:
    seen = Seen(question_html(typed))
    assert seen.text == (typed.strip("\n") if typed.strip() else "")
    assert seen.names() <= {"div"}


def test_a_fence_of_a_person_is_code_and_what_is_around_it_stays_literal() -> None:
    html = question_html("Look:\n```python\na < b\n\n# *c*\n```\n*so*\n~~~~\n```\n~~~~")
    seen = Seen(html)
    codes = [attrs for tag, attrs in seen.tags if tag == "code"]
    assert [attrs.get("class") for attrs in codes] == ["language-python", None]
    assert "a < b\n\n# *c*" in seen.text
    assert "*so*" in seen.text
    assert "~~~~" not in seen.text
    assert [cls for _, attrs in seen.tags if (cls := attrs.get("class")) == "q-typed"] == [
        "q-typed"
    ] * 2


def test_the_language_of_a_fence_cannot_bring_html() -> None:
    html = question_html('```x"><img/src=y>\ncode\n```')
    assert "img" not in Seen(html).names()
    assert "img" not in Seen(answer_html('```x"><img/src=y>\ncode\n```')).names()


def test_an_answer_has_tables_code_and_links_but_no_html() -> None:
    html = answer_html(
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n~~no~~\n\n```js\n1 < 2\n```\n\n<script>x</script> <b>y</b> "
        "[l](http://other.example) [j](javascript:alert(1))"
    )
    seen = Seen(html)
    assert {"table", "td", "s", "pre", "a"} <= seen.names()
    assert not {"script", "b"} & seen.names()
    assert "<script>x</script> <b>y</b>" in seen.text
    links = [attrs for tag, attrs in seen.tags if tag == "a"]
    assert links == [
        {"href": "http://other.example", "target": "_blank", "rel": "noopener noreferrer"}
    ]


def test_marks_are_links_but_not_in_code() -> None:
    html = answer_html(
        "So it is [2].\n\n`a[1]`\n\n```\nb[1]\n```", lambda number: f"<i>{number}</i>"
    )
    assert html.count("<i>") == 1
    assert "<i>2</i>" in html
    seen = Seen(html)
    assert "a[1]" in seen.text
    assert "b[1]" in seen.text


def test_without_marks_brackets_stay_brackets() -> None:
    assert "[2]" in answer_html("So it is [2].")


@pytest.mark.parametrize("language", ["html", "svg", "JS", "javascript module"])
def test_what_a_browser_runs_can_be_run(language: str) -> None:
    assert 'data-code="run"' in code_html("1", language)


def test_other_code_can_be_copied_and_saved_alone() -> None:
    html = code_html("print(1)", "python")
    assert 'data-code="run"' not in html
    assert 'data-code="copy"' in html
    assert 'data-code="save"' in html


def test_one_dollar_is_money_and_the_log_is_sanitized() -> None:
    opening = {item["left"] for item in CHAT_LOG["latex_delimiters"]}
    assert opening == {"$$", "\\(", "\\["}
    assert CHAT_LOG["sanitize_html"] is True


def test_rows_keep_what_was_said() -> None:
    assert answer_row("    indented")["content"] == [{"type": "text", "text": "    indented"}]
    (block,) = question_row("<b>")["content"]
    assert block["component"] == "html"
    assert "&lt;b&gt;" in block["value"]
