"""Texts in any character set, and what is no text."""

from __future__ import annotations

import random

import pytest

from workers.engines.rag.documents.reader import DocumentLimits, open_document
from workers.messages.errors import UnsupportedInputError

GERMAN = "Der Bäcker öffnet früh und verkauft süße Brötchen für die Gäste des Hauses."
JAPANESE = "これは日本語の文章です。今日は天気がいいですね。散歩に行きましょう。"
CHINESE = "中文文本没有标记。\n第二行在这里。"
RUSSIAN = "Маяк построен в 1874 году. Летом он открыт каждый день, кроме понедельника. " * 4


def read(data: bytes, name: str = "notes.txt") -> tuple[str, list[str]]:
    opened = open_document(name, data, DocumentLimits(max_file_mib=4.0))
    return "".join(section.text for section in opened.sections), list(opened.lost)


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (GERMAN, "latin-1"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "utf-32-le"),
        (JAPANESE, "shift_jis"),
        (CHINESE, "utf-16-be"),
        (CHINESE, "utf-16-le"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        ("plain words only", "utf-16-le"),
    ],
)
def test_a_text_without_a_mark_is_read_as_what_it_is(text: str, charset: str) -> None:
    assert read(text.encode(charset)) == (text, [])


def test_letters_far_from_the_beginning_count() -> None:
    text = "plain English line\n" * 30_000 + GERMAN
    assert read(text.encode("cp1252"))[0].endswith(GERMAN)


def test_one_broken_byte_does_not_change_the_other_characters() -> None:
    text, lost = read(GERMAN.encode() + b"\xff and on")
    assert text.startswith(GERMAN)
    assert text.endswith(" and on")
    assert lost == ["1 character does not fit the character set utf-8 and cannot be read."]


@pytest.mark.parametrize(
    "data",
    [b"one \x00 word of several", b"\x00begins with one such byte", b"ends with one such byte\x00"],
)
def test_a_nul_byte_is_left_out_and_said(data: bytes) -> None:
    text, lost = read(data * 2)
    assert "\x00" not in text
    assert lost == ["2 NUL bytes are left out of notes.txt."]


@pytest.mark.parametrize(
    "data",
    [
        random.Random(1).randbytes(5000),
        bytes(range(256)) * 20,
        b"\x00" * 500,
        bytes(range(1, 32)) * 30,
        b"strings\x00in\x00a\x00binary\x00",
    ],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedInputError, match=r"notes\.txt is not a text"):
        read(data)


@pytest.mark.parametrize("name", ["line.txt", "line.log", "line.md", "line.json"])
@pytest.mark.parametrize("unit", ["word ", "x", "[", "> ", "`<!--"])
def test_a_line_of_three_megabytes_is_read(name: str, unit: str) -> None:
    data = (unit * (3_000_000 // len(unit))).encode()
    text, lost = read(data, name)
    assert len(text) > 2_900_000
    assert not lost


def test_a_text_that_begins_like_another_file_is_a_text() -> None:
    assert read(b"MZ is the beginning of this sentence.")[0].startswith("MZ is")
