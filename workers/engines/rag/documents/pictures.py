"""Pictures as documents: each frame is a page, whose text OCR must find."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

from workers.engines.common.pictures.damaged import DAMAGED
from workers.messages.errors import UnsupportedInputError

from .section import OpenDocument, Section

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_FRAMES = 500
"""Of one file; an animation has more, and says nothing new in most of them."""
MAX_PIXELS = 120_000_000
"""Of one frame: 360 MB decoded; an A3 page at 600 dpi has 70 million."""
_HEADS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*")


def is_picture(data: bytes) -> bool:
    """Whether a file begins like a picture that can be a document."""
    is_bitmap = data[:2] == b"BM" and data[6:10] == bytes(4) and len(data) > 26
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return data.startswith(_HEADS) or is_bitmap or is_webp


def open_picture(name: str, data: bytes, max_pages: int) -> OpenDocument:
    """Open a picture; its pages have no text. Raises: UnsupportedInputError if it is damaged or too long."""
    with _opened(name, data) as image:
        num_frames = _num_frames(name, image)
    most = min(max_pages, MAX_FRAMES)
    if num_frames > most:
        raise UnsupportedInputError(
            f"{name} has {num_frames:,} pictures in it; at most {most:,} are read.",
            hint="Split it into smaller files.",
        )
    sections = (Section(text="", page=index + 1, lacks="scan") for index in range(num_frames))
    return OpenDocument(sections=sections, num_pages=num_frames)


def frame(name: str, data: bytes, index: int, max_pixels: int) -> Image.Image:
    """Return one frame, the right way up, in at most `max_pixels`; RGBA if parts are transparent.

    Raises: UnsupportedInputError for one that cannot be decoded.
    """
    from PIL import Image, ImageOps

    with _opened(name, data) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bad EXIF does no harm
        try:
            image.seek(index)
            if image.width * image.height > MAX_PIXELS:
                raise UnsupportedInputError(
                    f"{name} has {image.width} × {image.height} pixels; "
                    f"at most {MAX_PIXELS / 1e6:.0f} million are read."
                )
            one = ImageOps.exif_transpose(_plain(image))
            ratio = min(1.0, (max_pixels / (one.width * one.height)) ** 0.5)
            one.thumbnail((max(1, int(one.width * ratio)), max(1, int(one.height * ratio))))
        except (*DAMAGED, Image.DecompressionBombError) as err:
            raise UnsupportedInputError(
                f"Page {index + 1} of {name} is damaged and cannot be shown."
            ) from err
    return one


def _plain(image: Image.Image) -> Image.Image:
    """As 8 bits a colour, as the vision worker reads it too."""
    if image.mode.startswith(("I", "F")):
        import numpy as np
        from PIL import Image

        values = np.nan_to_num(np.asarray(image, dtype=np.float32))
        low, high = float(values.min()), float(values.max())
        grey = (values - low) * (255.0 / max(high - low, 1e-6))
        return Image.fromarray(grey.astype(np.uint8))
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _num_frames(name: str, image: Image.Image) -> int:
    try:
        return int(getattr(image, "n_frames", 1))
    except DAMAGED as err:
        raise _damaged(name) from err


def _opened(name: str, data: bytes) -> Image.Image:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(data), formats=FORMATS)
    except (*DAMAGED, Image.DecompressionBombError) as err:
        raise _damaged(name) from err


def _damaged(name: str) -> UnsupportedInputError:
    return UnsupportedInputError(
        f"{name} is a damaged picture and cannot be opened.",
        hint="Save it again, or send another copy.",
    )
