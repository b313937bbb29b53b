"""How flows look: steps, two answers, what was saved, the article's file; and the composer's switches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.flows.scripted_client import LOCAL, OTHER, REMOTE, ScriptedClient, text_card
from ui.text.flows.flow_switches import (
    flow_state,
    second_state,
    style_state,
    write_flow,
    write_second,
    write_style,
)
from ui.text.shown.flow import answers_html, artifact_html, saved_html, steps_html, words_beside
from workers.chats.records import Message
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.ways import WAYS
from workers.messages.errors import UnsupportedInputError

HOSTILE = '<img src=x onerror="alert(1)">'
STEPS: list[dict[str, Any]] = [
    {"title": "Plan", "state": "done", "text": "- **a**", "seconds": 1.25, "model": "m"},
    {"title": HOSTILE, "state": "running", "text": f"so far {HOSTILE}", "note": HOSTILE},
    {"title": "Later", "state": "waiting", "text": ""},
]


def message(state: Any = "stop", **details: Any) -> Message:
    return Message(id=7, parent=1, role="assistant", text="x", state=state, details=details)


def test_steps_are_unfolded_where_they_are_written_and_folded_at_the_end() -> None:
    running = steps_html(STEPS, message("running"))
    assert running.count("<details open>") == 1
    assert running.count('aria-current="step"') == 1
    assert "<strong>a</strong>" in running
    assert "is written" in running
    ended = steps_html(STEPS[:1], message(flow={"name": "plan"}))
    assert ended.startswith('<details class="q-flow"><summary>Plan · 1 step · 1.2 s</summary>')
    failed = steps_html([{**STEPS[0], "state": "failed"}], message())
    assert "1 failed" in failed


def test_the_local_answer_stays_unfolded_beside_the_stronger_one() -> None:
    steps = [STEPS[0], {**STEPS[0], "title": "Judge"}, {**STEPS[0], "text": ""}]
    shown = steps_html(steps, message(flow={"name": "route"}))
    assert shown.startswith('<details class="q-flow" open>')
    assert shown.count("<details open>") == 1


def test_two_answers_are_voted_for_once_they_are_there() -> None:
    answers = [
        {"title": "One", "state": "done", "text": "**first**", "receipt": {"total_s": 2.0}},
        {"title": HOSTILE, "state": "failed", "text": "", "note": HOSTILE},
    ]
    shown = answers_html(answers, message(vote=0))
    assert "<strong>first</strong>" in shown
    assert shown.count('data-act="vote"') == 1  # nothing to vote for in the other
    assert 'aria-pressed="true"' in shown
    assert "2.0 s" in shown
    assert 'data-act="vote"' not in answers_html(answers, message("running"))
    assert words_beside("x", message(answers=answers)) == ""
    assert words_beside("x", message()) == "x"


@pytest.mark.parametrize("state", ["stop", "running"])
def test_what_a_model_writes_is_no_html(state: Any) -> None:
    answers = [{"title": HOSTILE, "state": "done", "text": HOSTILE, "note": HOSTILE}]
    artifact = {"name": HOSTILE}
    saved = {"tokens": 1, "name": HOSTILE}
    shown = [
        steps_html(STEPS, message(state)),
        answers_html(answers, message(state)),
        artifact_html(artifact, message(state)),
        saved_html(saved, message(state)),
    ]
    assert all("<img" not in html for html in shown)


def test_what_was_saved_is_said_in_cents() -> None:
    saved = {"tokens": 1234, "name": "GPT", "money": 0.0042, "currency": "USD"}
    assert "about 0.4 ct and 1,234 tokens of GPT saved" in saved_html(saved, message())
    saved = {"tokens": 12, "name": "GPT"}
    assert "Answered here: about 12 tokens of GPT saved (its card names no price)." in saved_html(
        saved, message()
    )


def test_the_article_can_be_saved_once_it_is_written() -> None:
    artifact = {"name": "on-bread.md"}
    assert 'data-save="7" data-name="on-bread.md"' in artifact_html(artifact, message())
    assert artifact_html(artifact, message("running")) == ""


CLIENT = ScriptedClient(lambda _: "")


def test_the_flow_is_chosen_among_all_that_there_are() -> None:
    state = flow_state(CLIENT, TurnOptions(), "anna")
    assert state is not None
    assert ([one.value for one in state.choices], state.is_on) == (list(WAYS), False)
    assert all(one.note for one in state.choices)
    options = write_flow(TurnOptions(), "plan")
    assert options.flow == "plan"
    assert second_state(CLIENT, options, "anna") is None
    with pytest.raises(UnsupportedInputError):
        write_flow(TurnOptions(), "detour")


def test_flows_with_two_models_ask_for_the_second() -> None:
    state = second_state(CLIENT, TurnOptions(flow="route"), "anna")
    assert state is not None
    assert [one.value for one in state.choices] == [REMOTE, OTHER]
    assert "sent there" in state.choices[0].note
    assert write_second(TurnOptions(flow="route"), REMOTE).stronger == REMOTE
    assert write_second(TurnOptions(flow="compare"), OTHER).other == OTHER
    with pytest.raises(UnsupportedInputError):
        write_second(TurnOptions(), OTHER)
    alone = ScriptedClient(lambda _: "", cards=(text_card(LOCAL),))
    state = second_state(alone, TurnOptions(flow="compare"), "anna")
    assert state is not None
    assert "no second text model" in state.why_not


def test_an_article_has_a_style() -> None:
    assert style_state(CLIENT, TurnOptions(), "anna") is None
    options = write_style(TurnOptions(flow="article"), "like a song")
    state = style_state(CLIENT, options, "anna")
    assert state is not None
    assert (state.value, state.is_on) == ("like a song", True)
    assert "like a song" in [one.value for one in state.choices]
