"""Files of many kinds with known content, made here."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage
from typing import Any

import docx
import pptx
import xlsxwriter

Parts = dict[str, bytes | str]
ODF = " ".join(
    f'xmlns:{one}="urn:oasis:names:tc:opendocument:xmlns:{one}:1.0"'
    for one in ("office", "text", "table", "meta", "style")
)


def zipped(parts: Parts) -> bytes:
    """An archive of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def parts_of(data: bytes) -> Parts:
    """The parts of an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_part(data: bytes, name: str, part: bytes | str) -> bytes:
    """The same archive with another part in the place of one."""
    return zipped({**parts_of(data), name: part})


def saved(document: Any) -> bytes:
    """What a library writes."""
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def word() -> bytes:
    """A heading, a paragraph, a table, a header and a footer."""
    document = docx.Document()
    document.core_properties.author = "Ada Berg"
    document.core_properties.title = "Garden rules"
    document.add_heading("Watering", level=1)
    document.add_paragraph("Tomatoes are watered at seven.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "North", "Rhubarb"
    section = document.sections[0]
    section.header.paragraphs[0].text = "Internal paper 12"
    section.footer.paragraphs[0].text = "Approved by Nora"
    return saved(document)


def slides() -> bytes:
    """Three slides: text, a table with notes, and one with only a title."""
    show = pptx.Presentation()
    show.core_properties.author = "Ada Berg"
    layout = show.slide_layouts[1]
    for title, text in (("The tower", "It is 31 metres high."), ("The keepers", "")):
        slide = show.slides.add_slide(layout)
        slide.shapes.title.text = title
        slide.placeholders[1].text = text
    table = show.slides[1].shapes.add_table(2, 2, 0, 0, 100, 100).table
    for number, cell in enumerate(("Name", "Since", "Erik", "1874")):
        table.cell(number // 2, number % 2).text = cell
    show.slides[1].notes_slide.notes_text_frame.text = "Mention the storm."
    show.slides.add_slide(layout).shapes.title.text = "Questions?"
    return saved(show)


def workbook(far: bool = False) -> bytes:
    """Two sheets; `far`: the first has a cell in the last column and row."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    book.set_properties({"author": "Ada Berg"})
    for name, rows in (
        ("Prices", [["Item", "Crowns"], ["Rope", 12], ["Oil", 7.5]]),
        ("Boats", [["Boat", "Built"], ["Petrel", "1911"]]),
    ):
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if far and name == "Prices":
            sheet.write(1_048_575, 16_383, "far")
    book.close()
    return file.getvalue()


def open_office(body: str, kind: str = "text", **parts: str) -> bytes:
    """An OpenDocument file with this body."""
    content = (
        f'<office:document-content {ODF} xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0">'
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    more = {f"{name}.xml": text for name, text in parts.items()}
    return zipped({"META-INF/manifest.xml": "<manifest/>", "content.xml": content, **more})


def odt() -> bytes:
    """Two headings, a paragraph with a comment in it, a table, a header, an author."""
    return open_office(
        "<text:tracked-changes><text:p>deleted dodo</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">Light</text:h><text:p>Seen<text:s/>for 19 miles.'
        "<office:annotation><text:p>comment crow</text:p></office:annotation></text:p>"
        '<text:h text:outline-level="2">Lens</text:h><text:list><text:list-item><text:p>Glass</text:p>'
        "</text:list-item></text:list><table:table><table:table-row><table:table-cell><text:p>Age"
        "</text:p></table:table-cell><table:table-cell><text:p>77</text:p></table:table-cell>"
        "</table:table-row></table:table>",
        styles=f"<s {ODF}><style:header><text:p>Paper 12</text:p></style:header></s>",
        meta=f'<m {ODF} xmlns:dc="d"><meta:initial-creator>Ada</meta:initial-creator>'
        "<dc:date>2024-05-01</dc:date></m>",
    )


def ods() -> bytes:
    """One sheet whose rows are followed by a million empty ones."""

    def row(*cells: str) -> str:
        inner = "".join(
            f"<table:table-cell><text:p>{one}</text:p></table:table-cell>" for one in cells
        )
        return f"<table:table-row>{inner}</table:table-row>"

    empty = (
        '<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    table = row("Port", "Depth") + row("Molde", "6 m") + empty
    return open_office(f'<table:table table:name="Ports">{table}</table:table>', "spreadsheet")


def odp() -> bytes:
    """Two slides."""
    pages = (
        f"<draw:page><text:p>{t}</text:p><text:p>{x}</text:p></draw:page>"
        for t, x in (("Start", "First words."), ("End", "Last words."))
    )
    return open_office("".join(pages), "presentation")


def book(**parts: str) -> bytes:
    """Two chapters, in the order of the spine."""
    package = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
    <metadata><dc:title>The light</dc:title><dc:creator>Ada Berg</dc:creator></metadata><manifest>
    <item id="b" href="b%20two.xhtml"/><item id="a" href="a.xhtml"/></manifest>
    <spine><itemref idref="a"/><itemref idref="b"/></spine></package>"""
    page = "<html><head><title>x</title></head><body><h1>{}</h1><p>{}</p></body></html>"
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container><rootfiles><rootfile full-path="OPS/p.opf"/></rootfiles></container>',
            "OPS/p.opf": package,
            "OPS/b two.xhtml": page.format("Storm", "It came in March."),
            "OPS/a.xhtml": page.format("Calm", "Nothing happened."),
            **parts,
        }
    )


def mail(subject: str = "Höhe des Turms") -> EmailMessage:
    """Text as plain and HTML, a CSV and a presentation attached."""
    message = EmailMessage()
    message["From"], message["To"] = "Ada <ada@example.org>", "nora@example.org"
    message["Date"], message["Subject"] = "Mon, 06 May 2024 10:00:00 +0200", subject
    message.set_content("Der Turm ist 31 Meter hoch, sagt Jürgen.", charset="iso-8859-1")
    message.add_alternative(
        "<p hidden>x</p><p>The tower is <b>31 metres</b> high.</p>", subtype="html"
    )
    message.add_attachment(
        b"city;river\nPrague;Vltava\n", maintype="text", subtype="csv", filename="rivers.csv"
    )
    message.add_attachment(
        slides(), maintype="application", subtype="octet-stream", filename="tower.pptx"
    )
    return message


def nested_mail(depth: int) -> bytes:
    """A mail in a mail in a mail …"""
    lines = [
        f"From: a@b.c\nSubject: level {n}\nContent-Type: message/rfc822\n\n" for n in range(depth)
    ]
    return "".join([*lines, "Subject: core\n\nThe innermost words.\n"]).encode()


RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title Tower}{\author Ada}}\f0 The tower\par "
    rb"is 31 metres high, caf\'e9 closed. \u322?ukasz.\par}"
)
SRT = b"1\n00:00:01,000 --> 00:00:04,000\nThe tower is high.\n\n2\n00:05:01,500 --> 00:05:03,000\n<i>Good night.</i>\n"
VTT = b"WEBVTT\n\nNOTE nobody reads this\n\n00:01.000 --> 00:04.000\nThe tower is high.\n"
ASS = (
    b"[Script Info]\nScriptType: v4.00+\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n"
    b"[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    b"Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,nobody\n"
    b"Dialogue: 0,0:00:01.00,0:00:04.00,Default,Ada,0,0,0,,{\\i1}The tower\\Nis high.\n"
)
