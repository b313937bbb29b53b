"""Readings → HTML, text and JSON, checked by parsing what comes out."""

from __future__ import annotations

import json

from bs4 import BeautifulSoup

from ui.vision.view import (
    AskedPictures,
    PictureReadings,
    after_html,
    pictures_html,
    reading_summary,
    to_json,
    to_text,
    turn_html,
)
from workers.messages import PictureRead, TextLine


def line(text: str, x: float, y: float, confidence: float = 0.99) -> TextLine:
    box = ((x, y), (x + 100, y), (x + 100, y + 20), (x, y + 20))
    return TextLine(text=text, box=box, confidence=confidence)


def reading(index: int, *lines: TextLine) -> PictureRead:
    return PictureRead(request_id="r", index=index, width=400, height=300, lines=lines)


RECEIPT = reading(0, line("Tea", 10, 10), line("2.80", 250, 10), line("<b>Sum</b>", 10, 50, 0.6))
ONE = PictureReadings(("/cache/a b.png",), (RECEIPT,))
TWO = PictureReadings(("/cache/a.png", "/cache/b.png"), (RECEIPT, reading(1)))


def test_every_line_has_a_numbered_box_in_the_pictures_own_pixels() -> None:
    page = BeautifulSoup(pictures_html(ONE), "html.parser")
    assert page.svg is not None
    assert page.svg["viewbox"] == "0 0 400 300"
    assert next(p["points"] for p in page.find_all("polygon")) == "10,10 110,10 110,30 10,30"
    assert [t.string for t in page.svg.find_all("text")] == ["1", "2", "3"]
    assert page.img is not None
    assert page.img["src"] == "gradio_api/file=/cache/a%20b.png"


def test_text_from_a_picture_never_becomes_markup() -> None:
    page = BeautifulSoup(pictures_html(ONE), "html.parser")
    assert [item.string for item in page.find_all("li")] == ["Tea", "2.80", "<b>Sum</b>"]
    hostile = pictures_html(PictureReadings(('/cache/"><script>.png',), (RECEIPT,)))
    assert BeautifulSoup(hostile, "html.parser").script is None


def test_unsure_lines_are_marked() -> None:
    page = BeautifulSoup(pictures_html(ONE), "html.parser")
    assert [item.string for item in page.select("li.q-unsure")] == ["<b>Sum</b>"]


def test_pictures_that_are_not_read_yet_are_shown_without_boxes() -> None:
    page = BeautifulSoup(
        pictures_html(PictureReadings(("/cache/a.png", "/cache/b.png"))), "html.parser"
    )
    assert len(page.find_all("img")) == 2
    assert page.find("polygon") is None


def test_a_picture_without_text_says_so() -> None:
    assert "no text found" in pictures_html(TWO)


def test_text_keeps_rows_and_names_several_pictures() -> None:
    assert to_text(ONE) == "Tea: 2.80\n<b>Sum</b>"
    assert to_text(TWO) == "# a.png\nTea: 2.80\n<b>Sum</b>\n\n# b.png\n"


def test_json_holds_boxes_in_pixels() -> None:
    (first, second) = json.loads(to_json(TWO))["pictures"]
    assert (first["file"], first["width"], second["lines"]) == ("a.png", 400, [])
    assert first["lines"][1]["box"][0] == [250, 10]


def test_a_reading_belongs_to_exactly_its_files() -> None:
    assert ONE.readings_of(("/cache/a b.png",)) == (RECEIPT,)
    assert ONE.readings_of(("/cache/other.png",)) == ()


def test_summary_tells_time_lines_and_what_was_done() -> None:
    html = reading_summary(ONE, 0.5, ("scaled down",))
    assert "3 lines in 500 ms · scaled down" in html
    assert "read before" in reading_summary(ONE, None)


def test_a_picture_without_text_is_reported_in_words() -> None:
    assert "No text was found in 500 ms" in reading_summary(
        PictureReadings(("a.png",), (reading(0),)), 0.5
    )
    one = reading(0, line("Total", 0, 0))
    assert "1 line in" in reading_summary(PictureReadings(("a.png",), (one,)), 0.5)


def test_an_answer_has_its_remarks_above_its_actions() -> None:
    asked = AskedPictures(question="<b>?", text="2.80", notes=("scaled down",), is_done=True)
    shown = turn_html(asked)
    assert "&lt;b&gt;?" in shown
    assert shown.index("2.80") < shown.index("scaled down") < shown.index('data-act="again"')
    assert after_html(AskedPictures(question="?", text="2", is_done=False)) == ""
