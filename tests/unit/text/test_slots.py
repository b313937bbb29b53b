"""Which slot a conversation gets: pure bookkeeping, no model."""

from __future__ import annotations

from contextlib import ExitStack

from workers.engines.text.slots import ANY_SLOT, SlotBoard, transcript_of
from workers.messages import ChatMessage, Generate


def _chat(*texts: str) -> Generate:
    system = ChatMessage(role="system", text="You are a helpful assistant.")
    return Generate(messages=(system, *(ChatMessage(role="user", text=text) for text in texts)))


def _run(board: SlotBoard, request: Generate, answer: str = "") -> int:
    with board.hold(transcript_of(request)) as slot:
        board.add_answer(slot, answer)
    return slot


def test_the_next_turn_returns_to_its_slot() -> None:
    board = SlotBoard(3)
    first = _run(board, _chat("Tell me about whales. " * 10))
    assert _run(board, _chat("Hi.")) != first
    assert _run(board, _chat("Tell me about whales. " * 10, "And dolphins?")) == first


def test_a_shared_system_prompt_does_not_push_out_a_long_chat() -> None:
    board = SlotBoard(2)
    long_chat = _run(board, _chat("Why?"), answer="Because of the tides. " * 20)
    assert _run(board, _chat("Who?")) != long_chat


def test_a_stranger_takes_the_slot_idle_for_longest() -> None:
    board = SlotBoard(2)
    tales = [_chat(f"{topic} " * 50) for topic in ("whales", "birds", "trees")]
    assert _run(board, tales[0]) != _run(board, tales[1])
    oldest = _run(board, tales[0])
    assert _run(board, tales[2]) == 1 - oldest


def test_slots_in_use_are_not_given_twice() -> None:
    board = SlotBoard(2)
    with ExitStack() as stack:
        held = [stack.enter_context(board.hold(transcript_of(_chat("Same.")))) for _ in range(3)]
    assert sorted(held) == [ANY_SLOT, 0, 1]
    assert _run(board, _chat("Same.")) in (0, 1)
