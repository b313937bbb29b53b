"""Every format, and every file that only looks like one."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.rag.material import (
    FACTS,
    MARKDOWN,
    WEB_PAGE,
    encrypted_pdf,
    handbook_pdf,
    scanned_pdf,
    word_file,
)
from workers.engines.rag.documents.pdf.text import join
from workers.engines.rag.documents.reader import DocumentLimits, open_document
from workers.engines.rag.documents.section import Section
from workers.messages.errors import UnsupportedInputError

LIMITS = DocumentLimits(max_file_mib=1.0, max_pages=30)


def read(name: str, data: bytes) -> list[Section]:
    return list(open_document(name, data, LIMITS).sections)


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in members.items():
            zipped.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return file.getvalue()


def test_pdf_keeps_its_pages() -> None:
    opened = open_document("handbook.pdf", handbook_pdf(), LIMITS)
    assert opened.num_pages == len(FACTS)
    for (title, fact), section in zip(FACTS, opened.sections, strict=True):
        assert title in section.text
        assert fact in section.text.replace("\n", " ")


def test_scanned_page_is_empty_not_missing() -> None:
    sections = read("scan.pdf", scanned_pdf())
    assert [(section.page, bool(section.text)) for section in sections] == [
        (1, True),
        (2, True),
        (3, False),
    ]


def test_word_file_keeps_headings_and_tables() -> None:
    sections = read("garden.docx", word_file())
    by_heading = {section.headings: section.text for section in sections}
    assert "seven in the morning" in by_heading["Garden rules", "Watering"]
    assert "North | Rhubarb" in by_heading["Garden rules", "Compost"]


def test_web_page_loses_navigation_scripts_and_footer() -> None:
    sections = read("page.html", WEB_PAGE.encode())
    assert sections[0].headings == ("The lighthouse",)
    assert sections[0].text == "It was built in 1874 by Erik Dahl."
    assert sections[1].headings == ("The lighthouse", "Opening hours")
    assert "Adults pay 6 crowns\nChildren pay nothing" in sections[1].text
    everything = " ".join(section.text for section in sections)
    assert not {"Shop", "reserved", "track", "color"} & set(everything.split())


def test_web_page_in_its_declared_charset() -> None:
    page = '<html><meta charset="iso-8859-2"><body><p>Źródło wiedzy</p></body></html>'
    assert read("a.html", page.encode("iso-8859-2"))[0].text == "Źródło wiedzy"


def test_markdown_is_cut_at_headings_but_not_inside_code() -> None:
    sections = read("bread.md", MARKDOWN.encode())
    assert [section.headings for section in sections] == [
        ("Bread", "Sourdough"),
        ("Bread", "Baking"),
    ]
    assert "# not a heading" in sections[0].text


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_plain_text_in_any_charset(charset: str) -> None:
    text = "Der Bäcker öffnet früh und verkauft süße Brötchen für die Gäste des Hauses."
    assert read("notes.txt", text.encode(charset))[0].text == text


def test_table_rows_explain_themselves() -> None:
    table = b"city;river\nPrague;Vltava\nParis;Seine\n"
    assert read("rivers.csv", table)[0].text == (
        "city: Prague; river: Vltava\ncity: Paris; river: Seine"
    )


def test_source_code_is_text() -> None:
    assert "def answer" in read("answer.py", b"def answer():\n    return 42\n")[0].text


def test_long_text_comes_in_blocks_and_loses_nothing() -> None:
    text = "\n".join(f"Line {number} of the long report." for number in range(2000))
    sections = read("report.txt", text.encode())
    assert len(sections) > 3
    assert "".join(section.text for section in sections) == text


def test_lines_of_a_page_become_paragraphs() -> None:
    text = ""
    for line in ("The train leaves", "at nine.", "The exam-", "ple ends"):
        text = join(text, line, is_full=False)
    assert text.strip() == "The train leaves at nine.\nThe example ends"


BAD_FILES = [
    ("empty.pdf", b"", "empty"),
    ("setup.pdf", b"MZ\x90\x00" + bytes(300), "Windows program"),
    ("letter.docx", b"MZ\x90\x00" + bytes(300), "not a Word document"),
    ("photo.txt", b"\x89PNG\r\n\x1a\n" + bytes(300), "damaged picture"),
    ("data.txt", bytes(range(256)) * 10, "not a text"),
    ("letter.pdf", b"Dear all, this is no PDF.", "not a PDF"),
    ("broken.pdf", b"%PDF-1.7\n" + b"nonsense " * 50, "damaged"),
    ("secret.pdf", encrypted_pdf(), "password"),
    ("broken.docx", b"PK\x03\x04" + bytes(200), "damaged"),
    ("slides.pptx", archive(ppt__presentation_xml=b"<p/>"), "damaged PowerPoint"),
    ("damaged.docx", archive(word__document_xml=b"<w:docu"), "damaged"),
    ("bomb.docx", archive(word__document_xml=bytes(8 * 2**20)), "unpack to 8.4 MB"),
    ("large.txt", b"word " * 300_000, "1.5 MB"),
    ("long.pdf", handbook_pdf(31), "31 pages; at most 30"),
]


@pytest.mark.parametrize(("name", "data", "sentence"), BAD_FILES, ids=[b[0] for b in BAD_FILES])
def test_bad_file_gets_one_clear_sentence(name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(UnsupportedInputError, match=sentence) as caught:
        read(name, data)
    assert name in caught.value.message
    assert "\n" not in caught.value.message
