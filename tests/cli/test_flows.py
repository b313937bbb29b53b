"""Flows in the shell, with the fake model, which says the last message back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cli import slash
from cli.conversation import Conversation
from library.session import Quintet as Session
from tests.cli.conftest import Quintet
from tests.running import App
from workers.messages.errors import UnsupportedInputError

TASK = "1. boil water 2. add leaves"
FAKE = ("--profile", "fake")


def test_ask_plans_and_says_so_as_json(quintet: Quintet) -> None:
    done = quintet("ask", TASK, "--flow", "plan", "--json", *FAKE)
    answer = json.loads(done.stdout)
    assert answer["text"].startswith("# Plan")
    assert [step["state"] for step in answer["flow"]["steps"]] == ["done"] * 3


def test_ask_shows_both_answers(quintet: Quintet) -> None:
    done = quintet("ask", "!model", "--flow", "compare", "--other", "fake-text-2", *FAKE)
    assert done.stdout.split() == ["fake-text", "##", "Second", "fake", "chat", "fake-text-2"]
    assert "one after the other" in done.stderr


def test_ask_routes_on_another_quintet(quintet: Quintet, fake_app: App) -> None:
    there = ("--url", fake_app.url)
    done = quintet("ask", "!model", "--flow", "route", "--stronger", "fake-text-2", *there)
    assert done.stdout.strip() == "fake-text-2"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--stronger", "x"), "without --flow"),
        (("--flow", "detour"), "There is no flow 'detour'"),
        (("--flow", "plan", "--image", "x.png"), "cannot be combined"),
        (("--flow", "plan", "--collection", "x"), "cannot be combined"),
        (("--flow", "route", "--stronger", "gpt-99"), "gpt-99"),
    ],
)
def test_what_does_not_go_together_is_refused(
    quintet: Quintet, options: tuple[str, ...], words: str
) -> None:
    done = quintet("ask", TASK, *options, *FAKE)
    assert done.returncode != 0
    assert words in done.stderr


@pytest.fixture
def conversation() -> Iterator[Conversation]:
    with Session("fake") as session:
        yield Conversation(quintet=session)


def test_a_chat_changes_its_flow(conversation: Conversation) -> None:
    assert "by route" in slash.run(conversation, "/flow route fake-text-2")
    assert conversation.flow == {"flow": "route", "stronger": "fake-text-2"}
    for line, words in (
        ("/flow detour", "no flow 'detour'"),
        ("/flow plan fake-text-2", "no further model"),
        ("/image x.png", "/flow ends that"),
    ):
        with pytest.raises(UnsupportedInputError, match=words):
            slash.run(conversation, line)
    slash.run(conversation, "/flow")
    assert conversation.flow == {}


def test_a_chat_is_answered_by_its_flow(conversation: Conversation) -> None:
    slash.run(conversation, "/flow plan")
    with conversation.ask(TASK) as stream:
        result = stream.result()
    assert str(result).startswith("# Plan")
    assert result.flow["flow"] == "plan"
