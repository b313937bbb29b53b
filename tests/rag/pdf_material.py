"""PDF files and pictures of pages with known content, made on the spot."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import pypdfium2
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

Ink = int | str | tuple[int, ...]
LEFT = tuple(f"Left line {n} tells of the harbour and the boats" for n in range(12))
RIGHT = tuple(f"Right line {n} tells of the tower and its lamps" for n in range(12))
TABLE = (
    ("Item", "Description", "Price"),
    ("Rope", "Thirty metres of hemp, tarred twice, for the heavy boats of the harbour", "12.50"),
    ("Lamp", "Brass", "40.00"),
    ("Oil", "Rapeseed, in barrels of fifty litres, refined for lamps", "7.25"),
)


def pdf(draw: Callable[[FPDF], object], turned: int = 0) -> bytes:
    """A PDF with what `draw` writes; `turned`: the /Rotate of all its pages, in degrees."""
    made = FPDF()
    made.set_font("helvetica", size=11)
    draw(made)
    data = bytes(made.output())
    if not turned:
        return data
    document = pypdfium2.PdfDocument(data)
    for page in document:
        page.set_rotation(turned)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def two_columns(made: FPDF) -> None:
    """A title over two columns, written row by row."""
    made.add_page()
    made.set_font_size(20)
    made.text(20, 20, "The lighthouse")
    made.set_font_size(10)
    made.text(
        20,
        30,
        "This summary reaches over both of the columns and belongs to neither of them, as usual.",
    )
    for number, (left, right) in enumerate(zip(LEFT, RIGHT, strict=True)):
        made.text(20, 45 + 5 * number, left)
        made.text(115, 45 + 5 * number, right)


def ruled_table(made: FPDF) -> None:
    """A table with lines, some of its cells of several lines, between two paragraphs."""
    made.add_page()
    made.multi_cell(0, 6, "The stock of the harbour was counted in spring. " * 3)
    made.ln(4)
    with made.table(col_widths=(30, 50, 20)) as table:
        for cells in TABLE:
            row = table.row()
            for cell in cells:
                row.cell(cell)
    made.ln(4)
    made.multi_cell(0, 6, "Whatever was missing was bought in the summer. " * 3)


def open_table(made: FPDF) -> None:
    """A table without lines."""
    made.add_page()
    for number, cells in enumerate(
        (("Port", "Boats", "Depth"), ("Molde", "14", "6 m"), ("Bergen", "220", "11 m"))
    ):
        for column, cell in enumerate(cells):
            made.text(20 + 50 * column, 30 + 7 * number, cell)


def wide_page(made: FPDF) -> None:
    """Words in all four corners of a landscape page."""
    made.add_page(orientation="landscape")
    for x, y, word in (
        (5, 8, "northwest"),
        (270, 8, "northeast"),
        (5, 205, "southwest"),
        (270, 205, "southeast"),
    ):
        made.text(x, y, word)


def chapters(made: FPDF, num_pages: int = 5) -> None:
    """Pages with a running header, a page number and a heading."""
    for number in range(1, num_pages + 1):
        made.add_page()
        made.set_font_size(8)
        made.text(20, 10, f"Journal of lighthouses, volume 7, page {number}")
        made.text(100, 290, f"{number}")
        made.set_font_size(16)
        made.text(20, 30, f"Chapter {number}")
        made.set_font_size(11)
        made.set_xy(20, 40)
        made.multi_cell(0, 6, f"Fact {number}: keeper number {number} lit the lamp. " * 6)


def drawn(lines: Sequence[str], *, mode: str = "L", ink: Ink = 0, paper: Ink = 255) -> Image.Image:
    """A picture of some lines of large print."""
    image = Image.new(mode, (900, 60 + 70 * len(lines)), paper)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size=36)
    for number, line in enumerate(lines):
        pen.text((30, 30 + 70 * number), line, fill=ink, font=font)
    return image


def encoded(image: Image.Image, kind: str, more: Sequence[Image.Image] = ()) -> bytes:
    """A picture as a file; `more`: its further frames."""
    file = io.BytesIO()
    image.save(file, kind, **({"save_all": True, "append_images": list(more)} if more else {}))
    return file.getvalue()


def scanned(lines: Sequence[str], stamp: str = "") -> Callable[[FPDF], None]:
    """A page of text, then one that is a picture of `lines`, with a stamp over it."""

    def draw(made: FPDF) -> None:
        made.add_page()
        made.text(20, 30, "The cover page of the archive has a text of its own.")
        made.add_page()
        page = Image.new("L", (900, 900), 255)
        page.paste(drawn(lines), (0, 100))
        made.image(page, x=0, y=0, w=210, h=210)
        if stamp:
            made.text(20, 290, stamp)

    return draw


def hostile() -> dict[str, bytes]:
    """Files that are PDF by their beginning, and nothing to rely on after it."""
    good = pdf(chapters)
    return {
        "cut.pdf": good[: len(good) // 2],
        "beginning.pdf": good[:40],
        "circle.pdf": _objects(b"<</Type/Pages/Kids[2 0 R]/Count 3>>"),
        "nothing.pdf": _objects(b"<</Type/Pages/Kids[]/Count 0>>"),
        "huge-page.pdf": _objects(
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 1000000 1000000]>>",
        ),
        "no-fonts.pdf": _objects(
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 4 0 R>>",
            b"<</Length 42>>stream\nBT /F1 12 Tf 50 50 Td (Hello there) Tj ET \nendstream",
        ),
        "broken-page.pdf": _objects(
            b"<</Type/Pages/Kids[3 0 R 4 0 R 3 0 R]/Count 3>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 500 500]/Contents 5 0 R>>",
            b"(this is no page)",
            b"<</Length 42>>stream\nBT /F1 12 Tf 50 50 Td (Hello there) Tj ET \nendstream",
        ),
    }


def many_empty_pages(num_pages: int) -> bytes:
    """Nothing, many times."""
    kids = b" ".join(b"%d 0 R" % (number + 3) for number in range(num_pages))
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>"
    return _objects(b"<</Type/Pages/Kids[%b]/Count %d>>" % (kids, num_pages), *[page] * num_pages)


def _objects(*objects: bytes) -> bytes:
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
    for number, one in enumerate(objects, start=2):
        body += b"%d 0 obj\n" % number + one + b"\nendobj\n"
    return body + b"trailer\n<</Root 1 0 R>>\n%%EOF"
