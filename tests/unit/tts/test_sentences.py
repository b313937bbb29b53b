"""Where texts are cut: nothing is lost, nothing is cut in the wrong place."""

from __future__ import annotations

import pytest

from workers.engines.tts.script import write_script
from workers.engines.tts.sentences import FIRST_MAX_CHARS, MAX_CHARS, cut_long, split_sentences

SENTENCES = [
    ["Dr. Smith met Mr. Jones at 5 p.m. on Jan. 3.", "They left."],
    ["It costs $3.50 today.", "Tomorrow 4.25 is fine."],
    ["Wait... what?", "No… really!"],
    ['He said: "Stop. Now."', "Then he left."],
    ["The U.S. economy grew.", "See e.g. Fig. 3 for more."],
    ["Visit https://example.com/a.b?x=1 now.", "Mail a.b@c.org.", "Thanks!"],
    ["1. First thing.", "2. Second thing."],
    ["你好。", "今天天气很好！", "我们走吧？"],
    ["Are you there?!", "Yes."],
    ["J. R. R. Tolkien wrote it.", "I read it."],
    ["no punctuation at all just words"],
]

TEXTS = [
    "One. Two.\n\nThree!",
    "  leading space. Then\ttabs.\r\nWindows line.\r\n\r\nNext.\r\n",
    "# Title\n\n- first item\n- second **bold. item**\n\n> quote\n\n---\n\nLast.",
    "```python\nprint('a. b')\n\nx = 1\n```\nAfter the code.",
    "| a | b |\n|---|---|\n| 1. x | 2 |\n\nAfter the table.",
    "word " * 500,
    "x" * 3000,
    "👍 First emoji. Then words. 🎉 🎉",
    "...\n\nHello.\n\n...",
    "Form\x0cfeed.\x0bVertical. Unit\u2028line. Next\x85line.",
    "你好。今天天气很好！",
    "1. one\n2. two\n\n   still two\n10) ten",
    "Old Mac\rlines. Here\rtoo.",
]


@pytest.mark.parametrize("sentences", SENTENCES, ids=lambda sentences: sentences[0])
def test_sentences_end_where_a_reader_would_stop(sentences: list[str]) -> None:
    joined = ("" if "。" in sentences[0] else " ").join(sentences)
    assert [sentence.strip() for sentence in split_sentences(joined)] == sentences


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:20])
def test_captions_joined_are_the_text(text: str, normalize: bool) -> None:
    assert "".join(line.caption for line in write_script(text, "en", normalize)) == text


def test_no_piece_is_long_and_the_first_is_short() -> None:
    lines = list(write_script("and so on it goes " * 100))
    assert len(lines[0].caption) <= FIRST_MAX_CHARS + 1
    assert max(len(line.caption) for line in lines) <= MAX_CHARS + 1


def test_long_sentences_are_cut_after_a_clause() -> None:
    sentence = "When the rain had stopped, we went out; nobody else was on the road that day."
    assert cut_long(sentence, 60) == [
        "When the rain had stopped, we went out; ",
        "nobody else was on the road that day.",
    ]


def test_a_word_without_end_is_cut_hard() -> None:
    assert [len(piece) for piece in cut_long("x" * 250, 100)] == [100, 100, 50]


@pytest.mark.parametrize("text", ["", "   ", "...", "👍", "---\n\n***", "|---|", "\n\n\n"])
def test_text_without_words_has_no_lines(text: str) -> None:
    assert list(write_script(text)) == []


def test_markdown_is_heard_without_its_signs() -> None:
    text = "## The *plan*\n\n1. See [the map](https://x.y/z_a)\n2. `make run`\n\n<b>Go</b>!"
    assert [line.spoken for line in write_script(text)] == [
        "The plan",
        "one, See the map",
        "two, make run",
        "Go!",
    ]


def test_code_and_tables_are_summed_up_and_enumerated() -> None:
    text = "```python\na = 1\nb = 2\n```\n\n| Name | Age |\n|---|---|\n| Ann | 42 |\n"
    assert [line.spoken for line in write_script(text)] == [
        "python code, 2 lines.",
        "Name, Age",
        "Ann, forty-two",
    ]


def test_formulas_are_read_aloud() -> None:
    spoken = " ".join(line.spoken for line in write_script(r"The area is \(\pi r^2\)."))
    assert spoken == "The area is pi r squared."
