"""Draw the example receipt of the Vision tab: `python assets/make_example_receipt.py`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

SIZE = (420, 600)
ROWS = (
    ("CORNER CAFE", ""),
    ("12 Market Street", ""),
    ("Date: 14 May 2026", ""),
    ("", ""),
    ("2 x Coffee", "7.00"),
    ("1 Croissant", "2.80"),
    ("1 Orange juice", "3.40"),
    ("3 Muffin", "9.60"),
    ("", ""),
    ("Subtotal", "22.80"),
    ("Tax 8%", "1.82"),
    ("Total", "24.62"),
    ("", ""),
    ("Paid by card", ""),
    ("Thank you, come again", ""),
)
LEFT, RIGHT, TOP, ROW_HEIGHT, FONT_SIZE = 28, 392, 24, 37, 22


def draw_receipt() -> Image.Image:
    """Return the receipt: items on the left, prices on the right."""
    image = Image.new("L", SIZE, 252)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=FONT_SIZE)
    for number, (item, price) in enumerate(ROWS):
        y = TOP + number * ROW_HEIGHT
        draw.text((LEFT, y), item, font=font, fill=20)
        draw.text((RIGHT, y), price, font=font, fill=20, anchor="ra")
    return image


if __name__ == "__main__":
    draw_receipt().save(Path(__file__).with_name("example-receipt.png"), optimize=True)
