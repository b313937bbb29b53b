"""A model that looks at pictures itself gets them with the conversation; with tools on, it gets words about them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.pool.conftest import card
from workers.chats.files import AttachedFiles
from workers.chats.records import Message
from workers.flows.turns.ask import TurnAsk
from workers.flows.turns.direct import answer_directly
from workers.flows.turns.events import Noted
from workers.flows.turns.options import TurnOptions
from workers.messages import Describe, Event, Finished, Generate, PictureRead, Request, TextDelta

SEES = SimpleNamespace(
    id="m", name="Seer", sees=True, parameters_m=4000, context_length=4096, sampling={},
    sampling_thinking={}, thinks="off", is_remote=False,
)  # fmt: skip


class SeeingClient:
    """Answers every request with a text, and keeps it."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    def card(self, modality: str) -> Any:
        return SEES if modality == "text" else card("vision")

    def ready(self, modality: str, model: str | None = None) -> None:
        return None

    async def astream(self, request: Request) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        if isinstance(request, Describe):
            yield PictureRead(request_id="r", index=0, width=1, height=1, lines=())
        yield TextDelta(request_id="r", text="A cat.")
        yield Finished(request_id="r")


@pytest.fixture
def files(tmp_path: Path) -> Iterator[AttachedFiles]:
    files = AttachedFiles(tmp_path / "data")
    yield files
    files.close()


async def answered(files: AttachedFiles, upload: Path, **options: Any) -> tuple[Any, list[Event]]:
    upload.write_bytes(b"\x89PNG and so on")
    kept = files.keep(upload, "cat.png")
    details = {"files": [kept.as_details()]}
    asked = Message(id=1, parent=None, role="user", text="What is it?", details=details)
    ask = TurnAsk(path=(asked,), options=TurnOptions(system="", **options), files=files)
    client = SeeingClient()
    events = [event async for event in answer_directly(client, ask)]  # type: ignore[arg-type]
    return client, events


async def test_it_looks_itself(files: AttachedFiles, tmp_path: Path) -> None:
    client, events = await answered(files, tmp_path / "upload")
    (request,) = client.asked
    assert isinstance(request, Describe)
    assert [image.name for image in request.images] == ["cat.png"]
    assert [turn.text for turn in request.messages] == ["What is it?"]
    (noted,) = (event for event in events if isinstance(event, Noted))
    assert noted.message == 1
    assert noted.details["files"][0]["read_as"] == "seen by Seer"
    assert not any(isinstance(event, PictureRead) for event in events)


async def test_with_a_format_it_gets_a_description(files: AttachedFiles, tmp_path: Path) -> None:
    client, events = await answered(files, tmp_path / "upload", answer_schema={"type": "object"})
    look, said = client.asked
    assert isinstance(look, Describe)
    assert "What is it?" in look.messages[0].text
    assert isinstance(said, Generate)
    assert "A cat." in said.messages[0].text
    (noted,) = (event for event in events if isinstance(event, Noted) and event.message == 1)
    assert noted.details["files"][0]["read_as"] == "seen by Fake vision"
