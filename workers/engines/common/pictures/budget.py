"""How many tokens of the context a picture may cost, and how large it may then be.

Pure arithmetic; an engine asks its own model for the numbers. Three kinds of models:

- fixed: every picture becomes one square of the same size (LLaVA-1.5: 336 × 336 pixels, 576
  tokens). There is nothing to choose.
- cells: a picture keeps its shape, and each cell of `cell_px` × `cell_px` pixels is one token
  (Qwen-VL: patches of 14, merged 2 × 2, so cells of 28). The budget bounds the pixels.
- tiles: a picture is cut into squares that cost the same, plus one of the whole (SmolVLM: 512
  pixels, 64 tokens). The budget bounds the squares along the longer side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from configs.catalogue import ModelCard
from workers.messages.errors import LoadError

DEFAULT_IMAGE_TOKENS = 1024
"""A picture of 896 × 896 pixels for Qwen2.5-VL: print on a page photographed whole is readable."""
MIN_IMAGE_TOKENS = 4


@dataclass(frozen=True, slots=True)
class PictureCost:
    """What became of one picture, for people and for the receipt."""

    name: str
    from_size: tuple[int, int]
    """Width and height as sent, in pixels."""
    to_size: tuple[int, int] | None
    """Width and height that the model sees; None: not known."""
    num_tokens: int

    def __str__(self) -> str:
        """For example "photo.jpg: 1,024 × 768 → 672 × 504, 432 image tokens"."""
        seen = f" → {_size(self.to_size)}" if self.to_size else ""
        return f"{self.name}: {_size(self.from_size)}{seen}, {self.num_tokens:,} image tokens"


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]:,} × {size[1]:,}"


def image_budget(card: ModelCard, limits: dict[str, float]) -> int:
    """Return the tokens one picture may cost: the card's `image_tokens`, at most the limit's.

    Raises: LoadError if the card's number is not one.
    """
    limit = int(limits.get("max_image_tokens", DEFAULT_IMAGE_TOKENS))
    wanted = card.options.get("image_tokens", limit)
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < MIN_IMAGE_TOKENS:
        raise LoadError(
            f"image_tokens of {card.id} is {wanted!r}; "
            f"it must be a whole number from {MIN_IMAGE_TOKENS}."
        )
    is_limited = "max_image_tokens" in limits
    return min(wanted, limit) if is_limited else wanted


def pixels_within(max_tokens: int, cell_px: int) -> int:
    """Return how many pixels a model with cells may be shown for this many tokens."""
    return max_tokens * cell_px * cell_px


def fit_cells(size: tuple[int, int], cell_px: int, max_tokens: int) -> tuple[int, int]:
    """Return width and height in whole cells, at most `max_tokens` of them; never much enlarged.

    As Qwen's processor does. Source: `smart_resize` of transformers.
    """
    width, height = size
    across, down = (max(1, round(side / cell_px)) for side in size)
    if across * down > max_tokens:
        shrink = math.sqrt(width * height / pixels_within(max_tokens, cell_px))
        across, down = (max(1, math.floor(side / shrink / cell_px)) for side in size)
        # A strip one cell high is still too long: its shape gives way to the budget.
        down = min(down, max_tokens)
        across = max(1, min(across, max_tokens // down))
    return across * cell_px, down * cell_px


def tiles_along(max_tokens: int, tokens_per_tile: int) -> int:
    """Return how many tiles may lie along the longer side, so that even a square fits; at least 1.

    One tile is the picture alone; n > 1 along a side cost up to n² + 1 with the one of the whole.
    """
    along = math.isqrt(max(0, max_tokens // tokens_per_tile - 1))
    return along if along > 1 else 1


def grids_within(
    grids: Sequence[Sequence[int]], tile_px: int, tokens_per_tile: int, max_tokens: int
) -> list[list[int]]:
    """Return the (height, width) grids of LLaVA-NeXT and OneVision that fit, or the smallest."""
    priced = [
        (((grid[0] // tile_px) * (grid[1] // tile_px) + 1) * tokens_per_tile, list(grid))
        for grid in grids
    ]
    return [grid for cost, grid in priced if cost <= max_tokens] or [min(priced)[1]]
