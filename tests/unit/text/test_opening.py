"""What a card lets conversations begin with."""

from __future__ import annotations

from typing import Any

from configs.catalogue import ModelCard, load_catalogue
from workers.engines.text.opening import opened
from workers.messages import ChatMessage, Describe, Generate

CARD = load_catalogue()["smollm2-135m-instruct"]
OPENING = [
    {"role": "system", "text": "You are Mario."},
    {"role": "user", "text": "Who?"},
    {"role": "assistant", "text": "Mario!"},
]


def card(opening: list[dict[str, str]]) -> ModelCard:
    return ModelCard.model_validate({**CARD.model_dump(), "opening": opening})


def texts(request: Any) -> list[str]:
    return [message.text for message in request.messages]


def test_a_conversation_begins_with_the_cards_turns() -> None:
    request = Generate(messages=(ChatMessage(role="user", text="Hi"),))
    assert texts(opened(card(OPENING), request)) == ["You are Mario.", "Who?", "Mario!", "Hi"]
    assert opened(CARD, request) is request


def test_the_systems_words_of_a_conversation_take_the_place_of_the_cards() -> None:
    own = (ChatMessage(role="system", text="Be Luigi."), ChatMessage(role="user", text="Hi"))
    request = opened(card(OPENING), Generate(messages=own))
    assert texts(request) == ["Be Luigi.", "Who?", "Mario!", "Hi"]


def test_pictures_that_are_only_read_begin_with_nothing() -> None:
    request = Describe(images=())
    assert opened(card(OPENING), request) is request
