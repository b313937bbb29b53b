"""Uploaded files → bounded RGB pixels. Knows picture formats, not what is in a picture.

The header is read first, so that a picture that is too large is refused before it takes memory;
one that is allowed but large is decoded and scaled down to `WORK_PIXELS`.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workers.messages import Media
from workers.messages.errors import UnsupportedInputError

from .damaged import DAMAGED

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""What may be decoded. Others that Pillow knows run external programs (EPS) or are rarely tested."""

WORK_PIXELS = 12_000_000
"""An A4 page at 300 dpi has 8.7 million; more makes reading slower, not better."""

_LIGHT, _DARK = 170, 128
"""Of 255: ink as light as this is hard to see on white, ink darker than that on black."""
_LITTLE = 0.05
"""Share of the ink that is edges and shadows rather than letters."""

_READABLE = "Quintet reads PNG, JPEG, WebP, GIF, BMP, TIFF and AVIF pictures."
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One decoded picture, the right way up."""

    name: str
    pixels: npt.NDArray[np.uint8]
    """RGB, shape (height, width, 3), perhaps smaller than the picture as sent."""
    width: int
    """Of the picture as sent, after its EXIF orientation, in pixels."""
    height: int

    @property
    def scale(self) -> float:
        """Pixels here per pixel of the picture as sent, at most 1."""
        return float(self.pixels.shape[1]) / self.width

    @property
    def note(self) -> str:
        """What was done to the picture, for people; empty if nothing was."""
        height, width = self.pixels.shape[:2]
        if (width, height) == (self.width, self.height):
            return ""
        return f"scaled down from {self.width} × {self.height} to {width} × {height} pixels"


def check_header(media: Media, max_pixels: int) -> None:
    """Look at the header only. Raises: UnsupportedInputError if the file cannot be used."""
    with _open(media, max_pixels):
        pass


def decode(media: Media, max_pixels: int) -> Picture:
    """Decode the first frame. Raises: UnsupportedInputError if the file cannot be used."""
    import numpy as np
    from PIL import ImageOps

    with _open(media, max_pixels) as image, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # bad EXIF does no harm
        try:
            ratio = min(1.0, (WORK_PIXELS / (image.width * image.height)) ** 0.5)
            size = (max(1, round(image.width * ratio)), max(1, round(image.height * ratio)))
            full_size = image.size
            if ratio < 1:
                image.draft("RGB", size)  # JPEG only: decode at 1/2, 1/4 or 1/8
                image.thumbnail(size, reducing_gap=2.0)
            turned = ImageOps.exif_transpose(image)
            pixels = np.asarray(_to_rgb(turned))
        except DAMAGED as err:
            raise _damaged(media) from err
    is_on_side = (turned.width > turned.height) != (image.width > image.height)
    width, height = full_size[::-1] if is_on_side else full_size
    return Picture(name=media.name, pixels=pixels, width=width, height=height)


def _open(media: Media, max_pixels: int) -> Image.Image:
    from PIL import Image

    data = _read(media)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bomb is refused below, bad EXIF does no harm
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as err:
        raise UnsupportedInputError(
            f"{media.name} is a picture of more than {_millions(max_pixels)} million pixels.",
            hint="Scale it down and send it again.",
        ) from err
    except DAMAGED as err:
        raise _unreadable(media, data) from err
    if image.width * image.height > max_pixels:
        raise UnsupportedInputError(
            f"{media.name} has {image.width} × {image.height} pixels "
            f"({_millions(image.width * image.height)} million); "
            f"the limit is {_millions(max_pixels)} million.",
            hint="Scale it down and send it again.",
        )
    return image


def _read(media: Media) -> bytes:
    try:
        data = media.read()
    except OSError as err:
        raise UnsupportedInputError(
            f"{media.name} is no longer there.", hint="Upload it again."
        ) from err
    if not data:
        raise UnsupportedInputError(f"{media.name} is empty (0 bytes).", hint="Upload it again.")
    return data


def _unreadable(media: Media, data: bytes) -> UnsupportedInputError:
    head = data[:512].lstrip().lower()
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return UnsupportedInputError(
            f"{media.name} is a HEIC picture, which is not supported.",
            hint="Save or share it as JPEG and send that.",
        )
    if b"<svg" in head:
        return UnsupportedInputError(
            f"{media.name} is an SVG drawing, which is not supported.", hint="Export it as PNG."
        )
    if head.startswith(b"%pdf"):
        return UnsupportedInputError(
            f"{media.name} is a PDF document, not a picture.", hint="Use it in the documents tab."
        )
    if head.startswith((b"\x89png", b"\xff\xd8\xff", b"gif8", b"bm", b"ii*\0", b"mm\0*")):
        return _damaged(media)
    return UnsupportedInputError(
        f"{media.name} is not a picture, whatever its name says.", hint=_READABLE
    )


def _damaged(media: Media) -> UnsupportedInputError:
    return UnsupportedInputError(
        f"{media.name} is damaged or cut off: it could not be decoded to its end.",
        hint="Save it again, or send another copy.",
    )


def _millions(pixels: int) -> str:
    return f"{pixels / 1e6:.0f}" if pixels >= 10_000_000 else f"{pixels / 1e6:.1f}"


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode → RGB: deep greys scaled to 8 bits, transparent parts white."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):
        return _deep_to_grey(image).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, _paper(image))
        return Image.alpha_composite(paper, image).convert("RGB")
    return image.convert("RGB")


def _paper(image: Image.Image) -> str:
    """Return the colour to put behind a picture with transparent parts: one that its ink stands out from.

    White ink is lost on white, black ink on black; where there is much of both, grey shows both.
    """
    import numpy as np

    grey = np.asarray(image.convert("L"), dtype=np.float32)
    ink = np.asarray(image.getchannel("A"), dtype=np.float32) / 255
    light, dark = float(ink[grey >= _LIGHT].sum()), float(ink[grey < _DARK].sum())
    if light <= _LITTLE * (light + dark):
        return "white"
    return "black" if dark <= _LITTLE * (light + dark) else "grey"


def _deep_to_grey(image: Image.Image) -> Image.Image:
    import numpy as np
    from PIL import Image

    values = np.nan_to_num(np.asarray(image, dtype=np.float32))
    is_16_bit = image.mode.startswith("I;16")
    low, high = (0.0, 65535.0) if is_16_bit else (float(values.min()), float(values.max()))
    grey = (values - low) * (255.0 / max(high - low, 1e-6))
    return Image.fromarray(grey.astype(np.uint8))
