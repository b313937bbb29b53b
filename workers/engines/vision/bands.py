"""Long screenshots → bands of ordinary shape, cut where no text is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAX_ASPECT = 2.5
"""A picture higher than this many widths is cut; shrinking it whole would make it unreadable."""
BAND_ASPECT = 1.4
"""Height of a band in widths, like a page."""
SEARCH_SHARE = 0.2
"""The cut is made at the emptiest row in the last fifth of a band."""


def split_into_bands(
    image: npt.NDArray[np.uint8], max_pixels: int
) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """Yield (top row, band) from top to bottom; the whole picture if its shape is ordinary."""
    height, width = image.shape[:2]
    if height <= MAX_ASPECT * width or height * width <= max_pixels:
        yield 0, image
        return
    band_height = max(int(width * BAND_ASPECT), 2 * int(max_pixels**0.5) // 3)
    top = 0
    while height - top > band_height * 1.3:
        first = top + int(band_height * (1 - SEARCH_SHARE))
        contrast = image[first : top + band_height, :, 1].std(axis=1)
        bottom = first + int(contrast.argmin())
        yield top, image[top:bottom]
        top = bottom
    yield top, image[top:]
