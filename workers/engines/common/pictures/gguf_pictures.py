"""What a projector's own metadata says about the pictures it takes, and pictures scaled to that.

Source of the numbers: llama.cpp's tools/mtmd/clip.cpp, `clip_n_output_tokens`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import ConfigError
from workers.messages.errors import LoadError
from workers.models.facts.gguf_header import Value, read_gguf_header

from .budget import PictureCost, fit_cells

if TYPE_CHECKING:
    from PIL import Image

    from .images import Picture

FIXED = {"mlp": 1, "mlp_norm": 1, "ldp": 2, "ldpv2": 2, "gemma3": 4}
"""Kinds that scale every picture to one square → patches that become one token, along a side."""
CELLS = {"qwen2vl_merger": 2, "qwen2.5vl_merger": 2, "qwen3vl_merger": 2}
"""Kinds that keep a picture's shape → patches that become one token, along a side."""
IN_ORDER = {"mlp", "mlp_norm", "ldp", "ldpv2", *CELLS}
"""Kinds whose tokens are read one after the other, as words are, in batches of any size."""
MAX_SIDE_PX = 2048
"""Of a picture for any other kind, whose cost is not known before it is read."""


@dataclass(frozen=True, slots=True)
class Scaled:
    """One picture as it is sent."""

    image: Image.Image
    cost: PictureCost | None
    """None: not known."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How one projector takes pictures, within a budget."""

    max_tokens: int
    side_px: int = 0
    """Of the square that every picture becomes; 0: it keeps its shape."""
    cell_px: int = 0
    """One token for each square of this size; 0: not known."""
    is_in_order: bool = False
    """Its tokens do not see those after them; if they do, or nobody knows, one batch must hold them."""

    def scale(self, picture: Picture) -> Scaled:
        """Return the picture at the size that the model will see it."""
        from PIL import Image

        image = Image.fromarray(picture.pixels)
        if not self.cell_px:
            image.thumbnail((MAX_SIDE_PX, MAX_SIDE_PX))
            return Scaled(image, None)
        if self.side_px:  # what is missing to a square, the server fills up
            seen = (self.side_px, self.side_px)
            shrink = self.side_px / max(image.size)
            width, height = (max(1, round(side * shrink)) for side in image.size)
        else:
            width, height = seen = fit_cells(image.size, self.cell_px, self.max_tokens)
        num_tokens = (seen[0] // self.cell_px) * (seen[1] // self.cell_px)
        cost = PictureCost(picture.name, (picture.width, picture.height), seen, num_tokens)
        return Scaled(image.resize((width, height), Image.Resampling.BICUBIC), cost)


def read_sight(projector: Path, max_tokens: int) -> Sight:
    """Read the projector's metadata. Raises: LoadError if the file is none."""
    try:
        header = read_gguf_header(projector)
    except ConfigError as err:
        raise LoadError(f"{projector.name} is not a projector: {err}") from err
    kind = header.get("clip.vision.projector_type") or header.get("clip.projector_type")
    if kind is None:
        raise LoadError(f"{projector.name} is not a projector: it names no projector type.")
    patch_px = _whole(header.get("clip.vision.patch_size"))
    if kind in FIXED and patch_px:
        merged = _whole(header.get("clip.vision.projector.scale_factor")) or FIXED[str(kind)]
        side_px = _whole(header.get("clip.vision.image_size"))
        return Sight(max_tokens, side_px, patch_px * merged, kind in IN_ORDER)
    if kind in CELLS and patch_px:
        merged = _whole(header.get("clip.vision.spatial_merge_size")) or CELLS[str(kind)]
        return Sight(max_tokens, 0, patch_px * merged, kind in IN_ORDER)
    return Sight(max_tokens)


def _whole(value: Value | None) -> int:
    return int(value) if isinstance(value, (int, float)) else 0
