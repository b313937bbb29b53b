"""Chats found by what is said in them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.chats.ending import end_answer
from workers.chats.own_chats import SEARCH_LIMIT, OwnChats
from workers.chats.rows import excerpt_of, title_from
from workers.chats.store import ChatStore


@pytest.fixture
def own() -> Iterator[OwnChats]:
    store = ChatStore(None)
    yield store.of("anna")
    store.close()


def kept(own: OwnChats, question: str, answer: str, title: str = "") -> str:
    chat = own.create(title=title)
    first = own.add_question(chat.id, None, question)
    end_answer(own, own.begin_answer(chat.id, first), "stop", text=answer)
    return chat.id


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("lighthouse", {"harbour"}),
        ("LIGHTHOUSE keeper", {"harbour"}),
        ("house", {"harbour"}),  # a part of a word
        ("keeper sea", set()),
        ("straße", {"german"}),
        ("STRASSE", {"german"}),
        ("灯塔", {"chinese"}),  # two characters: shorter than the index knows
        ("的灯塔", {"chinese"}),
        ("is", {"german", "titled"}),
        ("sea price", {"titled"}),  # both words in one message
        ("ferry", {"titled"}),  # of the title
        ('"quoted" AND (', {"signs"}),
        ("100%", {"signs"}),
        ("_", {"signs"}),
        ("nothing here", set()),
    ],
)
def test_every_word_must_be_there_in_any_case(own: OwnChats, query: str, names: set[str]) -> None:
    chats = {
        "harbour": kept(own, "Who was the lighthouse keeper of the harbour?", "Anna Holm."),
        "german": kept(own, "Wie heißt die Straße?", "Hafenstraße is it."),
        "chinese": kept(own, "古老的灯塔在哪里", "在海边"),
        "titled": kept(own, "What is the price of it?", "The sea price is 4.", title="Ferry"),
        "signs": kept(own, 'He "quoted" AND ( said: 100% a_b', "Yes!"),
    }
    assert {one.chat.id for one in own.search(query)} == {chats[name] for name in names}


def test_what_is_found_says_where_and_the_newest_come_first(own: OwnChats) -> None:
    first = kept(own, "One", f"{'before ' * 30}the lantern{' after' * 30}")
    second = kept(own, "Two", "a lantern")
    found = own.search("lantern")
    assert [one.chat.id for one in found] == [second, first]
    assert "the lantern after" in found[1].excerpt
    assert found[1].excerpt.startswith("…")
    assert found[1].excerpt.endswith("…")
    assert own.tree(first).messages[found[1].message or 0].role == "assistant"


def test_an_empty_search_is_the_list_and_a_long_one_is_bounded(own: OwnChats) -> None:
    chats = [kept(own, f"Question {number}", "Same answer.") for number in range(SEARCH_LIMIT + 5)]
    assert len(own.search("  ")) == len(chats)
    assert len(own.search("same answer")) == SEARCH_LIMIT


def test_text_that_an_end_has_replaced_is_not_found(own: OwnChats) -> None:
    chat = own.create()
    answer = own.begin_answer(chat.id, own.add_question(chat.id, None, "Go."))
    own.write(answer, text="wrong words")
    end_answer(own, answer, "stop", text="right ones")
    assert own.search("wrong") == ()
    assert len(own.search("right")) == 1


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("", ""),
        ("  \n ", ""),
        ("Short", "Short"),
        ("x" * 80, "x" * 60 + " …"),
        ("First line\nsecond", "First line"),
    ],
)
def test_titles_are_the_beginning_of_a_question(question: str, title: str) -> None:
    assert title_from(question) == title


def test_an_excerpt_of_a_text_without_the_words_is_its_beginning() -> None:
    assert excerpt_of("short text", ["none"]) == "short text"
