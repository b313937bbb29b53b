"""Ask a collection: find passages with the rag worker, answer from them with the text worker.

The passages come first, so that the user can judge them before the answer is there. Every sentence
of the answer then gets the number of a passage that says it: the model's own if it is one, else the
nearest; or none.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace

from configs.catalogue import ModelCard
from workers.client import Client
from workers.messages import (
    NO_THOUGHTS,
    ChatMessage,
    Event,
    Finished,
    Generate,
    Grounds,
    Passage,
    Ready,
    Retrieve,
    Retrieved,
    SamplingParams,
    TextDelta,
    Thinking,
)
from workers.messages.errors import ContextTooLongError, NotFoundError

from .citations import cite
from .doubts import doubts_of
from .follow_up import query_of
from .likeness import likeness_of
from .off_topic import missed, off_topic
from .quoting import is_for_quotes, quoted_text, quotes_for

CHARS_PER_TOKEN = 3.0
"""Low for prose; an estimate that is too high only costs one more try."""
ANSWER_TOKENS = 512
"""Room kept for the completion when the sampling sets no limit."""
SMALL_MODEL_M = 500.0
"""Below so many million parameters a model ignores instructions and follows an example instead."""
SMALL_MODEL_PASSAGES = 3
"""More of them only confuse a small model, and cost it seconds before its first word."""
SMALL_MODEL_ANSWER_TOKENS = 48
"""A small model repeats itself after its first sentences."""
INSTRUCTION = (
    "Answer the question from the numbered passages alone, and put the number of the passage in "
    "square brackets after each sentence, like [1]. If the passages do not answer it, say so."
)
EXAMPLE = (
    ChatMessage(
        role="user",
        text="Text: Tickets are sold at the harbour. The boat leaves at nine.\n"
        "Question: When does the boat leave?",
    ),
    ChatMessage(role="assistant", text="The boat leaves at nine."),
)
"""Shows a small model what is wanted: 7 of 10 questions about a 25-page file, 5 with instructions."""
SAMPLING = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=256)
"""The likeliest token, and no penalty: an answer from a text has to repeat the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextCut(Event):
    """How many of the passages found are given to the text model; the best come first."""

    num_used: int
    num_found: int
    reason: str
    """For people; empty when all are used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited(Event):
    """The whole answer once more, with numbered marks."""

    text: str
    numbers: tuple[int, ...]
    """Passages that are cited, from 1, in the order of the Retrieved event."""
    is_by_model: bool
    """False: the marks were set by comparing sentences."""
    unsupported: tuple[str, ...] = ()
    """Sentences that no passage says, as they stand, without marks."""
    num_claims: int = 0
    """Sentences that say something."""
    num_moved: int = 0
    """Sentences whose mark named a passage that does not say it: it was moved to one that does, or taken away."""
    strays: tuple[str, ...] = ()
    """Numbers and names that stand in none of the passages that were used."""
    is_quoted: bool = False
    """Whether it is the documents' own sentences: no text model was asked."""

    @property
    def doubts(self) -> tuple[str, ...]:
        """Return what a reader must know, as sentences."""
        return doubts_of(unsupported=self.unsupported, strays=self.strays, num_moved=self.num_moved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of which documents, and of which text model."""

    text: str
    collection: str
    history: tuple[ChatMessage, ...] = ()
    sampling: SamplingParams = SAMPLING
    top_k: int = 6
    """Passages to find."""
    model: str | None = None
    """Id of the card that answers; None: the default."""
    thinking: Thinking = NO_THOUGHTS
    quotes: bool | None = False
    """Whether the answer is the documents' own sentences, and no model is asked; None: by the model's size."""
    refuses: bool = False
    """Ask no model where the documents have nothing about it: NotInDocuments comes instead."""


async def ask_documents(client: Client, question: Question) -> AsyncGenerator[Event, None]:
    """Yield Retrieved, ContextCut, TextDelta…, Cited, and one Finished; or Retrieved, NotInDocuments, Finished.

    Where the documents are quoted there is no ContextCut: no text model is asked. Closing it stops whichever worker is at work. Raises: AppError; NotFoundError if the collection
    has no passages at all.
    """
    passages: tuple[Passage, ...] = ()
    grounds: Grounds | None = None
    request = Retrieve(
        collection=question.collection,
        query=query_of(question.text, question.history),
        top_k=question.top_k,
        weighs=question.refuses,
    )
    async with aclosing(client.astream(request)) as events:
        async for event in events:
            if isinstance(event, Retrieved):
                passages, grounds = event.passages, event.grounds
            if not isinstance(event, Finished):
                yield event
            elif event.reason == "cancelled":
                yield event
                return
    if not passages:
        raise NotFoundError(
            f"The collection “{question.collection}” has no documents yet.",
            hint="Add a document first.",
        )
    if grounds is not None and off_topic(grounds):
        yield missed(request.request_id, grounds)
        yield Finished(request_id=request.request_id)
        return
    answer = _said(client, _task(client, question), request.request_id, passages)
    async with aclosing(answer) as events:
        async for event in events:
            yield event


def _said(
    client: Client, task: _Task, request_id: str, passages: tuple[Passage, ...]
) -> AsyncGenerator[Event, None]:
    wished = task.question.quotes
    if is_for_quotes(task.card) if wished is None else wished:
        return _quoted(client, request_id, task.question.text, passages)
    return _answer(client, task, passages)


async def _quoted(
    client: Client, request_id: str, question: str, passages: tuple[Passage, ...]
) -> AsyncGenerator[Event, None]:
    """Yield the sentences that answer best."""
    quotes = await quotes_for(client, question, passages)
    text = quoted_text(quotes)
    yield TextDelta(request_id=request_id, text=text)
    yield Cited(
        request_id=request_id,
        text=text,
        numbers=tuple(dict.fromkeys(quote.number for quote in quotes)),
        is_by_model=False,
        num_claims=len(quotes),
        is_quoted=True,
    )
    yield Finished(request_id=request_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """A question and the model that answers it."""

    question: Question
    card: ModelCard
    ready: Ready | None
    """What the model said of itself when it was loaded; None if it sleeps."""

    @property
    def is_for_a_small_model(self) -> bool:
        return 0 < self.card.parameters_m < SMALL_MODEL_M

    @property
    def context_length(self) -> int:
        return self.ready.context_length if self.ready else self.card.context_length


def _task(client: Client, question: Question) -> _Task:
    model = question.model
    return _Task(
        question=question,
        card=client.models.get(model, "text") if model else client.card("text"),
        ready=client.ready("text", model),
    )


async def _answer(
    client: Client, task: _Task, passages: tuple[Passage, ...]
) -> AsyncGenerator[Event, None]:
    sampling = task.question.sampling
    used, reason = _choose(task, passages)
    while True:
        request = Generate(
            thinking=task.question.thinking,
            messages=_prompt(task, used),
            sampling=_short(sampling) if task.is_for_a_small_model else sampling,
            model=task.card.id,
        )
        yield ContextCut(
            request_id=request.request_id,
            num_used=len(used),
            num_found=len(passages),
            reason=reason,
        )
        try:
            async with aclosing(_generate(client, request, used)) as events:
                async for event in events:
                    yield event
        except ContextTooLongError:
            if len(used) <= 1:
                raise
            used, reason = used[: len(used) // 2], "they did not fit its context"
        else:
            return


async def _generate(
    client: Client, request: Generate, used: tuple[Passage, ...]
) -> AsyncGenerator[Event, None]:
    text = ""
    async with aclosing(client.astream(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
            if isinstance(event, Finished):
                marked = cite(text, used, await likeness_of(client, text, used))
                yield Cited(request_id=event.request_id, **asdict(marked))
            yield event


def _short(sampling: SamplingParams) -> SamplingParams:
    """One paragraph: after its first answer a small model goes on with inventions."""
    max_tokens = min(sampling.max_tokens or ANSWER_TOKENS, SMALL_MODEL_ANSWER_TOKENS)
    return replace(sampling, max_tokens=max_tokens, stop=(*sampling.stop, "\n"))


def _choose(task: _Task, passages: tuple[Passage, ...]) -> tuple[tuple[Passage, ...], str]:
    """Return the passages for the prompt, and why the others are left out."""
    question = task.question
    said = sum(len(turn.text) for turn in question.history)
    spoken = len(question.text) + len(INSTRUCTION) + said
    tokens = task.context_length - (question.sampling.max_tokens or ANSWER_TOKENS)
    room = tokens * CHARS_PER_TOKEN - spoken
    fitting = 0
    for passage in passages:
        room -= len(passage.text) + len("[1] \n\n")
        if room < 0:
            break
        fitting += 1
    fitting = max(1, fitting)
    if task.is_for_a_small_model and fitting > SMALL_MODEL_PASSAGES:
        return passages[:SMALL_MODEL_PASSAGES], "a model this small loses the thread in more"
    return passages[:fitting], "" if fitting == len(passages) else "they did not fit its context"


def _prompt(task: _Task, passages: tuple[Passage, ...]) -> tuple[ChatMessage, ...]:
    """Put the passages before the model, the best one last: nearest to the question."""
    if task.is_for_a_small_model:
        body = "\n\n".join(passage.text for passage in reversed(passages))
        asked = ChatMessage(role="user", text=f"Text: {body}\nQuestion: {task.question.text}")
        return (*EXAMPLE, asked)
    numbered = [f"[{number}] {passage.text}" for number, passage in enumerate(passages, start=1)]
    body = "\n\n".join(reversed(numbered))
    return (
        ChatMessage(role="system", text=INSTRUCTION),
        *task.question.history,
        ChatMessage(role="user", text=f"{body}\n\nQuestion: {task.question.text}"),
    )
