"""Pictures with known text through the real models."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from workers.engines.contract import CancelToken
from workers.engines.vision.worker import VisionWorker
from workers.media.reading_order import rows
from workers.messages import Describe, PictureRead, Progress

from .conftest import Read
from .drawing import RECEIPT_ROWS, draw_lines, draw_receipt, to_media


def row_texts(reading: PictureRead) -> list[str]:
    return [" | ".join(line.text for line in row) for row in rows(reading.lines)]


def photographed(image: Image.Image) -> Image.Image:
    """A receipt on a grey table: seen from the side, blurred, noisy, compressed by the caller."""
    width, height = image.size
    corners = (-30, -20, -10, height + 25, width + 35, height + 45, width + 20, -40)
    seen = image.transform((480, 480), Image.Transform.QUAD, corners, 3, fillcolor="#888")
    noise = np.random.default_rng(7).normal(0, 9, (480, 480, 3))
    noisy = np.clip(np.asarray(seen.filter(ImageFilter.GaussianBlur(0.6))) + noise, 0, 255)
    return Image.fromarray(noisy.astype(np.uint8))


def on_side() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn clockwise
    return exif


TURNED = draw_receipt().rotate(90, expand=True)
TRANSPARENT = Image.merge(
    "RGBA", [Image.new("L", (400, 400), 0)] * 3 + [ImageOps.invert(draw_receipt().convert("L"))]
)
WHITE_ON_NOTHING = Image.merge(
    "RGBA", [Image.new("L", (400, 400), 255)] * 3 + [ImageOps.invert(draw_receipt().convert("L"))]
)
BOTH_ON_NOTHING = TRANSPARENT.copy()
BOTH_ON_NOTHING.paste(WHITE_ON_NOTHING.crop((0, 0, 400, 150)))
VARIANTS = {
    "plain": to_media(draw_receipt()),
    "inverted": to_media(draw_receipt("black", "white")),
    "palette": to_media(draw_receipt().quantize(8)),
    "16 bits": to_media(
        Image.fromarray(np.asarray(draw_receipt().convert("L")).astype(np.uint16) * 257)
    ),
    "cmyk jpeg": to_media(draw_receipt().convert("CMYK"), "JPEG", quality=90),
    "black on transparent": to_media(TRANSPARENT),
    "white on transparent": to_media(WHITE_ON_NOTHING),
    "animated gif": to_media(
        draw_receipt(), "GIF", save_all=True, append_images=[Image.new("RGB", (400, 400))]
    ),
    "webp": to_media(draw_receipt(), "WEBP", quality=80),
    "tiff": to_media(draw_receipt(), "TIFF"),
    "exif quarter turn": to_media(TURNED, "JPEG", exif=on_side(), quality=95),
    "turned left": to_media(TURNED),
    "turned right": to_media(draw_receipt().rotate(-90, expand=True)),
    "upside down": to_media(draw_receipt().rotate(180)),
    "tilted": to_media(
        draw_receipt().rotate(6, expand=True, fillcolor="grey", resample=Image.Resampling.BICUBIC)
    ),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_receipt_is_read_exactly(read: Read, name: str) -> None:
    assert row_texts(read(VARIANTS[name])[0]) == RECEIPT_ROWS


def test_black_and_white_ink_on_nothing_are_both_read(read: Read) -> None:
    found = row_texts(read(to_media(BOTH_ON_NOTHING))[0])
    assert [row.replace(" ", "") for row in found] == [row.replace(" ", "") for row in RECEIPT_ROWS]


def test_a_photographed_receipt_keeps_its_items_and_total(read: Read) -> None:
    found = row_texts(read(to_media(photographed(draw_receipt()), "JPEG", quality=70))[0])
    assert {"2 x Coffee | 7.00", "1 Orange juice | 3.40", "TOTAL | 14.26"} <= set(found)


def test_two_columns_are_read_one_after_the_other(read: Read) -> None:
    left = [(20, 90 + 40 * n, f"left column line {n} has words") for n in range(6)]
    right = [(540, 96 + 40 * n, f"right column line {n} is here") for n in range(6)]
    title = (20, 20, "The title of this page spans both of its columns, as titles often do")
    page = draw_lines([title, *left, *right], (1000, 360), 24)
    texts = [line.text for line in read(page)[0].lines]
    assert texts == [text for _, _, text in (title, *left, *right)]


def test_a_long_screenshot_is_read_to_its_end(read: Read) -> None:
    lines = [(20, 20 + 60 * n, f"Message number {n}") for n in range(40)]
    texts = [line.text for line in read(draw_lines(lines, (800, 2440)))[0].lines]
    assert texts == [text for _, _, text in lines]


def test_boxes_lie_where_the_words_were_drawn(read: Read) -> None:
    image = draw_lines([(120, 80, "Where is this?")], (500, 200), 30)
    font = ImageFont.load_default(size=30)
    left, top, right, bottom = ImageDraw.Draw(image).textbbox((120, 80), "Where is this?", font)
    (found,) = read(image)[0].lines
    expected = ((left, top), (right, top), (right, bottom), (left, bottom))
    assert np.abs(np.subtract(found.box, expected)).max() < 8
    assert found.confidence > 0.9


def test_forty_megapixels_are_scaled_down_read_and_said(reader: VisionWorker) -> None:
    lines = [(400, 400 + 900 * n, f"Poster line {n}") for n in range(4)]
    poster = draw_lines(lines, (7300, 5480), 300)
    events = list(reader.handle(Describe(images=(to_media(poster, "JPEG"),)), CancelToken()))
    reading = next(event for event in events if isinstance(event, PictureRead))
    assert [line.text for line in reading.lines] == [text for _, _, text in lines]
    assert (reading.width, reading.height) == (7300, 5480)
    assert np.abs(np.subtract(reading.lines[3].box[0], (400, 3170))).max() < 120
    notes = {event.what for event in events if isinstance(event, Progress)}
    assert any("scaled down from 7300 × 5480 to" in note for note in notes)


def test_each_picture_gets_its_own_reading(read: Read) -> None:
    readings = read(
        draw_lines([(20, 20, "first page")], (300, 80)),
        Image.new("RGB", (300, 200), "white"),
        draw_lines([(20, 20, "third page")], (300, 80)),
    )
    assert [reading.index for reading in readings] == [0, 1, 2]
    assert [[line.text for line in r.lines] for r in readings] == [
        ["first page"],
        [],
        ["third page"],
    ]


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (900, 3), (300, 300)])
def test_a_picture_without_text_has_no_lines(read: Read, size: tuple[int, int]) -> None:
    (reading,) = read(Image.new("RGB", size, "#d0d0c0"))
    assert reading.lines == ()
    assert (reading.width, reading.height) == size


def test_progress_never_goes_back_and_ends_at_the_number_of_pictures(reader: VisionWorker) -> None:
    images = (to_media(draw_receipt()), to_media(draw_receipt()))
    events = list(reader.handle(Describe(images=images), CancelToken()))
    done = [event.done for event in events if isinstance(event, Progress)]
    assert done == sorted(done)
    assert done[-1] == 2


def test_cancel_stops_between_two_lines_and_the_worker_goes_on(
    reader: VisionWorker, read: Read
) -> None:
    cancel = CancelToken()
    events = reader.handle(Describe(images=(to_media(draw_receipt()),)), cancel)
    seen = [next(events) for _ in range(4)]
    cancel.cancel()
    rest = list(events)
    assert not any(isinstance(event, PictureRead) for event in (*seen, *rest))
    assert len(rest) <= 1
    assert row_texts(read(draw_receipt())[0]) == RECEIPT_ROWS


def test_cancel_is_heard_while_the_detector_works(reader: VisionWorker) -> None:
    page = draw_lines([(20, 20, "x")], (1140, 1140))
    cancel = CancelToken()
    threading.Timer(0.02, cancel.cancel).start()
    events = list(reader.handle(Describe(images=(to_media(page, "BMP"),) * 3), cancel))
    assert not any(isinstance(event, PictureRead) and event.index > 0 for event in events)
