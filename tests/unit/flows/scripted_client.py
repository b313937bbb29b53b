"""A client whose models say what a test has written down: no pool behind it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any

from configs.catalogue import ModelCard, Price
from workers.chats.records import Message
from workers.client import Client, StopSwitch
from workers.flows.turns.answer import LiveAnswer, advanced, begun, ended
from workers.flows.turns.ask import TurnAsk
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.ways import way_of
from workers.messages import (
    Event,
    Finished,
    Generate,
    Passage,
    Queued,
    Request,
    Retrieve,
    Retrieved,
    TextDelta,
    Usage,
)
from workers.models.lookup import Models

Script = Callable[[Generate], "str | Exception"]
LOCAL, REMOTE, OTHER = "local", "remote", "other"


def text_card(name: str, source: str = "path:/nowhere", **fields: Any) -> ModelCard:
    return ModelCard.model_validate(
        {
            "id": name,
            "name": name.title(),
            "modality": "text",
            "engine": "fake",
            "source": source,
            "files": {},
            "license": "MIT",
            "license_url": "none",
            "origin": "tests",
            "parameters_m": 0,
            "memory_mib": 1,
            **fields,
        }
    )


CARDS = (
    text_card(LOCAL),
    text_card(OTHER),
    text_card(
        REMOTE, "remote:https://far.example/v1", price=Price(input_per_m=10, output_per_m=30)
    ),
)


class ScriptedClient(Client):
    """`script` says what is answered, word by word, or what goes wrong after the first word."""

    def __init__(
        self,
        script: Script,
        passages: dict[str, list[str]] | None = None,
        cards: tuple[ModelCard, ...] = CARDS,
    ) -> None:
        models = Models(lambda: {card.id: card for card in cards}, {"text": LOCAL})
        super().__init__(None, models)  # type: ignore[arg-type]
        self.script, self.passages = script, passages or {}
        self.switch = StopSwitch()
        self.asked: list[Request] = []
        self.num_open = 0

    @property
    def generated(self) -> list[Generate]:
        return [request for request in self.asked if isinstance(request, Generate)]

    def ready(self, modality: Any, model: str | None = None) -> None:
        return None

    def loaded(self, modality: Any) -> None:
        return None

    async def astream(self, request: Request) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        self.num_open += 1
        try:
            async for event in self._answer(request):
                yield event
        finally:
            self.num_open -= 1

    def _is_stopped(self) -> bool:
        return self.switch.is_pressed

    async def _answer(self, request: Request) -> AsyncGenerator[Event, None]:
        name = request.request_id
        if self._is_stopped():
            yield Finished(request_id=name, reason="cancelled")
            return
        if isinstance(request, Retrieve):
            found = self.passages.get(request.query, self.passages.get("*", []))
            yield Retrieved(request_id=name, passages=tuple(passage(text) for text in found))
            yield Finished(request_id=name)
            return
        assert isinstance(request, Generate)
        yield Queued(request_id=name, num_ahead=0, reason="wakes up")
        said = self.script(request)
        words = ["So "] if isinstance(said, Exception) else said.split(" ")
        for place, word in enumerate(words):
            if self._is_stopped():
                yield Finished(request_id=name, reason="cancelled")
                return
            yield TextDelta(request_id=name, text=f" {word}" if place else word)
        if isinstance(said, Exception):
            raise said
        usage = Usage(prompt_tokens=100, completion_tokens=len(words))
        yield Finished(request_id=name, usage=usage)


def passage(text: str) -> Passage:
    return Passage(
        chunk_id=text,
        document_id="d",
        document_name="book.pdf",
        page=len(text),
        text=text,
        score=0.5,
    )


def ask_of(*turns: str, **options: Any) -> TurnAsk:
    path = [
        Message(
            id=number,
            parent=number - 1 or None,
            role="assistant" if number % 2 == 0 else "user",
            text=text,
        )
        for number, text in enumerate(turns, start=1)
    ]
    return TurnAsk(path=path, options=TurnOptions(**{"system": "", **options}))


async def answered(
    client: ScriptedClient, ask: TurnAsk, stop_when: Callable[[LiveAnswer], bool] = lambda _: False
) -> LiveAnswer:
    """Return the answer as a kept chat would have it; Stop is pressed at the moment that a test names.

    Also checks what every way owes: exactly one Finished, at the end, and no request left open.
    """
    answer = begun(Message(id=99, parent=1, role="assistant", text=""))
    ends: list[Finished] = []
    async with aclosing(way_of(ask.options)(client, ask)) as events:
        async for event in events:
            assert not ends, "something came after the end"
            answer = advanced(answer, [event])
            ends += [event] if isinstance(event, Finished) else []
            if stop_when(answer):
                client.switch.press()
    assert len(ends) == 1
    assert client.num_open == 0
    return ended(answer, ends[0].reason)


def states(answer: LiveAnswer, key: str = "steps") -> list[str]:
    return [step["state"] for step in answer.message.details.get(key, ())]
