"""Vision-language models in GGUF, with their projector, on llama.cpp's server in this process.

A card's `files` hold both: the projector is the one with "mmproj" in its name. `options`, besides
those of `workers.engines.common.llamacpp.options`:

- `projector`: the projector's file, where its name does not tell.
- `image_tokens`: what one picture may cost (default 1,024; the setting `limits.max_image_tokens`
  bounds it). Models with a fixed size for pictures ignore it.

Pictures are scaled here, to what `gguf_pictures` reads in the projector's own metadata, so that what
they cost is known before they are sent. They stay lossless: a small picture's colours would suffer.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from configs.catalogue import ModelCard
from workers.engines.common.bridge import iterate_callbacks
from workers.engines.common.llamacpp.options import apply_options
from workers.engines.common.llamacpp.server import (
    Json,
    device_of,
    error_of,
    import_xllamacpp,
    open_server,
    sampling_body,
)
from workers.engines.contract import CancelToken
from workers.messages import Describe, Event, Finished, Progress, TextDelta, Usage
from workers.messages.errors import LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.tuning.checkpoints import bound_of
from workers.models.tuning.context import context_tokens

from .budget import image_budget
from .conversation import PictureTurn, turns_with_pictures
from .engine import VisionEngine
from .gguf_pictures import Scaled, read_sight

if TYPE_CHECKING:
    from .images import Picture

BATCH_TOKENS = 512
"""A picture whose tokens see each other (Gemma's 256) must be read in one batch."""


class LlamaCppVisionEngine(VisionEngine):
    """One GGUF model that sees."""

    capabilities = frozenset({"answers"})

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        xllamacpp = import_xllamacpp("vision")
        model, projector = find_files(settings.card)
        self.context_length = context_tokens(settings.card, settings.limits)
        self._max_tokens = image_budget(settings.card, settings.limits)
        self._sight = read_sight(folder / projector, self._max_tokens)
        params = xllamacpp.CommonParams()
        params.model.path = str(folder / model)
        params.mmproj.path = str(folder / projector)
        apply_options(params, settings.card.options, settings.device, xllamacpp)
        params.mmproj_use_gpu = params.n_gpu_layers != 0
        params.image_max_tokens = self._max_tokens
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
        params.n_threads_http = 1
        params.verbosity = 0
        params.n_parallel = 1
        if (bound := bound_of(folder / model, self.context_length)) is not None:
            params.n_ctx_checkpoints = bound
        params.cache_ram_mib = 0  # a picture is asked about once or twice
        params.n_ctx = self.context_length
        params.n_batch = params.n_ubatch = BATCH_TOKENS
        params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_Q8_0
        params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_NONE
        self._server, self.device = self._open(xllamacpp, params, settings, report)

    def _open(
        self, xllamacpp: Any, params: Any, settings: WorkerSettings, report: ReportLoading
    ) -> tuple[Any, str]:
        """Return the server with the model in it, and the device that it is on."""
        server = open_server(xllamacpp, params, settings.card.name, "vision")
        return server, device_of(settings.device, params, xllamacpp)

    def describe(
        self, request: Describe, pictures: Iterator[Picture], cancel: CancelToken
    ) -> Iterator[Event]:
        """See `VisionEngine.describe`. Raises: ContextTooLongError, GenerationError."""
        scaled = []
        for picture in pictures:
            scaled.append(self._sight.scale(picture))
            if cost := scaled[-1].cost:
                yield Progress(
                    request_id=request.request_id,
                    done=cost.num_tokens,
                    total=max(cost.num_tokens, self._max_tokens),
                    unit="image tokens",
                    what=str(cost),
                )
        if cancel.is_cancelled:
            return
        turns = turns_with_pictures(request.messages, len(scaled))
        body = sampling_body(request.sampling) | {"messages": _messages(turns, scaled)}
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        # With a seed all is read anew: the last bits of what was cached are others (ADR 0025).
        body |= {"cache_prompt": False} if request.sampling.seed is not None else {}
        run = partial(self._server.handle_chat_completions, body)
        with closing(iterate_callbacks(run, cancel)) as chunks:
            for piece in _pieces(chunks):
                if isinstance(piece, str):
                    yield TextDelta(request_id=request.request_id, text=piece)
                    continue
                usage = replace(
                    piece.usage, image_tokens=sum(s.cost.num_tokens for s in scaled if s.cost)
                )
                yield replace(piece, request_id=request.request_id, usage=usage)

    def close(self) -> None:
        """See `Engine.close`."""
        del self._server


def find_files(card: ModelCard) -> tuple[str, str]:
    """Return the names of the model and of its projector. Raises: LoadError."""
    wanted = card.options.get("projector")
    found = [name for name in card.files if name == wanted or "mmproj" in name.lower()]
    projector = wanted if wanted in card.files else next(iter(found), None)
    model = next((name for name in card.files if name not in found and name != projector), None)
    if wanted and wanted not in card.files:
        raise LoadError(f"{card.id} names the projector {wanted}, which is not among its files.")
    if projector is None or model is None:
        raise LoadError(
            f"{card.id} needs two files, a model and its projector; it has "
            f"{', '.join(card.files) or 'none'}.",
            hint="Name the projector in the card: options: {projector: FILE}.",
        )
    return model, projector


def _messages(turns: Iterable[PictureTurn], scaled: Sequence[Scaled]) -> list[Json]:
    rest = iter(scaled)
    messages: list[Json] = []
    for turn in turns:
        content: Any = turn.text
        if turn.num_pictures:
            parts = [_image_part(next(rest)) for _ in range(turn.num_pictures)]
            content = [*parts, {"type": "text", "text": turn.text}]
        messages.append({"role": turn.role, "content": content})
    return messages


def _image_part(scaled: Scaled) -> Json:
    buffer = io.BytesIO()
    scaled.image.save(buffer, "PNG", compress_level=1)
    data = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


def _pieces(chunks: Iterable[Json]) -> Iterator[str | Finished]:
    """Yield the texts, then the end. Raises: AppError for an error chunk."""
    reason: str | None = None
    for chunk in chunks:
        if "error" in chunk:
            raise error_of(chunk["error"])
        for choice in chunk["choices"]:
            reason = choice["finish_reason"] or reason
            if text := choice.get("delta", {}).get("content"):
                yield text
        if "usage" in chunk and reason is not None:
            end: Literal["length", "stop"] = "length" if reason == "length" else "stop"
            yield Finished(request_id="", reason=end, usage=_usage(chunk))


def _usage(chunk: Json) -> Usage:
    usage, timings = chunk["usage"], chunk.get("timings", {})
    details = usage.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=usage["prompt_tokens"],
        cached_tokens=details.get("cached_tokens", 0),
        completion_tokens=usage["completion_tokens"],
        prefill_s=timings.get("prompt_ms", 0.0) / 1000,
        decode_s=timings.get("predicted_ms", 0.0) / 1000,
    )
