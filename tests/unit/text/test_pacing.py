"""What comes faster than anybody reads is joined, and nothing of it is lost, late or out of order."""

from __future__ import annotations

import threading
import time
from contextlib import closing
from itertools import chain
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engines.common.bridge import Outlet, iterate_batches, iterate_callbacks
from workers.engines.contract import CancelToken
from workers.engines.text.engine import CallDelta, Completion, Delta, Piece, PromptProgress, Thought
from workers.engines.text.llamacpp_json import joined, pieces_of
from workers.messages import TokenLogprob, Usage
from workers.messages.errors import GenerationError

LONG_S = 3600.0


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "finish_reason": None, "delta": {"content": text}, **more}]}


END = {"choices": [{"index": 0, "finish_reason": "stop", "delta": {}}]}
USAGE = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}


def test_the_first_comes_at_once_and_the_end_brings_what_waits() -> None:
    first_is_read = threading.Event()

    def run(outlet: Outlet[int]) -> None:
        outlet(0)
        first_is_read.wait()
        for number in range(1, 50):
            outlet(number)

    with closing(iterate_batches(run, CancelToken(), pace_s=LONG_S)) as batches:
        assert next(batches) == [0]
        first_is_read.set()
        assert next(batches) == list(range(1, 50))
        assert list(batches) == []


def test_what_nobody_reads_holds_up_nothing() -> None:
    first_is_read = threading.Event()

    def run(outlet: Outlet[int]) -> None:
        outlet(0)
        first_is_read.wait()
        outlet(1)
        outlet(2)

    batches = iterate_batches(run, CancelToken(), LONG_S, lambda number: number > 0)
    with closing(batches):
        assert next(batches) == [0]
        first_is_read.set()
        assert next(batches)[0] == 1


def test_without_a_pace_each_item_is_passed_on_as_it_comes() -> None:
    def run(outlet: Outlet[int]) -> int:
        for number in range(100):
            outlet(number)
        return 100

    assert list(iterate_callbacks(run, CancelToken())) == list(range(101))


def test_nothing_comes_after_stop_even_if_it_came_with_the_last() -> None:
    cancel, is_full, may_end = CancelToken(), threading.Event(), threading.Event()

    def run(outlet: Outlet[int]) -> None:
        for number in range(3):
            outlet(number)
        is_full.set()
        may_end.wait()

    with closing(iterate_callbacks(run, cancel)) as items:
        assert next(items) == 0
        is_full.wait()
        assert next(items) == 1
        cancel.cancel()
        may_end.set()
        assert list(items) == []


def test_what_came_before_a_failure_is_not_lost() -> None:
    def run(outlet: Outlet[int]) -> None:
        outlet(1)
        outlet(2)
        raise ValueError("no more")

    got: list[int] = []
    with pytest.raises(ValueError, match="no more"):
        got.extend(iterate_callbacks(run, CancelToken()))
    batches: list[int] = []
    with pytest.raises(ValueError, match="no more"):
        batches.extend(chain.from_iterable(iterate_batches(run, CancelToken(), pace_s=LONG_S)))
    assert batches == [1, 2]


def test_who_cancels_does_not_wait_for_the_pace() -> None:
    cancel = CancelToken()

    def run(outlet: Outlet[int]) -> None:
        while not outlet(1):
            time.sleep(0.001)

    with closing(iterate_batches(run, cancel, pace_s=LONG_S)) as batches:
        assert set(next(batches)) == {1}  # a slow reader finds several that came with the first
        cancel.cancel()
        assert list(batches) == []


WORDS = st.lists(st.sampled_from(["a", " b", "ü", "", "\n"]), max_size=8)


@given(WORDS, st.integers(1, 4))
def test_pieces_that_come_together_say_the_same(words: list[str], size: int) -> None:
    chunks = [*map(said, words), END, USAGE]
    batches = [chunks[at : at + size] for at in range(0, len(chunks), size)]
    pieces = list(pieces_of(batches, 64))
    assert "".join(p.text for p in pieces if isinstance(p, Delta)) == "".join(words)
    assert isinstance(pieces[-1], Completion)
    assert pieces[-1].reason == "stop"


def test_neighbours_that_hold_text_become_one_and_others_stay() -> None:
    a, b = Delta(text="a"), Delta(text="b")
    thought = Thought(text="x", num_tokens=2)
    token = TokenLogprob(token="x", logprob=-1.0, top=())
    assert list(joined([a, b, a])) == [Delta(text="aba", num_tokens=3)]
    assert list(joined([thought, thought])) == [Thought(text="xx", num_tokens=4)]
    others: list[Piece] = [
        thought,
        Delta(text="x", logprobs=(token,)),
        CallDelta(index=0, arguments="{}"),
        PromptProgress(done_tokens=1, total_tokens=2),
        Completion(reason="stop", usage=Usage()),
    ]
    for other in others:
        assert list(joined([a, other, b])) == [a, other, b]
    assert list(pieces_of([[said("a"), said("b")], [said("a")]], 64)) == [
        Delta(text="ab", num_tokens=2),
        a,
    ]


def test_what_was_written_before_an_error_is_passed_on() -> None:
    pieces = pieces_of([[said("a"), {"error": {"message": "no"}}]], 64)
    assert next(pieces) == Delta(text="a")
    with pytest.raises(GenerationError, match="no"):
        next(pieces)
