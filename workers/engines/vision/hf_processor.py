"""A transformers processor: conversation and pictures in, tensors and their cost out.

Knows no model by name, only what processors say of themselves: the size that a picture gets, cells
(`merge_size`), tiles (`max_image_size`) or grids (`image_grid_pinpoints`), see `budget`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.pictures.budget import (
    PictureCost,
    grids_within,
    pixels_within,
    tiles_along,
)
from workers.engines.common.pictures.conversation import PictureTurn
from workers.engines.common.torch.loading import INSTALL, import_transformers, loading_errors
from workers.messages.errors import EngineNotInstalledError, LoadError, UnsupportedInputError

if TYPE_CHECKING:
    from workers.engines.common.pictures.images import Picture

_TILE = re.compile(r"<row_(\d+)_col_(\d+)>")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request, ready for `generate`."""

    tensors: dict[str, Any]
    """`input_ids` and `attention_mask` of shape (1, num_tokens), and the pictures."""
    num_tokens: int
    costs: tuple[PictureCost, ...]
    """In the order of the pictures."""

    @property
    def image_tokens(self) -> int:
        """How many of the tokens are pictures."""
        return sum(cost.num_tokens for cost in self.costs)


class PictureProcessor:
    """Scales pictures to their budget and puts them into the model's chat template."""

    def __init__(self, folder: Path, name: str) -> None:
        """Raises: EngineNotInstalledError, LoadError."""
        with loading_errors(name):
            self._processor = _load(folder)
        self.tokenizer = self._processor.tokenizer
        if not (self._processor.chat_template or self.tokenizer.chat_template):
            raise LoadError(f"{name} has no chat template, so it cannot be asked anything.")

    def set_budget(self, max_tokens: int, config: Any) -> None:
        """Bound what one picture costs; `config` is the model's, which must know of its grids."""
        images = self._processor.image_processor
        if hasattr(images, "merge_size"):
            most = pixels_within(max_tokens, images.patch_size * images.merge_size)
            least = min(images.size["shortest_edge"], most)
            images.size = {"shortest_edge": least, "longest_edge": most}
        elif tile := getattr(images, "max_image_size", None):
            along = tiles_along(max_tokens, self._processor.image_seq_len)
            edge = min(images.size["longest_edge"], along * tile["longest_edge"])
            images.size = {"longest_edge": edge}
        elif grids := getattr(images, "image_grid_pinpoints", None):
            side, num = config.vision_config.image_size, self._tokens_per_tile(config)
            images.image_grid_pinpoints = grids_within(grids, side, num, max_tokens)
            config.image_grid_pinpoints = images.image_grid_pinpoints

    @staticmethod
    def _tokens_per_tile(config: Any) -> int:
        return int((config.vision_config.image_size // config.vision_config.patch_size) ** 2)

    def prompt(self, turns: Iterable[PictureTurn], pictures: Sequence[Picture]) -> Prompt:
        """Return the tensors. Raises: UnsupportedInputError if the template refuses the turns.

        What people wrote cannot stand for a picture or end a turn: control tokens in it are text.
        """
        from jinja2 import TemplateError

        try:
            made = self._processor.apply_chat_template(
                _conversation(turns, pictures),
                add_generation_prompt=True,
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
                sanitize_control_tokens=True,
                processor_kwargs={"return_text_replacement_offsets": True},
            )
        except TemplateError as err:
            raise UnsupportedInputError(
                f"The model's chat template refuses this conversation: {err}.",
                hint="Most want questions and answers in turn, and at most one system message first.",
            ) from err
        tensors = dict(made)
        (placed,) = tensors.pop("text_replacement_offsets")
        texts = [place["replacement"] for place in placed if place["type"] == "image"]
        sizes = self._sizes(tensors, texts)
        costs = tuple(
            PictureCost(
                name=picture.name,
                from_size=(picture.width, picture.height),
                to_size=size,
                num_tokens=text.count(self._processor.image_token),
            )
            for picture, text, size in zip(pictures, texts, sizes, strict=True)
        )
        return Prompt(tensors, int(tensors["input_ids"].shape[1]), costs)

    def _sizes(
        self, tensors: dict[str, Any], texts: Sequence[str]
    ) -> Iterable[tuple[int, int] | None]:
        """Width and height at which the model sees each picture."""
        if not texts:
            return []
        images, pixels = self._processor.image_processor, tensors["pixel_values"]
        if "image_grid_thw" in tensors:
            patch = images.patch_size
            return [(w * patch, h * patch) for _, h, w in tensors["image_grid_thw"].tolist()]
        if getattr(images, "max_image_size", None):
            return [_tiled(text, images.max_image_size["longest_edge"]) for text in texts]
        if len(pixels.shape) == 4:  # one square for each picture
            return [(int(pixels.shape[3]), int(pixels.shape[2]))] * len(texts)
        return [None] * len(texts)


def _tiled(text: str, tile_px: int) -> tuple[int, int]:
    places = [(int(row), int(column)) for row, column in _TILE.findall(text)]
    rows, columns = (max(numbers) for numbers in zip(*places, strict=True)) if places else (1, 1)
    return columns * tile_px, rows * tile_px


def _conversation(
    turns: Iterable[PictureTurn], pictures: Sequence[Picture]
) -> list[dict[str, Any]]:
    from PIL import Image

    rest = iter(pictures)
    rows = []
    for turn in turns:
        images = [Image.fromarray(next(rest).pixels) for _ in range(turn.num_pictures)]
        parts: list[dict[str, Any]] = [{"type": "image", "image": image} for image in images]
        rows.append({"role": turn.role, "content": [*parts, {"type": "text", "text": turn.text}]})
    return rows


def _load(folder: Path) -> Any:
    """Load the processor, without its part for videos: that one wants torchvision."""
    library = import_transformers()
    processors: Any = import_module("transformers.models.auto.processing_auto")
    config = library.AutoConfig.from_pretrained(folder, local_files_only=True)
    found = getattr(library, processors.PROCESSOR_MAPPING_NAMES.get(config.model_type, ""), None)
    if found is not None and "video_processor" in inspect.signature(found.__init__).parameters:
        auto = without_videos(found)
    else:
        auto = library.AutoProcessor
    try:
        return auto.from_pretrained(folder, local_files_only=True)
    except ImportError as err:
        raise EngineNotInstalledError(str(err).strip(), hint=INSTALL) from err


class _NoVideos:
    """Stands where a processor's part for videos would: some chat templates ask for its settings."""

    num_frames = None
    fps = None
    size: Mapping[str, int] = {}


def without_videos(whole: Any) -> Any:
    """Return a processor class like `whole` that is made of two parts: pictures and tokens.

    transformers finds a processor's parts, and which settings it takes, in its `__init__`.
    """
    settings = set(inspect.signature(whole.__init__).parameters) - {"self", "video_processor"}

    def init(self: Any, image_processor: Any = None, tokenizer: Any = None, **rest: Any) -> None:
        parts = {"image_processor": image_processor, "tokenizer": tokenizer}
        whole.__init__(self, **parts, video_processor=None, **rest)

    def from_parts(cls: Any, parts: Any, saved: dict[str, Any], /, **_: Any) -> Any:
        known = {name: saved[name] for name in settings & set(saved) - set(cls.get_attributes())}
        return cls(*parts, **known)

    methods: dict[str, Any] = {"__init__": init, "from_args_and_dict": classmethod(from_parts)}
    methods["video_processor"] = _NoVideos()
    return type(whole.__name__, (whole,), methods)
