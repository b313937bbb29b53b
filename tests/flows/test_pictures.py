"""A question about a picture, through the real pool: the reader and the text model."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from tests.vision.drawing import draw_lines, draw_receipt, to_media
from workers.client import Client
from workers.flows.picture_prompt import build_prompt, cut_text, layout_text, pointed_rows
from workers.flows.pictures import ask_about_pictures
from workers.messages import (
    ChatMessage,
    Describe,
    Event,
    Finished,
    Media,
    PictureRead,
    Progress,
    SamplingParams,
    TextDelta,
    TextLine,
)
from workers.messages.errors import UnknownModelError, UnsupportedInputError

GREEDY = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=40)


def asking(question: str, *images: Media) -> Describe:
    messages = (ChatMessage(role="user", text=question),) if question else ()
    return Describe(images=images, messages=messages, sampling=GREEDY)


async def collect(
    client: Client, describe: Describe, pictures: tuple[PictureRead, ...] = ()
) -> list[Event]:
    async with aclosing(ask_about_pictures(client, describe, pictures)) as events:
        return [event async for event in events]


def answer_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_the_total_of_a_receipt_is_answered(client: Client) -> None:
    describe = asking("What is the total?", to_media(draw_receipt()))
    events = await collect(client, describe)
    assert "14.26" in answer_of(events)
    assert [type(event) for event in events].count(Finished) == 1
    assert isinstance(events[-1], Finished)
    assert {event.request_id for event in events} == {describe.request_id}


async def test_a_second_question_uses_the_first_reading(client: Client) -> None:
    picture = to_media(draw_receipt())
    readings = tuple(
        event
        for event in await collect(client, asking("", picture))
        if isinstance(event, PictureRead)
    )
    events = await collect(client, asking("How much was the orange juice?", picture), readings)
    assert "3.40" in answer_of(events)
    assert not any(isinstance(event, PictureRead) for event in events)


async def test_without_a_question_the_text_model_is_left_alone(client: Client) -> None:
    events = await collect(client, asking("", to_media(draw_receipt())))
    assert answer_of(events) == ""
    assert isinstance(events[-1], Finished)


async def test_a_picture_without_text_is_not_invented_about(client: Client) -> None:
    blank = to_media(draw_lines([], (300, 200)))
    answer = answer_of(await collect(client, asking("What does the sign say?", blank)))
    assert answer.startswith("I found no text in the picture")


async def test_bad_pictures_raise_and_the_next_question_is_answered(client: Client) -> None:
    with pytest.raises(UnsupportedInputError, match="is empty"):
        await collect(client, asking("What?", Media(name="x.png", data=b"")))
    events = await collect(client, asking("What is the total?", to_media(draw_receipt())))
    assert "14.26" in answer_of(events)


@pytest.mark.parametrize("stop_at", [Progress, PictureRead, TextDelta])
async def test_walking_away_frees_both_workers(client: Client, stop_at: type[Event]) -> None:
    describe = asking("List everything.", to_media(draw_receipt()))
    async with aclosing(ask_about_pictures(client, describe)) as events:
        async for event in events:
            if isinstance(event, stop_at):
                break
    for _ in range(100):
        await asyncio.sleep(0.05)
        if not any(worker.num_running for worker in client.status().workers):
            return
    pytest.fail("a worker is still at work 5 s after the request was closed")


async def test_the_text_model_that_is_named_answers(client: Client) -> None:
    describe = replace(asking("What is it?", to_media(draw_receipt())), text_model="nobody")
    with pytest.raises(UnknownModelError, match="No text model is called 'nobody'"):
        await collect(client, describe, (page(["A line"]),))


async def test_more_text_than_the_context_holds_is_cut_and_said(client: Client) -> None:
    reading = page([f"Entry {n}: paid {n * 17 % 1000} for item number {n}" for n in range(3000)])
    describe = asking("What is entry 0?", to_media(draw_receipt()))
    notice: Progress | None = None
    async with aclosing(ask_about_pictures(client, describe, (reading,))) as events:
        async for event in events:
            if isinstance(event, Progress) and event.unit == "lines":
                notice = event
            elif isinstance(event, (Progress, TextDelta)):
                break  # the text model took the prompt; reading 8,000 tokens to the end is slow
    assert notice is not None
    assert notice.total == 3000
    assert 0 < notice.done < 3000


def page(lines: list[str], index: int = 0) -> PictureRead:
    placed = tuple(
        TextLine(
            text=text,
            box=((0, 30 * n), (500, 30 * n), (500, 30 * n + 20), (0, 30 * n + 20)),
            confidence=1.0,
        )
        for n, text in enumerate(lines)
    )
    height = 30 * len(lines) + 20
    return PictureRead(request_id="", index=index, width=500, height=height, lines=placed)


def test_the_rows_named_by_the_question_are_pointed_at() -> None:
    text = "Subtotal: 9.00\nTotal: 9.72\nOrange juice: 3.40"
    assert pointed_rows(text, "What is the total?") == ["Total: 9.72"]
    assert pointed_rows(text, "How much did the orange juices cost?") == ["Orange juice: 3.40"]
    assert pointed_rows(text, "Who is it for?") == []


def test_several_pictures_are_numbered_and_empty_ones_said() -> None:
    text, kept, total = cut_text((page(["one"]), page([], 1), page(["three"], 2)), 1000)
    assert text == "Picture 1:\none\nPicture 2: no text\nPicture 3:\nthree"
    assert (kept, total) == (2, 2)


def test_text_is_cut_at_whole_rows() -> None:
    text, kept, total = cut_text((page(["aaaa", "bbbb", "cccc"]),), 10)
    assert (text, kept, total) == ("aaaa\nbbbb", 2, 3)


def test_a_callers_system_message_replaces_ours_and_the_text_comes_once() -> None:
    turns = (
        ChatMessage(role="system", text="Speak like a pirate."),
        ChatMessage(role="user", text="What is the sum?"),
        ChatMessage(role="assistant", text="Arr, nine."),
        ChatMessage(role="user", text="And the tax?"),
    )
    prompt = build_prompt("Sum: 9\nTax: 1", turns)
    assert [message.role for message in prompt] == ["system", "user", "assistant", "user"]
    assert sum("Text:" in message.text for message in prompt) == 1
    assert prompt[-1].text == "The question is about:\nTax: 1\n\nAnd the tax?"


def test_layout_keeps_rows_together() -> None:
    left, right = page(["Coffee"]).lines[0], page(["3.50"]).lines[0]
    moved = TextLine(text=right.text, box=tuple((x + 600, y) for x, y in right.box), confidence=1.0)
    reading = PictureRead(request_id="", index=0, width=1200, height=50, lines=(left, moved))
    assert layout_text(reading) == "Coffee: 3.50"
