"""What a stream of Ollama's says when its worker dies within it: nothing starts here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any, cast

import fastapi
from fastapi.responses import StreamingResponse

from api.ollama.answering import OllamaAnswer, ignored_header
from api.ollama.objects import AnswerWriter
from api.ollama.schemas import ChatBody
from configs.catalogue import load_catalogue
from workers.messages import ChatMessage, Event, Generate, TextDelta
from workers.messages.errors import WorkerDiedError

CARD = load_catalogue()["smollm2-135m-instruct"]


async def broken() -> AsyncGenerator[Event, None]:
    yield TextDelta(request_id="r", text="Well")
    raise WorkerDiedError("It died.", "Try again.")


async def lines_of(events: AsyncGenerator[Event, None]) -> list[dict[str, Any]]:
    client = SimpleNamespace(ready=lambda *_: None)
    writing = OllamaAnswer(
        conversations=cast(Any, SimpleNamespace(client=client, open=lambda _: events)),
        card=CARD,
        body=ChatBody(model="m"),
        writer=AnswerWriter(route="chat", model="m"),
    )
    question = Generate(messages=(ChatMessage(role="user", text="Hi"),))
    answer = await writing.send(question, cast(fastapi.Request, None))
    assert isinstance(answer, StreamingResponse)
    return [json.loads(str(line)) async for line in answer.body_iterator]


def test_an_error_within_a_stream_is_its_last_line() -> None:
    first, last = asyncio.run(lines_of(broken()))
    assert first["message"]["content"] == "Well"
    assert last == {"error": "It died. Try again."}


def test_names_in_a_header_are_plain_and_few() -> None:
    assert ignored_header([]) == {}
    (header,) = ignored_header(["a", "ü\r\nX: y", *"b" * 50]).values()
    assert header.startswith("a, ???X??y, b")
    assert header.isascii()
    assert len(header.split(", ")) == 20
