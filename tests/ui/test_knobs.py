"""The sliders of a chat: where they stand for a model, and what is asked of it."""

from __future__ import annotations

import dataclasses

import pytest

from tests.downloads.conftest import make_card
from ui.text.knobs import (
    AS_THE_MODEL_DOES,
    BUDGET,
    KNOBS,
    OFF,
    ON,
    defaults_of,
    defaults_words,
    sampling_of,
    thinking_of,
    wishes_of,
)
from workers.messages import NO_THOUGHTS, SamplingParams
from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import sampling_for

PLAIN = make_card()
OWN = {"temperature": 0.7, "top_k": 20, "presence_penalty": 1.5, "stop": ["###"]}
THINKER = make_card(thinks="on", sampling=OWN, sampling_thinking={"temperature": 1.0})


def values(card: object, mode: str = AS_THE_MODEL_DOES, **moved: float) -> list[object]:
    """What the page sends where `moved` are the sliders that a hand has moved."""
    shown = defaults_of(card, thinking_of(mode, 0))  # type: ignore[arg-type]
    sliders = [moved.get(knob.name, at) for knob, at in zip(KNOBS, shown, strict=True)]
    return [*sliders, mode, BUDGET.value, shown]


def test_every_knob_is_a_sampling_parameter_and_arrives_as_its_type() -> None:
    names = {field.name for field in dataclasses.fields(SamplingParams)}
    assert {knob.name for knob in KNOBS} <= names - {"stop"}
    sampling = sampling_of(PLAIN, [0, 1, 20.0, 0.1, 1.2, 64.0, 7.0], NO_THOUGHTS)
    assert sampling == SamplingParams(
        temperature=0, top_p=1, top_k=20, min_p=0.1, repeat_penalty=1.2, max_tokens=64, seed=7
    )
    assert all(type(getattr(sampling, name)) is int for name in ("top_k", "max_tokens", "seed"))
    assert sampling_of(PLAIN, [knob.value for knob in KNOBS], NO_THOUGHTS).seed is None


def test_what_nobody_moved_is_the_cards_own_as_at_the_other_doors() -> None:
    page, thinking = wishes_of(THINKER, values(THINKER, OFF))
    door = sampling_for(THINKER, {}, thinking)
    for name in (*OWN, "repeat_penalty", "min_p"):
        assert getattr(page, name) == getattr(door, name), name
    assert (page.temperature, page.top_k, page.presence_penalty, page.stop) == (
        0.7,
        20,
        1.5,
        ("###",),
    )


def test_a_thought_has_values_of_its_own_and_a_hand_comes_first() -> None:
    assert wishes_of(THINKER, values(THINKER, ON))[0].temperature == 1.0
    assert wishes_of(THINKER, values(THINKER))[0].temperature == 1.0
    page, _ = wishes_of(THINKER, values(THINKER, ON, temperature=0.25))
    assert (page.temperature, page.top_k) == (0.25, 20)


def test_sliders_that_still_stand_for_another_model_count_as_not_moved() -> None:
    page, _ = wishes_of(THINKER, values(PLAIN, OFF))
    assert page.temperature == 0.7


def test_a_card_without_values_leaves_ours_and_wrong_ones_are_told() -> None:
    assert defaults_of(PLAIN, NO_THOUGHTS) == tuple(knob.value for knob in KNOBS)
    assert defaults_words(PLAIN) == ""
    assert "temperature 1.0, top k 20, presence penalty 1.5" in defaults_words(THINKER)
    wrong = make_card(sampling={"temperature": "hot", "frequency_penalty": "much"})
    assert defaults_of(wrong, NO_THOUGHTS)[0] == KNOBS[0].value
    with pytest.raises(UnsupportedInputError, match="frequency_penalty"):
        wishes_of(wrong, values(wrong))
    far = make_card(sampling={"max_tokens": 100_000})
    assert wishes_of(far, values(far))[0].max_tokens == 4096
