"""Bad uploads: one clear sentence each, and the next picture is read as if nothing had been."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workers.engines.common.pictures.images import decode
from workers.engines.contract import CancelToken
from workers.engines.vision.worker import VisionWorker
from workers.messages import Describe, Generate, Media
from workers.messages.errors import RequestError, UnsupportedInputError

from .conftest import Read
from .drawing import RECEIPT_ROWS, draw_receipt, to_media


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and holds no pixels."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", head), (b"IDAT", b""), (b"IEND", b""))
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


JPEG = to_media(draw_receipt(), "JPEG").read()
BAD = {
    "empty": (b"", "is empty (0 bytes)"),
    "renamed exe": (b"MZ\x90\x00" + bytes(2000), "is not a picture"),
    "text": (b"hello, world", "is not a picture"),
    "cut jpeg": (JPEG[: len(JPEG) // 2], "is damaged or cut off"),
    "png without pixels": (png_header(40, 40), "is damaged or cut off"),
    "svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG drawing"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "HEIC picture"),
    "pdf": (b"%PDF-1.7\n", "PDF document"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "is not a picture"),
    "sixty megapixels": (png_header(10_000, 6_000), "10000 × 6000 pixels (60 million)"),
    "bomb": (png_header(90_000, 90_000), "more than 50 million pixels"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_one_clear_sentence(reader: VisionWorker, name: str) -> None:
    data, sentence = BAD[name]
    request = Describe(images=(Media(name="upload.png", data=data),))
    with pytest.raises(UnsupportedInputError) as caught:
        list(reader.handle(request, CancelToken()))
    assert caught.value.message.startswith("upload.png ")
    assert sentence in caught.value.message
    assert caught.value.hint


def test_the_worker_reads_on_after_bad_files(reader: VisionWorker, read: Read) -> None:
    with pytest.raises(UnsupportedInputError):
        list(reader.handle(Describe(images=(Media(name="x", data=b"?"),)), CancelToken()))
    assert len(read(draw_receipt())[0].lines) > len(RECEIPT_ROWS)


@pytest.mark.parametrize(("count", "sentence"), [(0, "No picture was sent"), (4, "4 pictures")])
def test_the_number_of_pictures_is_bounded(reader: VisionWorker, count: int, sentence: str) -> None:
    request = Describe(images=(to_media(draw_receipt()),) * count)
    with pytest.raises(UnsupportedInputError, match=sentence):
        list(reader.handle(request, CancelToken()))


def test_other_requests_are_refused(reader: VisionWorker) -> None:
    with pytest.raises(RequestError, match="Generate"):
        list(reader.handle(Generate(messages=()), CancelToken()))


def test_a_file_that_has_gone_is_reported(reader: VisionWorker) -> None:
    request = Describe(images=(Media(name="gone.png", path="/nowhere/gone.png"),))
    with pytest.raises(UnsupportedInputError, match=r"gone\.png is no longer there"):
        list(reader.handle(request, CancelToken()))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "F"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    kind = "TIFF" if mode in ("I", "F", "CMYK") else "PNG"
    picture = decode(to_media(Image.new("RGB", (9, 5), "white").convert(mode), kind), 1000)
    assert picture.pixels.shape == (5, 9, 3)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=12),
    st.floats(0.05, 1),
)
def test_damaged_bytes_are_decoded_or_refused_but_never_crash(
    kind: str, changes: list[tuple[float, int]], share: float
) -> None:
    data = bytearray(to_media(Image.effect_noise((40, 30), 80), kind).read())
    for place, value in changes:
        data[int(place * len(data))] = value
    data = data[: max(1, int(len(data) * share))]
    try:
        picture = decode(Media(name="x", data=bytes(data)), 1_000_000)
    except UnsupportedInputError:
        return
    assert picture.pixels.ndim == 3
