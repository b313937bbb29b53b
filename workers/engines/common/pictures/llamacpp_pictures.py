"""What llama.cpp needs to see: the projector among a card's files, and pictures as its server takes them.

Pictures are scaled here, to what `gguf_pictures` reads in the projector's own metadata, so that what
they cost is known before they are sent. They stay lossless: a small picture's colours would suffer.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard
from workers.engines.common.llamacpp.server import Json
from workers.messages.errors import LoadError
from workers.models.tuning.run_settings import PICTURE_BATCH

from .budget import image_budget
from .conversation import PictureTurn
from .gguf_pictures import Scaled, Sight, read_sight


def find_files(card: ModelCard) -> tuple[str, str]:
    """Return the names of the model and of its projector. Raises: LoadError."""
    wanted = card.options.get("projector")
    projector = card.projector
    model = next((name for name in card.files if name not in card.projectors), None)
    if wanted and wanted not in card.files:
        raise LoadError(f"{card.id} names the projector {wanted}, which is not among its files.")
    if not projector or model is None:
        raise LoadError(
            f"{card.id} needs two files, a model and its projector; it has "
            f"{', '.join(card.files) or 'none'}.",
            hint="Name the projector in the card: options: {projector: FILE}.",
        )
    return model, projector


def sight_of(folder: Path, card: ModelCard, limits: dict[str, float]) -> Sight:
    """Return how the card's projector takes pictures. Raises: LoadError."""
    _, projector = find_files(card)
    return read_sight(folder / projector, image_budget(card, limits))


def apply_projector(params: Any, projector: Path, sight: Sight) -> None:
    """Load the projector too; where the layers go, and the batch, is set before."""
    params.mmproj.path = str(projector)
    params.mmproj_use_gpu = params.n_gpu_layers != 0
    params.image_max_tokens = sight.max_tokens
    params.n_batch = params.n_ubatch = batch_for_pictures(sight, params.n_ubatch)


def batch_for_pictures(sight: Sight, batch_tokens: int) -> int:
    """Return the tokens of a batch: larger where a picture must be read in one."""
    return batch_tokens if sight.is_in_order else max(PICTURE_BATCH, batch_tokens)


def messages_json(turns: Iterable[PictureTurn], scaled: Sequence[Scaled]) -> list[Json]:
    """Return the conversation as the chat route takes it, each picture before its question."""
    rest = iter(scaled)
    messages: list[Json] = []
    for turn in turns:
        content: Any = turn.text
        if turn.num_pictures:
            parts = [_image_part(next(rest)) for _ in range(turn.num_pictures)]
            content = [*parts, {"type": "text", "text": turn.text}]
        messages.append({"role": turn.role, "content": content})
    return messages


def num_tokens(scaled: Iterable[Scaled]) -> int:
    """Return what the pictures cost together; those whose cost is not known count nothing."""
    return sum(one.cost.num_tokens for one in scaled if one.cost)


def _image_part(scaled: Scaled) -> Json:
    buffer = io.BytesIO()
    scaled.image.save(buffer, "PNG", compress_level=1)
    data = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
