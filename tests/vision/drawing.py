"""Pictures drawn by the tests, with the text that is in them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from workers.messages import Media

RECEIPT = (
    ("CORNER CAFE", ""),
    ("12 Market Street", ""),
    ("2 x Coffee", "7.00"),
    ("1 Croissant", "2.80"),
    ("1 Orange juice", "3.40"),
    ("Subtotal", "13.20"),
    ("Tax 8%", "1.06"),
    ("TOTAL", "14.26"),
    ("Paid by card", ""),
)
RECEIPT_ROWS = [" | ".join(filter(None, row)) for row in RECEIPT]


def draw_receipt(paper: str = "white", ink: str = "black") -> Image.Image:
    image = Image.new("RGB", (400, 400), paper)
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=22)
    for number, (item, price) in enumerate(RECEIPT):
        draw.text((20, 20 + number * 40), item, font=font, fill=ink)
        draw.text((380, 20 + number * 40), price, font=font, fill=ink, anchor="ra")
    return image


def draw_lines(
    lines: Iterable[tuple[int, int, str]], size: tuple[int, int], font_size: int = 22
) -> Image.Image:
    """Draw (x, y, text) lines in black on white."""
    image = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=font_size)
    for x, y, text in lines:
        draw.text((x, y), text, font=font, fill="black")
    return image


def to_media(image: Image.Image, kind: str = "PNG", **options: Any) -> Media:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return Media(name=f"picture.{kind.lower()}", data=buffer.getvalue())
