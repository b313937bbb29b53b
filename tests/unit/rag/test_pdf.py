"""PDF pages: nothing clipped, columns in order, tables as tables, headings, what repeats."""

from __future__ import annotations

import re

import pytest
from fpdf import FPDF

from tests.rag.pdf_material import (
    LEFT,
    RIGHT,
    TABLE,
    chapters,
    hostile,
    many_empty_pages,
    open_table,
    pdf,
    ruled_table,
    scanned,
    two_columns,
    wide_page,
)
from workers.engines.rag.documents.page_notes import PageNotes, page_ranges
from workers.engines.rag.documents.reader import DocumentLimits, open_document
from workers.engines.rag.documents.section import Section, with_page_texts
from workers.messages.errors import UnsupportedInputError

LIMITS = DocumentLimits(max_file_mib=8.0, max_pages=50)


def read(data: bytes) -> list[Section]:
    return list(open_document("file.pdf", data, LIMITS).sections)


def text_of(data: bytes) -> str:
    return "\n\n".join(section.text for section in read(data))


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_a_turned_or_wide_page_loses_nothing(turned: int) -> None:
    words = text_of(pdf(wide_page, turned)).split()
    assert {"northwest", "northeast", "southwest", "southeast"} <= set(words)
    assert words.index("northwest") < words.index("southwest")


@pytest.mark.parametrize("turned", [0, 90])
def test_columns_are_read_one_after_the_other(turned: int) -> None:
    text = re.sub(r"\s+", " ", text_of(pdf(two_columns, turned)))
    places = [text.index(line) for line in (*LEFT, *RIGHT)]
    assert places == sorted(places)
    assert text.index("This summary") < places[0]


def test_a_line_of_text_that_runs_up_the_page_is_kept_whole() -> None:
    def draw(made: FPDF) -> None:
        two_columns(made)
        with made.rotation(90, 10, 200):
            made.text(10, 200, "Preprint of the third of May")

    text = text_of(pdf(draw))
    assert "Preprint of the third of May" in text
    assert LEFT[3] in text


def test_a_table_with_lines_keeps_its_rows() -> None:
    text = text_of(pdf(ruled_table))
    for row in TABLE:
        assert " | ".join(row) in text
    assert (
        text.index("counted in spring") < text.index("Rope |") < text.index("bought in the summer")
    )


def test_a_table_without_lines_keeps_its_rows() -> None:
    assert "Port | Boats | Depth\nMolde | 14 | 6 m\nBergen | 220 | 11 m" in text_of(pdf(open_table))


def test_a_long_table_begins_again_with_its_first_row() -> None:
    def draw(made: FPDF) -> None:
        made.add_page()
        for number in range(40):
            cells = (
                ("Name", "Keeper since")
                if number == 0
                else (f"Tower number {number}", f"{1800 + number}")
            )
            made.text(20, 20 + 6 * number, cells[0])
            made.text(120, 20 + 6 * number, cells[1])

    text = text_of(pdf(draw))
    assert text.count("Name | Keeper since") >= 2
    assert all(f"Tower number {number} | {1800 + number}" in text for number in range(1, 40))


def test_headings_go_into_the_path_and_running_lines_are_said_once() -> None:
    sections = read(pdf(chapters))
    for number in range(1, 6):
        (fact,) = (section for section in sections if f"Fact {number}:" in section.text)
        assert (fact.page, fact.headings) == (number, (f"Chapter {number}",))
    everything = " ".join(section.text for section in sections)
    assert everything.count("Journal of lighthouses") == 1


def test_a_title_with_nothing_under_it_is_not_lost() -> None:
    def draw(made: FPDF) -> None:
        made.add_page()
        for y, size, text in ((20, 24, "Annual report"), (40, 24, "Of the harbour")):
            made.set_font_size(size)
            made.text(20, y + 20, text)
        made.add_page()
        made.set_font_size(11)
        made.multi_cell(0, 6, "The body of the report is set in small letters. " * 9)

    everything = " ".join(f"{section.headings} {section.text}" for section in read(pdf(draw)))
    assert "Annual report" in everything
    assert "Of the harbour" in everything


def test_words_cut_at_the_end_of_a_line_are_put_together() -> None:
    def draw(made: FPDF) -> None:
        made.add_page()
        for number, line in enumerate(
            ("The illumi-", "nation of the har-", "bour in North-", "South direction")
        ):
            made.text(20, 20 + 5 * number, line)

    assert (
        text_of(pdf(draw)).split()
        == "The illumination of the harbour in North-South direction".split()
    )


def test_a_scan_waits_for_ocr_and_takes_its_text() -> None:
    data = pdf(scanned(["The bell rings at noon"], stamp="No. 17"))
    assert [section.lacks for section in read(data)] == ["", "scan"]
    opened = with_page_texts(open_document("file.pdf", data, LIMITS), {2: "The bell rings at noon"})
    *_, page = opened.sections
    assert (page.text, page.lacks, page.by_ocr) == ("The bell rings at noon", "", True)


def test_what_pages_lack_is_said() -> None:
    notes = PageNotes()
    for section in (
        Section(text="a", page=1),
        Section(text="b", page=2, by_ocr=True),
        Section(text="c", page=3, by_ocr=True),
        Section(text="", page=4, lacks="scan", by_ocr=True),
        Section(text="", page=5, lacks="damaged"),
        Section(text="", page=6, lacks="blank"),
        Section(text="", page=7, lacks="scan"),
    ):
        notes.see(section)
    assert notes.text == (
        "2 pages were read by OCR: 2, 3. OCR found no text on page 4. "
        "Page 7 has no text layer (a scan?). Page 5 is damaged and could not be read."
    )
    assert page_ranges([1, 2, 3, 5, 8, 9]) == "1–3, 5, 8, 9"


@pytest.mark.parametrize("name", ["cut.pdf", "beginning.pdf", "nothing.pdf"])
def test_a_file_that_ends_too_early_is_refused_in_a_sentence(name: str) -> None:
    with pytest.raises(UnsupportedInputError, match="damaged PDF") as caught:
        open_document(name, hostile()[name], LIMITS)
    assert name in caught.value.message


@pytest.mark.parametrize(
    ("name", "lacks"),
    [("circle.pdf", {"damaged"}), ("huge-page.pdf", {"blank"}), ("no-fonts.pdf", {""})],
)
def test_a_strange_file_is_read_as_far_as_it_goes(name: str, lacks: set[str]) -> None:
    assert {section.lacks for section in read(hostile()[name])} == lacks


def test_a_broken_page_costs_that_page() -> None:
    sections = read(hostile()["broken-page.pdf"])
    assert [section.lacks for section in sections] == ["", "damaged", ""]
    assert "Hello there" in sections[2].text


def test_very_many_pages_are_refused_before_they_are_read() -> None:
    with pytest.raises(UnsupportedInputError, match="10,000 pages; at most 50"):
        read(many_empty_pages(10_000))


def test_empty_pages_are_no_scans() -> None:
    assert {section.lacks for section in read(many_empty_pages(3))} == {"blank"}
