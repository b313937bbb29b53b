"""vLLM's engine in a thread of its own: it alone touches it, conversations join and leave between steps.

A step computes one token of every conversation, or reads a piece of a prompt.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from typing import Any

from workers.engines.contract import CancelToken
from workers.messages import TokenLogprob, Usage
from workers.messages.errors import AppError, GenerationError, UnsupportedInputError

from .engine import Completion, Delta, Piece

POLL_S = 0.05
"""How often a conversation that waits for its token looks whether somebody still wants it."""

Inbox = queue.SimpleQueue[Any]
"""vLLM's `RequestOutput`s of one conversation, or the exception that ended it."""


class Steps:
    """Makes the steps while there is a conversation, and waits otherwise."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._inboxes: dict[str, Inbox] = {}
        self._orders: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._run, name="vllm-steps", daemon=True)
        self._thread.start()

    def add(self, ids: list[int], params: Any) -> tuple[str, Inbox]:
        """Let a conversation join at the next step; returns its id, and where its tokens arrive."""
        request_id, inbox = f"request-{next(self._numbers)}", Inbox()

        def join() -> None:
            try:
                self._engine.add_request(request_id, {"prompt_token_ids": ids}, params)
                self._inboxes[request_id] = inbox
            except Exception as err:  # noqa: BLE001 — told to the one who asked
                inbox.put(err)

        self._order(join)
        return request_id, inbox

    def leave(self, request_id: str) -> None:
        """Take a conversation out; returns when no step works on it any more."""
        has_left = threading.Event()

        def drop() -> None:
            if self._inboxes.pop(request_id, None) is not None:
                self._engine.abort_request([request_id])
            has_left.set()

        self._order(drop)
        while self._thread.is_alive() and not has_left.wait(POLL_S):
            pass

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _order(self, order: Callable[[], None]) -> None:
        with self._changed:
            self._orders.append(order)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._orders or self._inboxes or self._is_closed)
                orders, self._orders = self._orders, deque()
            for order in orders:
                order()
            if self._is_closed:
                return
            if self._inboxes:
                self._step()

    def _step(self) -> None:
        try:
            outputs = self._engine.step()
        except Exception as err:  # noqa: BLE001 — told to all whose tokens it was to compute
            for inbox in self._inboxes.values():
                inbox.put(err)
            self._engine.abort_request(list(self._inboxes))
            self._inboxes.clear()
            return
        for output in outputs:
            if output.request_id in self._inboxes:
                self._inboxes[output.request_id].put(output)
            if output.finished:
                self._inboxes.pop(output.request_id, None)


def pieces_of(
    steps: Steps, ids: list[int], params: Any, cancel: CancelToken
) -> Generator[Piece, None, None]:
    """Yield one answer. Raises: UnsupportedInputError, GenerationError."""
    started, first, num_tokens, num_silent = time.monotonic(), 0.0, 0, 0
    request_id, inbox = steps.add(ids, params)
    try:
        while not cancel.is_cancelled:
            try:
                output = inbox.get(timeout=POLL_S)
            except queue.Empty:
                continue
            cancel.progressed()
            if isinstance(output, Exception):
                raise to_app_error(output)
            (written,) = output.outputs
            first = first or time.monotonic()
            num_tokens += len(written.token_ids)
            num_silent += len(written.token_ids)  # a token may be less than a character
            if written.text or written.logprobs:
                logprobs = _logprobs(written, params.logprobs)
                yield Delta(text=written.text, logprobs=logprobs, num_tokens=num_silent)
                num_silent = 0
            if output.finished:
                usage = Usage(
                    prompt_tokens=len(ids),
                    completion_tokens=num_tokens,
                    prefill_s=first - started,
                    decode_s=time.monotonic() - first,
                )
                yield Completion(reason=_reason(written.finish_reason), usage=usage)
                return
    finally:
        steps.leave(request_id)


def _reason(finish_reason: str | None) -> Any:
    return "length" if finish_reason == "length" else "stop"


def to_app_error(error: Exception) -> AppError:
    """Return what to say of vLLM's error: what it validates is the request's fault."""
    sentence = str(error).strip().split("\n", 1)[0]
    if isinstance(error, ValueError) or "Validation" in type(error).__name__:
        return UnsupportedInputError(f"vLLM cannot do this: {sentence}")
    return GenerationError(f"vLLM failed: {sentence}")


def _logprobs(written: Any, num_top: int | None) -> tuple[TokenLogprob, ...]:
    if not written.logprobs or num_top is None:
        return ()
    found = []
    for token_id, choices in zip(written.token_ids, written.logprobs, strict=False):
        chosen = choices[token_id]
        best = sorted(choices.values(), key=lambda choice: choice.rank or 0)[:num_top]
        top = tuple((choice.decoded_token or "", choice.logprob) for choice in best)
        found.append(
            TokenLogprob(token=chosen.decoded_token or "", logprob=chosen.logprob, top=top)
        )
    return tuple(found)
