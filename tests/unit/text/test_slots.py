"""Which slot a conversation gets: pure bookkeeping, no model."""

from __future__ import annotations

from contextlib import ExitStack

from workers.engines.text.slots import ANY_SLOT, HeldSlot, SlotBoard, transcript_of
from workers.messages import ChatMessage, Generate


def _chat(*texts: str) -> Generate:
    system = ChatMessage(role="system", text="You are a helpful assistant.")
    return Generate(messages=(system, *(ChatMessage(role="user", text=text) for text in texts)))


def _run(board: SlotBoard, request: Generate, answer: str = "") -> int:
    with board.hold(transcript_of(request)) as slot:
        board.add_answer(slot.number, answer)
    return slot.number


def _run_seeded(board: SlotBoard, request: Generate, answer: str = "") -> HeldSlot:
    with board.hold(transcript_of(request), has_seed=True) as slot:
        board.note_read(slot.number)
        board.add_answer(slot.number, answer)
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
    assert sorted(slot.number for slot in held) == [ANY_SLOT, 0, 1]
    assert _run(board, _chat("Same.")) in (0, 1)


def test_the_same_prompt_with_a_seed_returns_to_where_it_was_read() -> None:
    board = SlotBoard(3)
    first = _run_seeded(board, _chat("Who?"), answer="A long answer. " * 20)
    again = _run_seeded(board, _chat("Who?"), answer="A long answer. " * 20)
    assert again == HeldSlot(number=first.number, is_repeatable=True)
    assert not first.is_repeatable


def test_a_turn_of_a_seed_may_build_on_the_one_before() -> None:
    board, said = SlotBoard(2), "Because of the tides."
    first = _run_seeded(board, _chat("Why? " * 20), answer=said)
    with board.hold(transcript_of(_chat("Why? " * 20)) + said + "And then?", has_seed=True) as slot:
        assert slot == HeldSlot(number=first.number, is_repeatable=True)


def test_a_seed_builds_on_nothing_that_another_prompt_has_left() -> None:
    board = SlotBoard(1)
    _run_seeded(board, _chat("Tell me about whales. " * 10))
    near = _chat("Tell me about whales. " * 10 + "And birds.")
    assert not _run_seeded(board, near).is_repeatable
    _run(board, _chat("Who?"))
    assert not _run_seeded(board, _chat("Who?")).is_repeatable  # for it was read without a seed


def test_a_reading_that_was_stopped_is_not_built_upon() -> None:
    board = SlotBoard(1)
    for _ in range(2):
        with board.hold(transcript_of(_chat("Who?")), has_seed=True) as slot:
            assert not slot.is_repeatable
