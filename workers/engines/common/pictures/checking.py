"""The pictures of a request: all are checked before the first is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from workers.engines.contract import CancelToken
from workers.messages import Media
from workers.messages.errors import UnsupportedInputError

from .images import Picture, check_header, decode

DEFAULT_MAX_IMAGES = 8
DEFAULT_MAX_PIXELS = 50_000_000


@dataclass(frozen=True, slots=True)
class PictureRules:
    """How many pictures one request may bring, and how large each may be."""

    max_images: int = DEFAULT_MAX_IMAGES
    max_pixels: int = DEFAULT_MAX_PIXELS

    @classmethod
    def of(cls, limits: Mapping[str, float]) -> PictureRules:
        """Return what the settings say: `limits.max_images` and `limits.max_pixels`."""
        return cls(
            int(limits.get("max_images", DEFAULT_MAX_IMAGES)),
            int(limits.get("max_pixels", DEFAULT_MAX_PIXELS)),
        )

    def check(self, images: tuple[Media, ...]) -> None:
        """Look at number and headers. Raises: UnsupportedInputError."""
        if not images:
            raise UnsupportedInputError("No picture was sent.", hint="Add at least one picture.")
        if len(images) > self.max_images:
            raise UnsupportedInputError(
                f"{len(images)} pictures were sent; at most {self.max_images} fit one request.",
                hint="Send them in several requests.",
            )
        for media in images:
            check_header(media, self.max_pixels)

    def decoded(self, images: tuple[Media, ...], cancel: CancelToken) -> Iterator[Picture]:
        """Yield one picture per step, none once `cancel` is set. Raises: UnsupportedInputError."""
        for media in images:
            if cancel.is_cancelled:
                return
            yield decode(media, self.max_pixels)
