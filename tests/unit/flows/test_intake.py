"""Documents are read whoever looks, and what is deleted can be had back: with a client that plays along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from workers.client import StopSwitch
from workers.flows.intake import DocumentIntake
from workers.flows.removal import Removals
from workers.messages import (
    DeleteCollection,
    DeleteDocument,
    DocumentIndexed,
    DocumentInfo,
    Event,
    Finished,
    Ingest,
    Media,
    Progress,
    Request,
)
from workers.messages.errors import AppError, GenerationError


class PlayedClient:
    """Reads "slow" files until they are let go, refuses "bad" ones, breaks at "broken" ones."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.seen: list[Request] = []
        self.cancelled: set[str] = set()
        self.error: AppError | None = None
        self.switch = StopSwitch()

    def stopped_by(self, switch: StopSwitch) -> PlayedClient:
        self.switch = switch
        return self

    async def astream(self, request: Ingest) -> AsyncGenerator[Event, None]:
        self.seen.append(request)
        self.switch.watch(request.request_id, self.cancel)
        (media,), key = request.documents, request.request_id
        yield Progress(request_id=key, done=1, total=4, unit="pages")
        if media.name == "slow.md":
            await self.go.wait()
        if key in self.cancelled:
            yield Finished(request_id=key, reason="cancelled")
            return
        if media.name == "broken.md":
            raise GenerationError("The worker died.")
        info = DocumentInfo(
            document_id=media.name, name=media.name, num_pages=4, num_chunks=1, num_bytes=1
        )
        bad = media.name == "bad.md"
        note = {"bad.md": "It is empty.", "scan.md": "Page 3 has no text layer."}
        yield DocumentIndexed(
            request_id=key,
            document=info,
            status="failed" if bad else "added",
            reason=note.get(media.name, ""),
        )
        yield Finished(request_id=key)

    async def arun(self, request: Request) -> tuple[Event, ...]:
        self.seen.append(request)
        if self.error is not None:
            raise self.error
        return ()

    def cancel(self, request_id: str) -> None:
        self.cancelled.add(request_id)
        self.go.set()


@pytest.fixture
def client() -> PlayedClient:
    return PlayedClient()


def named(*names: str) -> list[Media]:
    return [Media(name=name, data=b"x") for name in names]


async def until(is_so: Callable[[], bool]) -> None:
    async def look() -> None:
        while not is_so():
            await asyncio.sleep(0)

    await asyncio.wait_for(look(), 60)


async def test_files_are_read_one_after_the_other_and_only_words_about_them_stay(
    client: PlayedClient,
) -> None:
    intake = DocumentIntake(client)  # type: ignore[arg-type]
    intake.add("c", named("slow.md", "bad.md", "broken.md", "scan.md", "fine.md"))
    await until(lambda: bool(client.seen) and intake.files("c")[0].done == 1)
    states = [one.state for one in intake.files("c")]
    assert states == ["reading", "waiting", "waiting", "waiting", "waiting"]
    assert len(intake.under_way("c")) == 5
    assert intake.files("other") == ()
    client.go.set()
    await until(lambda: not intake.under_way("c") and len(intake.files("c")) == 3)
    ends = {one.name: (one.state, one.reason) for one in intake.files("c")}
    assert ends == {
        "bad.md": ("failed", "It is empty."),
        "broken.md": ("failed", "The worker died."),
        "scan.md": ("added", "Page 3 has no text layer."),
    }


async def test_one_that_is_taken_off_is_stopped_and_the_next_is_read(client: PlayedClient) -> None:
    intake = DocumentIntake(client)  # type: ignore[arg-type]
    intake.add("c", named("slow.md", "fine.md", "scan.md"))
    await until(lambda: bool(client.seen) and intake.files("c")[0].done == 1)
    first, second, _ = intake.files("c")
    intake.drop(second.key)
    intake.drop(first.key)
    await until(lambda: [one.state for one in intake.files("c")] == ["added"])
    assert [one.name for one in intake.files("c")] == ["scan.md"]
    assert len(client.seen) == 2
    assert client.cancelled == {client.seen[0].request_id}


async def test_what_is_deleted_is_off_the_list_at_once_and_gone_later(client: PlayedClient) -> None:
    removals = Removals(client, undo_s=0)  # type: ignore[arg-type]
    removals.begin("c", "d", "a.pdf")
    assert removals.hides("c", "d")
    assert not removals.hides("c", "e")
    await until(lambda: removals.pending() == ())
    (request,) = client.seen
    assert isinstance(request, DeleteDocument)
    assert (request.collection, request.document_id) == ("c", "d")


async def test_undo_keeps_it(client: PlayedClient) -> None:
    removals = Removals(client, undo_s=3600)  # type: ignore[arg-type]
    removal = removals.begin("c", None, "c")
    assert removals.hides("c", "any")
    assert removals.undo(removal.key)
    assert not removals.undo(removal.key)
    assert not removals.hides("c")
    await removals.settle("c")
    assert client.seen == []


async def test_a_question_does_not_find_what_is_about_to_go(client: PlayedClient) -> None:
    removals = Removals(client, undo_s=3600)  # type: ignore[arg-type]
    stopped: list[str] = []
    removals.begin("c", None, "c", lambda: stopped.append("c"))
    removals.begin("other", "d", "a.pdf", lambda: stopped.append("other"))
    assert stopped == []
    await removals.settle("c")
    assert stopped == ["c"]
    (request,) = client.seen
    assert isinstance(request, DeleteCollection)
    assert [one.collection for one in removals.pending()] == ["other"]


async def test_what_could_not_be_deleted_is_on_the_list_again_with_the_reason(
    client: PlayedClient,
) -> None:
    client.error = GenerationError("The disk is full.")
    removals = Removals(client, undo_s=3600)  # type: ignore[arg-type]
    removals.begin("c", "d", "a.pdf")
    await removals.settle("c")
    assert not removals.hides("c", "d")
    assert removals.problem("c") == "a.pdf is still there: The disk is full."
    removals.begin("c", "d", "a.pdf")
    assert removals.problem("c") == ""


async def test_what_is_being_deleted_cannot_be_kept_and_is_waited_for(client: PlayedClient) -> None:
    deleting = asyncio.Event()

    async def held(request: Request) -> tuple[Event, ...]:
        deleting.set()
        await client.go.wait()
        return ()

    client.arun = held  # type: ignore[method-assign]
    removals = Removals(client, undo_s=0)  # type: ignore[arg-type]
    removal = removals.begin("c", "d", "a.pdf")
    await asyncio.wait_for(deleting.wait(), 60)
    assert not removals.undo(removal.key)
    assert removals.hides("c", "d")
    settling = asyncio.ensure_future(removals.settle("c"))
    await asyncio.sleep(0)
    assert not settling.done()
    client.go.set()
    await settling
    assert removals.pending() == ()


@pytest.mark.parametrize("where", ["first", "worker"])
async def test_after_an_error_that_nobody_foresaw_it_is_on_the_list_again(
    client: PlayedClient, where: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("No such thing.")

    if where == "worker":
        client.arun = broken  # type: ignore[assignment]
    removals = Removals(client, undo_s=3600)  # type: ignore[arg-type]
    removals.begin("c", "d", "a.pdf", broken if where == "first" else lambda: None)
    await removals.settle("c")
    assert not removals.hides("c", "d")
    assert removals.problem("c") == "a.pdf is still there: No such thing."
