"""The sliders of a chat: where they stand for a model, and what is asked of it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.downloads.conftest import make_card
from ui.text.composer.knobs import KNOBS, NONE_AT, defaults_of, defaults_words
from ui.text.composer.options_drawer import drawer_values, with_drawer
from workers.flows.turns.options import TurnOptions, settings_of
from workers.messages import SamplingParams, Thinking
from workers.messages.sampling import sampling_for

PLAIN = make_card()
OWN = {"temperature": 0.7, "top_k": 20, "presence_penalty": 1.5, "stop": ["###"]}
THINKER = make_card(thinks="on", sampling=OWN, sampling_thinking={"temperature": 1.0})
ON, OFF = Thinking(is_on=True), Thinking(is_on=False)


def moved(card: object, options: TurnOptions, **to: float) -> TurnOptions:
    """The options after somebody has moved some knobs and left the others."""
    system, *knobs, thought = drawer_values(card, options)  # type: ignore[arg-type]
    values = [to.get(knob.name, at) for knob, at in zip(KNOBS, knobs, strict=True)]
    return with_drawer(card, options, (system, *values, thought))  # type: ignore[arg-type]


def test_every_knob_is_a_sampling_parameter_and_stands_where_the_other_doors_do() -> None:
    ours = SamplingParams()
    names = {field.name for field in dataclasses.fields(SamplingParams)}
    assert {knob.name for knob in KNOBS} <= names
    for knob in KNOBS:
        door = getattr(ours, knob.name)
        assert knob.value == (NONE_AT[knob.name] if door is None else door), knob.name


def test_what_nobody_moved_is_not_asked_for() -> None:
    options = moved(THINKER, TurnOptions())
    assert settings_of(options) == {}


def test_what_somebody_moved_is_kept_as_its_type_and_found_again() -> None:
    options = moved(THINKER, TurnOptions(), temperature=0.25, top_k=7.0, seed=3, max_tokens=64.0)
    assert options.sampling == {"temperature": 0.25, "top_k": 7, "seed": 3, "max_tokens": 64}
    assert all(type(options.sampling[name]) is int for name in ("top_k", "seed", "max_tokens"))
    assert drawer_values(THINKER, options)[1] == 0.25
    back = moved(THINKER, options, seed=-1, max_tokens=0)
    assert back.sampling == {"temperature": 0.25, "top_k": 7}
    sampling = sampling_for(THINKER, back.sampling, ON)
    assert (sampling.temperature, sampling.presence_penalty, sampling.seed) == (0.25, 1.5, None)


def test_a_thought_has_values_of_its_own() -> None:
    assert defaults_of(THINKER, ON)[0] == 1.0
    assert defaults_of(THINKER, OFF)[0] == 0.7
    assert defaults_of(THINKER, Thinking())[0] == 1.0


def test_system_prompt_and_longest_thought_are_kept_too() -> None:
    _, *knobs, _ = drawer_values(PLAIN, TurnOptions())
    options = with_drawer(PLAIN, TurnOptions(), ("Be brief.", *knobs, 256))
    assert settings_of(options) == {"system": "Be brief.", "thinking_tokens": 256}
    assert with_drawer(PLAIN, options, (None, *knobs, 0)).system == ""


def test_a_card_without_values_leaves_ours_and_wrong_ones_are_no_reason_to_fail() -> None:
    assert defaults_of(PLAIN, OFF) == tuple(knob.value for knob in KNOBS)
    assert defaults_words(PLAIN) == ""
    assert "temperature 1.0, top k 20, presence penalty 1.5" in defaults_words(THINKER)
    wrong = make_card(sampling={"temperature": "hot"})
    assert defaults_of(wrong, OFF)[0] == KNOBS[0].value
    assert drawer_values(PLAIN, TurnOptions(sampling={"temperature": "hot"}))[1] == KNOBS[0].value


@pytest.mark.parametrize("value", [None, float(KNOBS[0].value)])
def test_an_empty_box_asks_for_nothing(value: float | None) -> None:
    system, _, *rest = drawer_values(PLAIN, TurnOptions())
    assert with_drawer(PLAIN, TurnOptions(), (system, value, *rest)).sampling == {}
