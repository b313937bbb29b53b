"""The text worker: checks a request, runs the engine, turns its pieces into events."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace

from workers.engines.common.pictures.checking import PictureRules
from workers.engines.contract import CancelToken
from workers.messages import (
    Complete,
    Describe,
    Event,
    Finished,
    Generate,
    Loading,
    Progress,
    Ready,
    Request,
    TextDelta,
    ThoughtDelta,
    ToolCallDelta,
)
from workers.messages.errors import UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.messages.sampling_bounds import check_sampling
from workers.models.weights import verified_folder
from workers.templates.conversation import formats_chat, lay_out, shows_tools

from .engine import CallDelta, Completion, Delta, PictureTaken, Piece, TextEngine, Thought
from .opening import opened
from .prompt import check_length, check_text, tidy
from .thoughts import with_thinking_cost
from .tools import check_tools, hear_calls, prepare


class TextWorker:
    """Answers Generate and Complete with any TextEngine, and Describe with one that sees."""

    def __init__(self, engine: TextEngine) -> None:
        self._engine = engine

    def load(self, settings: WorkerSettings, report: ReportLoading) -> Ready:
        """See `workers.engines.contract.Worker`."""
        folder = verified_folder(settings.card, settings.data_dir, report)
        report(Loading(what=f"loading {settings.card.name}"))
        self._card = settings.card
        self._rules = PictureRules.of(settings.limits)
        self._engine.load(folder, settings, report)
        return Ready(
            slots=self._engine.slots,
            device=self._engine.device,
            capabilities=self._engine.capabilities,
            context_length=self._engine.context_length,
        )

    def handle(self, request: Request, cancel: CancelToken) -> Iterator[Event]:
        """See `workers.engines.contract.Worker`."""
        if isinstance(request, (Generate, Describe)):
            request = opened(self._card, request)
        if isinstance(request, Describe):
            self._check_pictures(request)
            yield Progress(
                request_id=request.request_id, done=0, total=len(request.images), unit="pictures"
            )
        with closing(self._pieces(request, cancel)) as pieces:
            for piece in pieces:
                yield _event(request.request_id, piece)

    def close(self) -> None:
        """See `workers.engines.contract.Worker`."""
        self._engine.close()

    def _pieces(self, request: Request, cancel: CancelToken) -> Generator[Piece, None, None]:
        if isinstance(request, Generate):
            return with_thinking_cost(self._converse(request, cancel))
        if isinstance(request, Complete):
            return self._complete(request, cancel)
        if isinstance(request, Describe):
            pictures = self._rules.decoded(request.images, cancel)
            request = replace(request, messages=tidy(request.messages))
            return with_thinking_cost(self._engine.describe(request, pictures, cancel))
        raise UnsupportedInputError(f"The text worker cannot {type(request).__name__}.")

    def _check_pictures(self, request: Describe) -> None:
        """Raises: UnsupportedInputError; ContextTooLongError."""
        if "sees" not in self._engine.capabilities:
            raise UnsupportedInputError(
                f"{self._card.name} cannot look at pictures.", "Choose a model that can."
            )
        self._rules.check(request.images)
        check_sampling(request.sampling)
        texts = [message.text for message in request.messages]
        check_text([*texts, *request.sampling.stop])
        check_length(texts, self._engine.context_length)

    def _complete(self, request: Complete, cancel: CancelToken) -> Generator[Piece, None, None]:
        check_sampling(request.sampling)
        check_text([request.prompt, *request.sampling.stop])
        check_length([request.prompt], self._engine.context_length)
        if not request.prompt:
            raise UnsupportedInputError("The prompt is empty.", hint="Write something to continue.")
        return self._engine.generate(request, cancel)

    def _converse(self, request: Generate, cancel: CancelToken) -> Generator[Piece, None, None]:
        check_sampling(request.sampling)
        check_text([*(message.text for message in request.messages), *request.sampling.stop])
        texts = [message.text for message in request.messages]
        check_length([*texts, *map(str, request.tools)], self._engine.context_length)
        check_tools(request)
        capabilities = self._engine.capabilities
        if "calls_tools" in capabilities:
            return self._engine.generate(replace(request, messages=tidy(request.messages)), cancel)
        templates = self._card.templates
        is_shown = "shows_tools" in capabilities
        if templates and formats_chat(templates):
            is_shown = shows_tools(templates)
        prepared = prepare(request, is_shown=is_shown)
        prepared = replace(prepared, messages=tidy(prepared.messages))
        pieces = self._engine.generate(lay_out(templates, prepared), cancel)
        is_calling = request.tools and request.tool_choice != "none"
        return hear_calls(pieces, request.tools) if is_calling else pieces


def _event(request_id: str, piece: Piece) -> Event:
    if isinstance(piece, Delta):
        return TextDelta(request_id=request_id, text=piece.text, logprobs=piece.logprobs)
    if isinstance(piece, Thought):
        return ThoughtDelta(request_id=request_id, text=piece.text)
    if isinstance(piece, CallDelta):
        return ToolCallDelta(
            request_id=request_id,
            index=piece.index,
            call_id=piece.call_id,
            name=piece.name,
            arguments=piece.arguments,
        )
    if isinstance(piece, Completion):
        return Finished(request_id=request_id, reason=piece.reason, usage=piece.usage)
    if isinstance(piece, PictureTaken):
        return Progress(
            request_id=request_id,
            done=piece.cost.num_tokens,
            total=max(piece.cost.num_tokens, piece.max_tokens),
            unit="image tokens",
            what=str(piece.cost),
        )
    return Progress(
        request_id=request_id,
        done=piece.done_tokens,
        total=piece.total_tokens,
        unit="tokens",
        what="reading",
    )
