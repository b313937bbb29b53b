"""The two logs of a chat: the upper one is drawn again only when it has to be."""

from __future__ import annotations

from dataclasses import replace

from ui.text.exchanges import LIVE, Exchange, Layers, layers_of
from workers.chats.records import Message

WINDOW = 50


def chat_of(count: int, *, is_running: bool = False) -> tuple[Exchange, ...]:
    """So many exchanges; the last answer may be in the middle of being written."""
    return tuple(
        Exchange(
            question=Message(id=2 * place + 1, parent=2 * place or None, role="user", text="?"),
            answer=Message(
                id=2 * place + 2,
                parent=2 * place + 1,
                role="assistant",
                text="!",
                state="running" if is_running and place == count - 1 else "stop",
            ),
        )
        for place in range(count)
    )


def is_the_same_above(before: Layers, now: Layers) -> bool:
    return (before.begin, before.kept) == (now.begin, now.kept)


def test_questions_and_answers_are_added_below_until_there_are_too_many() -> None:
    layers = layers_of(chat_of(70), WINDOW, None)
    assert (layers.begin, len(layers.kept), len(layers.live)) == (20, 49, 1)
    for added in range(1, LIVE):
        for is_running in (True, False):
            now = layers_of(chat_of(70 + added, is_running=is_running), WINDOW, layers)
            assert is_the_same_above(layers, now)
            assert now.live == chat_of(70 + added, is_running=is_running)[69:]
            layers = now
    moved = layers_of(chat_of(70 + LIVE, is_running=True), WINDOW, layers)
    assert (moved.begin, len(moved.live)) == (70 + LIVE - WINDOW, 1)


def test_a_short_chat_is_in_the_lower_log_alone_at_first() -> None:
    layers = layers_of((), WINDOW, None)
    for count in range(1, LIVE + 1):
        layers = layers_of(chat_of(count), WINDOW, layers)
        assert (layers.kept, layers.live) == ((), chat_of(count))
    layers = layers_of(chat_of(LIVE + 1), WINDOW, layers)
    assert layers.kept == chat_of(LIVE + 1)[:-1]


def test_what_has_changed_above_is_drawn_again() -> None:
    exchanges = chat_of(9)
    before = layers_of(exchanges, WINDOW, None)
    answer = exchanges[3].answer
    assert answer is not None
    voted = replace(exchanges[3], answer=replace(answer, details={"vote": "a"}))
    changed = (*exchanges[:3], voted, *exchanges[4:])
    assert not is_the_same_above(before, layers_of(changed, WINDOW, before))
    assert layers_of(changed, WINDOW, before).kept[3] == voted


def test_an_answer_that_is_written_again_is_below_with_all_after_it() -> None:
    before = layers_of(chat_of(9), WINDOW, None)
    now = layers_of(chat_of(4, is_running=True), WINDOW, before)
    assert (now.kept, now.live) == (chat_of(3), chat_of(4, is_running=True)[3:])


def test_more_is_shown_when_more_is_asked_for() -> None:
    before = layers_of(chat_of(120), WINDOW, None)
    more = layers_of(chat_of(120), 2 * WINDOW, before)
    assert (before.begin, more.begin) == (70, 20)
    assert layers_of(chat_of(120), 3 * WINDOW, more).begin == 0


def test_never_less_is_shown_than_the_window() -> None:
    before = layers_of(chat_of(70), WINDOW, None)
    now = layers_of(chat_of(69), WINDOW, before)
    assert now.begin == 69 - WINDOW
