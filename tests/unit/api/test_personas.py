"""A persona fills in what a body leaves out, and changes nothing that it says."""

from __future__ import annotations

from typing import Any

import pytest

from api.core.completions.schemas import ChatRequest
from api.core.flows import model_of
from api.core.personas import with_persona
from api.core.thinking import thinking_of
from workers.personas.asking import ask_as
from workers.personas.records import Persona

COOK = Persona(
    name="Cook",
    system="Cook!",
    model="big",
    sampling={"temperature": 0.25, "max_tokens": 9, "stop": ["END"], "logit_bias": [(7, -1.0)]},
    thinking=True,
    tools=("clock",),
)
HELLO = {"role": "user", "content": "hello"}


def asked(**body: Any) -> ChatRequest:
    whole = {"model": "persona/cook", "messages": [HELLO], **body}
    return with_persona(ChatRequest.model_validate(whole), ask_as(COOK, lambda _: True))


def test_what_a_body_leaves_out_the_persona_says() -> None:
    body = asked()
    assert [(turn.role, turn.content) for turn in body.messages] == [
        ("system", "Cook!"),
        ("user", "hello"),
    ]
    assert (body.model, body.temperature, body.max_tokens) == ("big", 0.25, 9)
    assert (body.stop, body.logit_bias) == (["END"], {7: -1.0})
    assert thinking_of(body).is_on is True


@pytest.mark.parametrize("role", ["system", "developer", "SYSTEM"])
def test_what_a_body_says_counts(role: str) -> None:
    own = {"role": role, "content": "mine"}
    body = asked(messages=[own, HELLO], temperature=0, max_completion_tokens=3, think=False)
    assert [turn.content for turn in body.messages] == ["mine", "hello"]
    assert (body.temperature, body.max_tokens) == (0, 3)
    assert thinking_of(body).is_on is False


def test_a_model_may_be_named_beside_a_persona_and_a_flow_too() -> None:
    body = asked(model="small", quintet={"persona": "cook"})
    assert (body.model, body.temperature) == ("small", 0.25)
    routed = asked(model="flow/route", quintet={"persona": "cook", "stronger": "sun"})
    assert (routed.model, model_of(routed)) == ("flow/route", "big")
    assert routed.quintet is not None
    assert (routed.quintet.persona, routed.quintet.stronger) == (None, "sun")


def test_a_personas_flow_is_asked_for_where_the_body_asks_for_none() -> None:
    planner = Persona(name="P", flow="article", collections=("harbour",))
    ask = ask_as(planner, None, ("article",))
    whole = {"model": "persona/p", "messages": [HELLO]}
    body = with_persona(ChatRequest.model_validate(whole), ask)
    assert body.quintet is not None
    assert (body.quintet.flow, body.quintet.collections) == ("article", ["harbour"])
    own = {**whole, "quintet": {"flow": "direct"}}
    kept = with_persona(ChatRequest.model_validate(own), ask).quintet
    assert kept is not None
    assert (kept.flow, kept.collections) == ("direct", [])
    assert ask.notes == ()
    assert len(ask_as(planner, None).notes) == 2, "no flow at this door, and no documents"


def test_what_a_request_cannot_take_over_is_said() -> None:
    notes = ask_as(COOK, lambda _: False).notes
    assert notes == (
        "The model big is not here: the model in use answers.",
        "The tool clock is not here: Cook works without.",
    )
