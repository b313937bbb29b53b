"""Vision-language models in GGUF, with their projector, on llama.cpp's server in this process.

A card's `files` hold both: the projector is the one with "mmproj" in its name. `options`, besides
those of `workers.engines.common.llamacpp.options`:

- `projector`: the projector's file, where its name does not tell.
- `image_tokens`: what one picture may cost (default 1,024; the setting `limits.max_image_tokens`
  bounds it). Models with a fixed size for pictures ignore it.

A card of modality text with a projector is served by the text worker, in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

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
from workers.engines.common.pictures.conversation import turns_with_pictures
from workers.engines.common.pictures.llamacpp_pictures import (
    apply_projector,
    find_files,
    messages_json,
    num_tokens,
    sight_of,
)
from workers.engines.contract import CancelToken
from workers.messages import Describe, Event, Finished, Progress, TextDelta, Usage
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.tuning.checkpoints import bound_of
from workers.models.tuning.context import context_tokens
from workers.models.tuning.run_settings import PICTURE_BATCH

from .engine import VisionEngine

if TYPE_CHECKING:
    from workers.engines.common.pictures.images import Picture


class LlamaCppVisionEngine(VisionEngine):
    """One GGUF model that sees."""

    capabilities = frozenset({"answers"})

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        xllamacpp = import_xllamacpp("vision")
        model, projector = find_files(settings.card)
        self.context_length = context_tokens(settings.card, settings.limits)
        self._sight = sight_of(folder, settings.card, settings.limits)
        params = xllamacpp.CommonParams()
        params.model.path = str(folder / model)
        apply_options(params, settings.card.options, settings.device, xllamacpp)
        params.n_batch = params.n_ubatch = PICTURE_BATCH
        apply_projector(params, folder / projector, self._sight)
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
        params.n_threads_http = 1
        params.verbosity = 0
        params.n_parallel = 1
        if (bound := bound_of(folder / model, self.context_length)) is not None:
            params.n_ctx_checkpoints = bound
        params.cache_ram_mib = 0  # a picture is asked about once or twice
        params.n_ctx = self.context_length
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
                    total=max(cost.num_tokens, self._sight.max_tokens),
                    unit="image tokens",
                    what=str(cost),
                )
        if cancel.is_cancelled:
            return
        turns = turns_with_pictures(request.messages, len(scaled))
        body = sampling_body(request.sampling) | {"messages": messages_json(turns, scaled)}
        body |= {"stream": True, "stream_options": {"include_usage": True}}
        # With a seed all is read anew: the last bits of what was cached are others (ADR 0025).
        body |= {"cache_prompt": False} if request.sampling.seed is not None else {}
        run = partial(self._server.handle_chat_completions, body)
        with closing(iterate_callbacks(run, cancel)) as chunks:
            for piece in _pieces(chunks):
                if isinstance(piece, str):
                    yield TextDelta(request_id=request.request_id, text=piece)
                    continue
                usage = replace(piece.usage, image_tokens=num_tokens(scaled))
                yield replace(piece, request_id=request.request_id, usage=usage)

    def close(self) -> None:
        """See `Engine.close`."""
        del self._server


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
