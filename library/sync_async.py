"""One call, run four ways: sync or async, to its end or as a stream.

`library.calls` says what to do, this file only how to wait for it, so the sync and the async
library cannot differ.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Generator,
    Iterator,
)
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from workers.client import Client
from workers.messages import Event, Finished, Request
from workers.messages.errors import RequestError

from .library_call import LibraryCall

A = ParamSpec("A")
R = TypeVar("R")
P = TypeVar("P")


class HasClient(Protocol):
    """A session, as far as this file knows it."""

    @property
    def client(self) -> Client:
        """The door to a pool that runs."""
        ...


Build = Callable[Concatenate[Client, A], LibraryCall[R, P]]


def events_of(client: Client, call: LibraryCall[R, P]) -> Generator[Event, None, None]:
    """Yield a call's events to a thread."""
    client, source = client.until(call.deadline), call.source
    if isinstance(source, Request):
        return client.stream(source)
    return iterate(source(client))


def aevents_of(client: Client, call: LibraryCall[R, P]) -> AsyncGenerator[Event, None]:
    """Yield a call's events on an event loop."""
    client, source = client.until(call.deadline), call.source
    return client.astream(source) if isinstance(source, Request) else source(client)


def iterate(events: AsyncGenerator[Event, None]) -> Generator[Event, None, None]:
    """Yield what an async generator yields, from a loop in a thread of its own.

    Not in the caller's thread: in a notebook a loop runs there already.
    """
    loop = asyncio.new_event_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="quintet-flow") as thread:

        def run(step: Callable[[], object]) -> None:
            thread.submit(step).result()

        try:
            while True:
                step = thread.submit(loop.run_until_complete, anext(events, None))
                event = step.result()
                if event is None:
                    return
                yield event
        finally:
            for task in asyncio.all_tasks(loop):  # left waiting by a Ctrl-C
                loop.call_soon_threadsafe(task.cancel)
            run(lambda: loop.run_until_complete(events.aclose()))
            run(loop.close)


class Stream(Iterator[P], Generic[R, P]):
    """The pieces of an answer as they come. Closing it, or leaving its `with`, stops the work."""

    def __init__(self, client: Client, call: LibraryCall[R, P]) -> None:
        self._call = call
        self._source = events_of(client, call)
        self._events: list[Event] = []

    def __next__(self) -> P:
        for event in self._source:
            self._events.append(event)
            self._call.watch(event)
            piece = self._call.piece(event)
            if piece is not None:
                return piece
        raise StopIteration

    def result(self) -> R:
        """Wait for the rest and return what it comes to. Raises: AppError."""
        for _piece in self:
            pass
        return self._call.result(_whole(self._events))

    def close(self) -> None:
        """Stop the work."""
        self._source.close()

    def __enter__(self) -> Stream[R, P]:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class AsyncStream(AsyncIterator[P], Generic[R, P]):
    """`Stream` for event loops."""

    def __init__(self, client: Client, call: LibraryCall[R, P]) -> None:
        self._call = call
        self._source = aevents_of(client, call)
        self._events: list[Event] = []

    async def __anext__(self) -> P:
        async for event in self._source:
            self._events.append(event)
            self._call.watch(event)
            piece = self._call.piece(event)
            if piece is not None:
                return piece
        raise StopAsyncIteration

    async def result(self) -> R:
        """Wait for the rest and return what it comes to. Raises: AppError."""
        async for _piece in self:
            pass
        return self._call.result(_whole(self._events))

    async def aclose(self) -> None:
        """Stop the work."""
        await self._source.aclose()

    async def __aenter__(self) -> AsyncStream[R, P]:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()


def _whole(events: list[Event]) -> tuple[Event, ...]:
    if not events or not isinstance(events[-1], Finished):
        raise RequestError("The stream was closed before it had a result.")
    return tuple(events)


def run(build: Build[A, R, P]) -> Callable[Concatenate[HasClient, A], R]:
    """Return a method that waits for the result."""

    @functools.wraps(build)
    def method(session: HasClient, /, *args: A.args, **kwargs: A.kwargs) -> R:
        client = session.client
        with closing(Stream(client, build(client, *args, **kwargs))) as stream:
            return stream.result()

    return method


def arun(build: Build[A, R, P]) -> Callable[Concatenate[HasClient, A], Coroutine[Any, Any, R]]:
    """Return a coroutine method."""

    @functools.wraps(build)
    async def method(session: HasClient, /, *args: A.args, **kwargs: A.kwargs) -> R:
        client = session.client
        async with aclosing(AsyncStream(client, build(client, *args, **kwargs))) as stream:
            return await stream.result()

    return method


def stream(build: Build[A, R, P]) -> Callable[Concatenate[HasClient, A], Stream[R, P]]:
    """Return a method that gives the pieces as they come."""

    @functools.wraps(build)
    def method(session: HasClient, /, *args: A.args, **kwargs: A.kwargs) -> Stream[R, P]:
        client = session.client
        return Stream(client, build(client, *args, **kwargs))

    return method


def astream(build: Build[A, R, P]) -> Callable[Concatenate[HasClient, A], AsyncStream[R, P]]:
    """Return a method that gives the pieces as they come, on an event loop."""

    @functools.wraps(build)
    def method(session: HasClient, /, *args: A.args, **kwargs: A.kwargs) -> AsyncStream[R, P]:
        client = session.client
        return AsyncStream(client, build(client, *args, **kwargs))

    return method
