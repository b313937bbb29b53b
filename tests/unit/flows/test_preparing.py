"""What a model gets of files and passages, and what is searched for: pure."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from configs.catalogue import ModelCard
from tests.pool.conftest import card
from workers.chats.files import KeptFile
from workers.chats.records import Message, Role
from workers.flows.citations import without_marks
from workers.flows.turns.attached.reading import FileReading
from workers.flows.turns.attached.words import DEFAULT_QUESTION, with_files
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.prompting import TurnPrompt
from workers.flows.turns.sources import merged
from workers.flows.turns.standalone import joined, rewrite, usable
from workers.media.kinds import FileKind, kind_of
from workers.messages import Event, Finished, Generate, Passage, Request, TextDelta
from workers.messages.errors import GenerationError


def said(number: int, role: Role, text: str, **details: Any) -> Message:
    return Message(id=number, parent=number - 1 or None, role=role, text=text, details=details)


def passage(text: str, score: float = 0.5, relevance: float | None = None) -> Passage:
    return Passage(
        chunk_id=text,
        document_id="d",
        document_name="d.txt",
        page=None,
        text=text,
        score=score,
        relevance=relevance,
    )


def reading(text: str, question: int = 1, **fields: Any) -> FileReading:
    file = KeptFile(id="0" * 64, name="a.txt", kind="document", num_bytes=1)
    return FileReading(file=file, question=question, text=text, read_as="read whole", **fields)


PATH = (
    said(1, "user", "Who lives here?"),
    said(2, "assistant", "Anna does [1].", sources=[{}]),
    said(3, "user", "Since when?"),
)


class FakeClient:
    """Answers with one text, or fails."""

    def __init__(self, answer: str | Exception) -> None:
        self._answer = answer
        self.asked: list[Request] = []

    async def astream(self, request: Request) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        yield TextDelta(request_id="r", text=self._answer)
        yield Finished(request_id="r")


async def rewritten(client: object, path: tuple[Message, ...], model: ModelCard) -> str:
    queries: list[str] = []
    async for _ in rewrite(client, model, path, queries):  # type: ignore[arg-type]
        pass
    return queries[0]


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.png", b"\x89PNG\r\n", "picture"),
        ("named.txt", b"\xff\xd8\xff\xe0", "picture"),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", "picture"),
        ("fax.tiff", b"II*\0", "document"),
        ("a.wav", b"RIFF\0\0\0\0WAVEfmt ", "audio"),
        ("a.m4a", b"\0\0\0\x20ftypM4A ", "audio"),
        ("a.heic", b"\0\0\0\x20ftypheic", "picture"),
        ("a.mp3", b"\0\0\0\0", "audio"),
        ("a.pdf", b"%PDF-1.7", "document"),
        ("a.svg", b"<svg xmlns=", "document"),
        ("a", b"words", "document"),
        ("a.txt", b"", "document"),
    ],
)
def test_what_a_file_is_stands_in_its_first_bytes(name: str, head: bytes, kind: FileKind) -> None:
    assert kind_of(name, head) == kind


async def test_a_follow_up_is_searched_for_in_other_words_and_files_are_none_of_them() -> None:
    client = FakeClient("“Since when does Anna live here?”\nI hope that helps.")
    assert await rewritten(client, PATH, card("text")) == "Since when does Anna live here?"
    (request,) = client.asked
    assert isinstance(request, Generate)
    assert "Anna does." in request.messages[0].text


async def test_the_first_question_and_a_failing_model_leave_it_as_it_is() -> None:
    assert await rewritten(FakeClient("never"), PATH[:1], card("text")) == "Who lives here?"
    failing = FakeClient(GenerationError("It broke."))
    assert await rewritten(failing, PATH, card("text")) == "Since when?"
    assert await rewritten(FakeClient("\n"), PATH, card("text")) == "Since when?"


async def test_a_small_model_is_not_asked() -> None:
    small = card("text").model_copy(update={"parameters_m": 135.0})
    client = FakeClient("never")
    assert await rewritten(client, PATH, small) == "Who lives here? Since when?"
    assert client.asked == []
    assert (
        joined(PATH[:1], "a question of four words or more") == "a question of four words or more"
    )


def test_what_a_model_wrote_instead_of_a_question_is_not_searched_for() -> None:
    assert usable("Question: When?") == "When?"
    assert usable("word " * 500) == ""


def test_files_come_before_their_question_and_marks_not_into_what_was_said() -> None:
    prompt = TurnPrompt(path=PATH, options=TurnOptions(system=""), readings=[reading("The text.")])
    first, answer, last = prompt.turns()
    assert first.text.startswith("[Attached document: “a.txt”]\nThe text.\n")
    assert first.text.endswith("Who lives here?")
    assert (answer.text, last.text) == ("Anna does.", "Since when?")


def test_files_of_what_is_left_out_come_with_the_first_question_that_is_not() -> None:
    prompt = TurnPrompt(
        path=PATH,
        options=TurnOptions(system="Be kind."),
        readings=[reading("The text.")],
        num_left_out=2,
        summary="Anna lives here.",
    )
    system, last = prompt.turns()
    assert system.text == "Be kind.\n\nWhat was said before, in short:\nAnna lives here."
    assert "The text." in last.text
    assert last.text.endswith("Since when?")


def test_passages_are_numbered_the_best_nearest_to_the_question() -> None:
    passages = (passage("best"), passage("second"))
    options = TurnOptions(system="", sampling={"temperature": 0.4})
    prompt = TurnPrompt(path=PATH[:1], options=options, passages=passages)
    system, last = prompt.turns()
    assert "[1]" in system.text
    assert last.text == "[2] second\n\n[1] best\n\nQuestion: Who lives here?"
    assert prompt.chosen().sampling == {"temperature": 0.4, "repeat_penalty": 1.0}


def test_a_small_model_gets_passages_alone_unless_there_are_whole_texts() -> None:
    def prompt(*readings: FileReading) -> TurnPrompt:
        return TurnPrompt(
            path=PATH,
            options=TurnOptions(system="Be kind."),
            readings=readings,
            passages=(passage("best"),),
            is_for_a_small_model=True,
        )

    assert prompt().is_alone
    assert prompt().turns()[-1].text == "Text: best\nQuestion: Since when?"
    assert prompt(reading("Its beginning", is_long=True)).is_alone
    whole = prompt(reading("The receipt."))
    assert not whole.is_alone
    assert "The receipt." in whole.turns()[1].text
    assert "max_tokens" not in whole.chosen().sampling


def test_files_without_words_are_asked_about() -> None:
    assert with_files([reading("The text.")], " ").endswith(DEFAULT_QUESTION)
    assert with_files([], "") == ""
    lost = reading("")
    lost.fail("It is broken.")
    assert "could not be read: It is broken." in with_files([lost], "What?")


def test_several_collections_are_put_in_order_by_one_score() -> None:
    one, two = passage("one", 0.2, 0.1), passage("two", 0.1, 0.9)
    assert [p.text for p, _ in merged([[(one, "A")], [(two, "B")]])] == ["two", "one"]
    assert [p.text for p, _ in merged([[(one, "A"), (two, "A")]])] == ["one", "two"]
    assert len(merged([[(one, "A")], [(one, "B")]])) == 1


def test_marks_are_taken_out_with_their_space() -> None:
    assert without_marks("It is so [1][12]. Array a[100] stays.") == "It is so. Array a[100] stays."
