"""GGUF models through llama.cpp's own server, in this process. Only this file knows xllamacpp.

What was found out about the server (xllamacpp 2026.10), and why it is set up as it is:

- It always opens a listener, which `workers.engines.common.llamacpp.server` keeps shut.
- `n_ctx` is divided by the slots. Each has a KV cache of its own (`kv_unified` off): with a shared
  one, conversations that grow together run out together, and one user's length fails the others.
- Threads, batch, KV cache and spin are chosen for model and machine: `workers.models.tuning`.
- Between two batches, and only there, it hears that a request was cancelled: one batch is what Stop
  waits for, also during a long prompt.
- A prompt that shares its beginning with what its slot holds is read from there on. Which slot that
  is, we say (`slots.py`); conversations that had to leave theirs wait in RAM
  (`workers.models.tuning.waiting_prompts`).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.bridge import Chunk, iterate_batches
from workers.engines.common.llamacpp.options import (
    apply_drafts,
    apply_options,
    apply_run_settings,
    template_of,
)
from workers.engines.common.llamacpp.server import device_of, import_xllamacpp, open_server
from workers.engines.common.llamacpp.spinning import SpinGuard
from workers.engines.common.pictures.gguf_pictures import Scaled, Sight
from workers.engines.common.pictures.llamacpp_pictures import (
    apply_projector,
    batch_for_pictures,
    find_files,
    num_tokens,
    sight_of,
)
from workers.engines.contract import CancelToken
from workers.messages import Complete, Describe, Generate, Usage
from workers.messages.errors import UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.tuning.checkpoints import bound_of
from workers.models.tuning.context import context_tokens
from workers.models.tuning.learning import ReadingSpeeds
from workers.models.tuning.run_settings import run_settings
from workers.models.tuning.waiting_prompts import waiting_mib_of

from .engine import Completion, Delta, PictureTaken, Piece, PromptProgress, TextEngine
from .llamacpp_json import (
    answer_limit,
    body_of,
    has_text,
    pieces_of,
    question_of,
    reading_only,
    with_image_tokens,
    with_pictures,
    with_reading,
)
from .slots import ANY_SLOT, HeldSlot, SlotBoard, transcript_of, transcript_with
from .template_tools import XML_TOOLS, tools_name, with_xml_tools
from .thoughts import split_thoughts, tags_of

if TYPE_CHECKING:
    from workers.engines.common.pictures.images import Picture

PACE_S = 0.05
"""Between two pieces of an answer, at least: what comes faster than anybody reads is joined. On two
cores a token of its own costs our processes 0.8 ms, a tenth of what llama.cpp needs to write it."""


class LlamaCppEngine(TextEngine):
    """One GGUF model with `settings.slots` conversations batched continuously."""

    computes_here = True
    """Whether llama.cpp's threads are this process's own."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        xllamacpp = import_xllamacpp("text")
        self._sight: Sight | None = None
        name = settings.card.weight_file
        if settings.card.sees:
            name, _ = find_files(settings.card)
            self._sight = sight_of(folder, settings.card, settings.limits)
        model_path = str(folder / name)
        self.slots = settings.slots
        self.context_length = context_tokens(settings.card, settings.limits)
        self.capabilities = frozenset({"continues", "reuses_prefix", "splits_thoughts"})
        template = template_of(model_path)
        self._tools_name = tools_name(template)
        if self._tools_name:
            self.capabilities |= {"shows_tools"}
        self._tags = tags_of(template)
        if self._tags is not None:
            self.capabilities |= {"thinks"}
        if self._sight is not None:
            self.capabilities |= {"sees", "answers"}
        self._board = SlotBoard(settings.slots)
        self._chosen = run_settings(settings.card, settings.threads, settings.device)
        if self._sight is not None:
            batch_tokens = batch_for_pictures(self._sight, self._chosen.batch_tokens)
            self._chosen = replace(self._chosen, batch_tokens=batch_tokens)
        self._speeds = ReadingSpeeds(
            settings.card, self._chosen, settings.device, settings.data_dir
        )
        self._spin = SpinGuard(is_steering=self.computes_here)
        params = self._params(xllamacpp, model_path, settings)
        if self._sight is not None:
            apply_projector(params, folder / settings.card.projector, self._sight)
        self._server, self.device = self._open(xllamacpp, params, settings, report)

    def _open(
        self, xllamacpp: Any, params: Any, settings: WorkerSettings, report: ReportLoading
    ) -> tuple[Any, str]:
        """Return the server with the model in it, and the device that it is on."""
        server = open_server(xllamacpp, params, settings.card.name, "text")
        return server, device_of(settings.device, params, xllamacpp)

    def _params(self, xllamacpp: Any, model_path: str, settings: WorkerSettings) -> Any:
        params = xllamacpp.CommonParams()
        params.model.path = model_path
        params.n_threads_http = 1
        params.verbosity = 0
        apply_options(params, settings.card.options, settings.device, xllamacpp)
        # llama.cpp's own parser knows the tags of each family.
        params.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_DEEPSEEK
        apply_run_settings(params, self._chosen, xllamacpp)
        apply_drafts(params, int(settings.card.options.get("draft_tokens") or 0), xllamacpp)
        params.n_parallel = settings.slots
        params.n_ctx = settings.slots * self.context_length
        params.kv_unified = False
        if (bound := bound_of(Path(model_path), self.context_length)) is not None:
            params.n_ctx_checkpoints = bound
        params.cache_ram_mib = waiting_mib_of(
            Path(model_path), self.context_length, self._chosen.kv_type
        )
        return params

    def generate(
        self, request: Generate | Complete, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """See `TextEngine`."""
        has_seed = request.sampling.seed is not None
        with self._board.hold(transcript_of(request), has_seed=has_seed) as slot:
            body = body_of(request, slot.number)
            if self._tools_name == XML_TOOLS:
                body = with_xml_tools(body)
            yield from self._said(request, slot, body, cancel)

    def describe(
        self, request: Describe, pictures: Iterator[Picture], cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """See `TextEngine`. What is shown again is not read again, while its slot is its own."""
        if self._sight is None:  # the worker has asked for the capability
            raise UnsupportedInputError("No projector is loaded.")
        scaled: list[Scaled] = []
        for picture in pictures:
            scaled.append(self._sight.scale(picture))
            if cost := scaled[-1].cost:
                yield PictureTaken(cost=cost, max_tokens=self._sight.max_tokens)
        if cancel.is_cancelled:
            return
        question = question_of(request)
        has_seed = question.sampling.seed is not None
        with self._board.hold(transcript_with(question, scaled), has_seed=has_seed) as slot:
            body = with_pictures(body_of(question, slot.number), question, scaled)
            for piece in self._said(question, slot, body, cancel):
                if isinstance(piece, Completion):
                    yield with_image_tokens(piece, num_tokens(scaled))
                else:
                    yield piece

    def _said(
        self, request: Generate | Complete, slot: HeldSlot, body: Chunk, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        with self._spin.at_work():
            pieces = self._noted(slot.number, self._answered(request, slot, body, cancel))
            if self._tags is not None and isinstance(request, Generate):
                # For templates whose thoughts llama.cpp does not find.
                pieces = split_thoughts(pieces, self._tags, is_open=False)
            yield from pieces

    def _answered(
        self, request: Generate | Complete, slot: HeldSlot, body: Chunk, cancel: CancelToken
    ) -> Iterator[Piece]:
        """Yield the answer. With a seed, the prompt is read first, and its last token once more.

        So that token is computed alone, whether the prompt was in the KV cache before or not: in a
        batch its last bits are others, enough to choose another word. For the same reason, only what
        the same conversation has left in the slot is built upon.
        """
        read: Usage | None = None
        if request.sampling.seed is not None and slot.number != ANY_SLOT:
            reading = reading_only(body, from_cache=slot.is_repeatable)
            for piece in self._pieces(request, reading, cancel):
                if isinstance(piece, Completion):
                    read = piece.usage
                elif isinstance(piece, PromptProgress):
                    yield piece
            if read is None:
                return  # cancelled
            self._board.note_read(slot.number)
        for piece in self._pieces(request, body, cancel):
            if isinstance(piece, Completion):
                end = with_reading(piece, read)
                self._speeds.note(end.usage)
                yield end
            else:
                yield piece

    def _pieces(
        self, request: Generate | Complete, body: Chunk, cancel: CancelToken
    ) -> Iterator[Piece]:
        is_chat = isinstance(request, Generate)
        handle = (
            self._server.handle_chat_completions if is_chat else self._server.handle_completions
        )
        with closing(iterate_batches(partial(handle, body), cancel, PACE_S, has_text)) as batches:
            pieces = pieces_of(batches, self._chosen.batch_tokens, answer_limit(request))
            yield from takewhile(lambda _: not cancel.is_cancelled, pieces)

    def _noted(self, slot: int, pieces: Iterator[Piece]) -> Generator[Piece, None, None]:
        """Yield the pieces and keep in mind what the slot holds by now."""
        try:
            for piece in pieces:
                if isinstance(piece, Delta):
                    self._board.add_answer(slot, piece.text)
                yield piece
        except ValueError as err:  # the binding's word for a schema it cannot turn into a grammar
            reason = str(err).splitlines()[0]
            raise UnsupportedInputError(f"llama.cpp cannot enforce this: {reason}.") from err

    def close(self) -> None:
        """Stop the server."""
        self._spin.close()
        del self._server
