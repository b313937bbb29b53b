"""Files made to do harm, or harmed: one sentence each; a damaged part costs only that part."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.rag import kinds_material as made
from workers.engines.rag.documents.reader import DocumentLimits, open_document
from workers.messages.errors import UnsupportedInputError

LIMITS = DocumentLimits(max_file_mib=4.0, max_rows=5000, max_parts=500)
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 50}">' for a, b in zip("abcdef", "bcdefg", strict=True))
    + "]><d>&g;</d>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "/etc/passwd">]><d>&x;</d>'
LOCKED_OLE = (
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le")
)
DEEP_XML = "<text:section>" * 100_000 + "x" + "</text:section>" * 100_000


def locked_zip(data: bytes) -> bytes:
    """Say of every entry that it is encrypted."""
    file = bytearray(data)
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = file.find(mark)
        while at >= 0:
            file[at + flags] |= 1
            at = file.find(mark, at + 4)
    return bytes(file)


def lying_zip() -> bytes:
    """An entry that unpacks to more than it declares."""
    data = bytearray(made.zipped({"word/document.xml": bytes(3_000_000)}))
    at = data.find(b"PK\x01\x02")
    data[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    return bytes(data)


def many_entries() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(600):
            archive.writestr(f"word/document{number}.xml", b"")
    return file.getvalue()


WHOLE = {
    "cut.docx": (made.word()[:2000], "cannot be opened"),
    "cut.pptx": (made.slides()[:-40], "cannot be opened"),
    "bomb.xlsx": (
        made.zipped({"xl/workbook.xml": "<w/>", "xl/worksheets/s.xml": bytes(20_000_000)}),
        "unpack to 20 MB",
    ),
    "lying.docx": (lying_zip(), "damaged"),
    "entries.docx": (many_entries(), "600 parts"),
    "laughs.docx": (made.with_part(made.word(), "word/document.xml", LAUGHS), "entities"),
    "outside.docx": (made.with_part(made.word(), "word/document.xml", OUTSIDE), "entities"),
    "laughs.odt": (made.with_part(made.odt(), "content.xml", LAUGHS), "entities"),
    "outside.odt": (made.with_part(made.odt(), "content.xml", OUTSIDE), "entities"),
    "laughs.epub": (made.book(**{"OPS/p.opf": LAUGHS}), "entities"),
    "wide16.odt": (made.with_part(made.odt(), "content.xml", LAUGHS.encode("utf-16")), "entities"),
    "deep.odt": (made.open_office(DEEP_XML), "damaged"),
    "tags.docx": (
        made.with_part(made.word(), "word/document.xml", "<w>" + "<a/>" * 2_100_000 + "</w>"),
        "elements",
    ),
    "broken.docx": (made.with_part(made.word(), "word/document.xml", "<w:docu"), "damaged"),
    "broken.xlsx": (made.with_part(made.workbook(), "xl/workbook.xml", "<w:docu"), "damaged"),
    "broken.pptx": (made.with_part(made.slides(), "ppt/presentation.xml", "<p:pres"), "damaged"),
    "broken.odt": (made.with_part(made.odt(), "content.xml", "<office"), "damaged"),
    "missing.epub": (made.book(**{"META-INF/container.xml": "<container/>"}), "missing"),
    "locked.docx": (LOCKED_OLE, "password"),
    "locked.xlsx": (locked_zip(made.workbook()), "password"),
    "locked.odt": (
        made.with_part(made.odt(), "META-INF/manifest.xml", "<m><encryption-data/></m>"),
        "password",
    ),
    "drm.epub": (made.book(**{"META-INF/encryption.xml": '<e URI="OPS/a.xhtml"/>'}), "protected"),
    "plain.zip": (made.zipped({"a.txt": "hello"}), "is an archive"),
    "empty.zip": (made.zipped({}), "is an archive"),
    "text.pptx": (b"only words", "not a PowerPoint file"),
    "text.epub": (b"only words", "not an e-book"),
    "wide.csv": (",".join(map(str, range(10_000))).encode(), "10,000 columns; at most 1,000"),
    "long.csv": (b"a,b\n" + b"1,2\n" * 6000, "more than 5,000 rows"),
    "open.rtf": (b"{\\rtf1 " + b"{" * 200_000, "groups have no end"),
    "deep.eml": (made.nested_mail(2000), "nested too deeply"),
    "many.mbox": (b"From a\nSubject: x\n\nhello\n\n" * 700, "parts"),
    "old.xls": (b"\xd0\xcf\x11\xe0" + bytes(600), "old Office file"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_cannot_be_read_gets_one_sentence(name: str) -> None:
    data, words = WHOLE[name]
    with pytest.raises(UnsupportedInputError, match=words) as caught:
        list(open_document(name, data, LIMITS).sections)
    assert name in caught.value.message
    assert "\n" not in caught.value.message
    assert "root:" not in caught.value.message


def read(name: str, data: bytes) -> tuple[str, str]:
    opened = open_document(name, data, LIMITS)
    text = "\n".join(section.text for section in opened.sections)
    return text, " ".join(opened.lost)


BAD_XML = "<p:sld"
PARTS = {
    "slide.pptx": (
        made.with_part(made.slides(), "ppt/slides/slide1.xml", BAD_XML),
        "Since",
        "Slide 1 of slide.pptx could not be read: it is damaged.",
    ),
    "laughing.pptx": (
        made.with_part(made.slides(), "ppt/slides/slide1.xml", LAUGHS),
        "Since",
        "Slide 1 of laughing.pptx",
    ),
    "notes.pptx": (
        made.with_part(made.slides(), "ppt/notesSlides/notesSlide1.xml", BAD_XML),
        "31 metres",
        "The notes of slide 2 of notes.pptx are damaged.",
    ),
    "sheet.xlsx": (
        made.with_part(made.workbook(), "xl/worksheets/sheet1.xml", "<work"),
        "Petrel",
        "Sheet Prices of sheet.xlsx could not be read",
    ),
    "far.xlsx": (made.workbook(far=True), "Petrel", "1,048,576 rows high and 16,384 columns wide"),
    "chapter.epub": (
        made.with_part(made.book(), "OPS/a.xhtml", "").replace(b"OPS/a.xhtml", b"OPS/z.xhtml"),
        "came in March",
        "Chapter 1 (OPS/a.xhtml) of chapter.epub could not be read",
    ),
    "header.docx": (
        made.with_part(made.word(), "word/header1.xml", "<w:h"),
        "seven",
        "Header word/header1.xml of header.docx could not be read",
    ),
    "properties.docx": (made.with_part(made.word(), "docProps/core.xml", LAUGHS), "seven", ""),
    "deep.eml": (made.nested_mail(100), "level 5", "files in files are read 5 deep"),
    "times.srt": (b"no times at all", "no times at all", "times.srt has no times"),
    "line.srt": (b"x" * 3_000_000, "xxx", ""),
    "line.py": (b"x" * 3_000_000, "xxx", ""),
    "line.csv": (b"a,b\n" + b"x" * 3_000_000, "xxx", ""),
    "line.html": (b"x" * 3_000_000, "xxx", ""),
    "line.rtf": (b"{\\rtf1 " + b"x" * 3_000_000 + b"}", "xxx", ""),
    "line.eml": (b"Subject: a\n\n" + b"x" * 3_000_000, "xxx", ""),
    "header.eml": (
        b"Subject: =?utf-8?b?" + b"A" * 3_000_000 + b"?=\nFrom: a\n\nwords",
        "words",
        "",
    ),
    "quote.csv": (b'a,b\n1,2\n3,"never closed\n' + b"4,5\n" * 100, "never closed", ""),
    "unknown.eml": (
        b"Content-Type: text/plain; charset=klingon\n\nGr\xfc\xdfe aus dem S\xfcden",
        "Grüße",
        "",
    ),
    "base64.eml": (
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!not base64 at all",
        "",
        "",
    ),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_damaged_part_costs_only_that_part_and_is_named(name: str) -> None:
    data, words, lost = PARTS[name]
    text, said = read(name, data)
    assert words in text
    assert lost in said
    assert lost or not said


def test_a_damaged_attachment_is_named_and_the_others_are_read() -> None:
    message = made.mail()
    for file, data in (
        ("cut.docx", made.word()[:900]),
        ("run.exe", b"MZ" + bytes(90)),
        ("none.txt", b""),
    ):
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=file)
    text, lost = read("mail.eml", bytes(message))
    assert "Vltava" in text
    assert "31 metres" in text
    for name in ("cut.docx", "run.exe", "none.txt"):
        assert f"Attachment {name} of mail.eml" in lost


def test_so_many_lost_parts_are_counted() -> None:
    message = made.mail()
    for number in range(30):
        message.add_attachment(b"MZ\0", maintype="a", subtype="b", filename=f"{number}.exe")
    lost = open_document("mail.eml", bytes(message), LIMITS)
    list(lost.sections)
    assert len(lost.lost) == 21
    assert lost.lost[-1] == "10 more parts could not be read."


def test_an_archive_in_a_mail_is_no_way_around_the_bound() -> None:
    message = made.mail()
    for number in range(3):
        data = made.zipped({"word/document.xml": bytes(6_000_000)})
        message.add_attachment(data, maintype="a", subtype="b", filename=f"{number}.docx")
    with pytest.raises(UnsupportedInputError, match="would unpack to"):
        list(open_document("mail.eml", bytes(message), LIMITS).sections)
