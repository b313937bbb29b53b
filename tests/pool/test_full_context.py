"""Conversations that do not fit a real worker's context: refused, without their beginning, summed up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from library.session import Quintet
from tests.pool.attaching import Asking
from workers.chats.store import ChatStore
from workers.flows.turns.runner import TurnRunner

WORDS = "word " * 1300
"""The fake's context holds 4,096 words, and it says each question back: the third does not fit."""


@pytest.fixture(scope="module")
def quintet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quintet]:
    with Quintet("fake", data_dir=str(tmp_path_factory.mktemp("data"))) as quintet:
        yield quintet


@pytest.fixture
async def asking(quintet: Quintet) -> AsyncIterator[Asking]:
    store, runner = ChatStore(None), TurnRunner(quintet.client)
    chat = store.of("anna").create(title="Long").id
    yield Asking(store=store, client=quintet.client, runner=runner, chat=chat)
    await runner.close()
    store.close()


async def test_it_is_refused_unless_somebody_chose_otherwise(asking: Asking) -> None:
    for _ in range(2):
        answer = await asking.ask(WORDS)
        assert answer.state == "stop"
    used, window = answer.details["context"]["used"], answer.details["context"]["window"]
    assert 0 < used < 4 * window
    refused = await asking.ask(f"third {WORDS}")
    assert (refused.state, refused.text) == ("failed", "")
    assert "words long" in refused.error
    assert refused.parent is not None
    answer = await asking.answer(refused.parent, when_full="drop")
    assert answer.text.startswith("third word")
    assert answer.details["left_out"]["exchanges"] >= 1


async def test_the_oldest_are_left_out_and_stay_out(asking: Asking) -> None:
    first = await asking.ask(f"first {WORDS}", when_full="drop")
    assert "left_out" not in first.details
    await asking.ask(f"second {WORDS}", when_full="drop")
    third = await asking.ask(f"third {WORDS}", when_full="drop")
    left_out = third.details["left_out"]
    assert third.state == "stop"
    assert "summary" not in left_out
    fourth = await asking.ask("And now?", when_full="drop")
    assert fourth.details["left_out"]["exchanges"] >= left_out["exchanges"]


async def test_they_are_summed_up_once(asking: Asking) -> None:
    for number in ("first", "second"):
        await asking.ask(f"{number} {WORDS}", when_full="summarise")
    third = await asking.ask(f"third {WORDS}", when_full="summarise")
    left_out = third.details["left_out"]
    assert third.state == "stop"
    assert left_out["summary"]
    fourth = await asking.ask("And now?", when_full="summarise")
    assert fourth.details["left_out"]["summary"]


async def test_an_attachment_of_what_is_left_out_is_not(asking: Asking, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("The key is under the blue pot.")
    await asking.ask(f"first {WORDS}", [notes], when_full="drop")
    await asking.ask(f"second {WORDS}", when_full="drop")
    third = await asking.ask(f"third {WORDS}", when_full="drop")
    assert third.details["left_out"]["exchanges"] == 2
    assert "under the blue pot" in third.text  # the fake says its last message back


async def test_one_question_that_is_too_long_is_refused_with_any_choice(asking: Asking) -> None:
    for choice in ("ask", "drop", "summarise"):
        answer = await asking.ask("word " * 5000, when_full=choice)
        assert answer.state == "failed"
        assert "words long" in answer.error
