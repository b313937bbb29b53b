"""Vision-language models in safetensors, on transformers. Only this file starts them.

LLaVA, SmolVLM, Qwen-VL, Gemma and whatever else loads as `AutoModelForImageTextToText` and brings a
chat template. A card's `options`, besides those of `workers.engines.common.torch.loading`:

- `image_tokens`: what one picture may cost (default 1,024; the setting `limits.max_image_tokens`
  bounds it). Models with a fixed size for pictures ignore it.

Where weights are quantised while they load, what passes pictures on to the language model stays as
it is, and so does every layer that bitsandbytes cannot divide into blocks of 64.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.pictures.budget import image_budget
from workers.engines.common.pictures.conversation import turns_with_pictures
from workers.engines.common.torch.generation import Ended, Order, TorchWriter, Written
from workers.engines.common.torch.loading import (
    import_torch,
    import_transformers,
    load_model,
    loading_errors,
    memory_errors,
)
from workers.engines.contract import CancelToken
from workers.messages import Describe, Event, Finished, Progress, TextDelta
from workers.messages.errors import ContextTooLongError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.tuning.context import context_tokens

from .engine import VisionEngine
from .hf_processor import PictureProcessor, Prompt

if TYPE_CHECKING:
    from workers.engines.common.pictures.images import Picture

PROJECTORS = frozenset(
    "multi_modal_projector mm_projector connector modality_projection merger projector aligner "
    "embed_vision deepstack_merger_list".split()
)
"""What models call the way from pictures to words. Quantised to NF4 it loses colours: a model that
named every colour right named one in ten."""
BLOCK = 64
"""bitsandbytes quantises rows in pieces of it."""


class HfVisionEngine(VisionEngine):
    """One vision-language model on torch."""

    capabilities = frozenset({"answers"})

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`. Raises also: OutOfMemoryError."""
        card = settings.card
        self._max_tokens = image_budget(card, settings.limits)
        import_torch(settings.threads)
        self._processor = PictureProcessor(folder, card.name)
        auto = import_transformers().AutoModelForImageTextToText
        keep = _not_to_quantize(auto, folder, card.name) if card.options.get("load_in") else ()
        self.model = model = load_model(auto, folder, settings, keep)
        self._processor.set_budget(self._max_tokens, model.config)
        self._writer = TorchWriter(model, self._processor.tokenizer, card.name)
        self._name, self.device = card.name, self._writer.device
        self.context_length = _context_length(model.config, settings)

    def describe(
        self, request: Describe, pictures: Iterator[Picture], cancel: CancelToken
    ) -> Iterator[Event]:
        """See `VisionEngine.describe`. Raises: ContextTooLongError, OutOfMemoryError."""
        decoded = list(pictures)
        if cancel.is_cancelled:
            return
        turns = turns_with_pictures(request.messages, len(decoded))
        with memory_errors(self._name, self.device):
            prompt = self._processor.prompt(turns, decoded)
        for cost in prompt.costs:
            yield Progress(
                request_id=request.request_id,
                done=cost.num_tokens,
                total=max(cost.num_tokens, self._max_tokens),
                unit="image tokens",
                what=str(cost),
            )
        order = self._order(request, prompt)
        tensors = {name: tensor.to(self.device) for name, tensor in prompt.tensors.items()}
        with closing(self._writer.write(tensors, order, cancel)) as pieces:
            for piece in pieces:
                if isinstance(piece, Written):
                    yield TextDelta(
                        request_id=request.request_id, text=piece.text, logprobs=piece.logprobs
                    )
                elif isinstance(piece, Ended):
                    usage = replace(piece.usage, image_tokens=prompt.image_tokens)
                    yield Finished(request_id=request.request_id, reason=piece.reason, usage=usage)

    def _order(self, request: Describe, prompt: Prompt) -> Order:
        room = self.context_length - prompt.num_tokens
        if room <= 0:
            raise ContextTooLongError(
                f"The conversation is {prompt.num_tokens:,} tokens long, {prompt.image_tokens:,} of "
                f"them for {len(prompt.costs)} pictures; the model's context holds "
                f"{self.context_length:,}.",
                hint="Send fewer pictures, or give each fewer tokens (image_tokens in its card).",
                num_tokens=prompt.num_tokens,
            )
        wanted = request.sampling.max_tokens
        return Order(
            sampling=request.sampling,
            max_tokens=room if wanted is None else min(room, wanted),
            prefill_tokens=None,  # pictures are read with the first piece, so there is only one
        )

    def close(self) -> None:
        """See `Engine.close`."""
        del self._writer, self.model


def _context_length(config: Any, settings: WorkerSettings) -> int:
    """Never more than the model was made for, by its own configuration too."""
    made_for = getattr(config.get_text_config(), "max_position_embeddings", None)
    return context_tokens(settings.card, settings.limits, int(made_for or 0))


def _not_to_quantize(auto: Any, folder: Path, name: str) -> tuple[str, ...]:
    """Full paths of the modules that must stay as they are, from a model without weights."""
    import torch

    with loading_errors(name), torch.device("meta"):
        config = import_transformers().AutoConfig.from_pretrained(folder, local_files_only=True)
        model = auto.from_config(config)
    kept = []
    for path, module in model.named_modules():
        is_linear = isinstance(module, torch.nn.Linear)
        if path.rpartition(".")[2] in PROJECTORS or (is_linear and module.in_features % BLOCK):
            kept.append(path)
    return tuple(kept)
