"""What a recogniser can be asked for, before it is loaded and after, and what the page then offers."""

from __future__ import annotations

import pytest

from configs.catalogue import load_catalogue
from ui.speech_in.options import brought_options, fitted_options
from workers.messages import Ready
from workers.specs.hearing import hearing_of

CARDS = load_catalogue()
PARAKEET, MANY, ENGLISH = (
    CARDS[name] for name in ("parakeet-tdt-0.6b-v3", "whisper-tiny", "whisper-tiny-en")
)
NOTHING = ("", False, False, True, "", "")
GIVEN = ("de", True, True, True, "A talk.", "GGUF")
TRANSLATE, WORDS, CONTEXT, HOTWORDS = 1, 2, 4, 5


def ready(*capabilities: str, lacks: tuple[str, ...] = ()) -> Ready:
    return Ready(
        slots=1, device="cpu", capabilities=frozenset(capabilities), lacks=frozenset(lacks)
    )


@pytest.mark.parametrize(
    ("card", "lacks"),
    [(PARAKEET, {"translation", "prompt"}), (MANY, set()), (ENGLISH, {"translation"})],
)
def test_records_and_cards_tell_before_anything_is_loaded(card: object, lacks: set[str]) -> None:
    assert hearing_of(card).lacks == lacks  # type: ignore[arg-type]


def test_a_loaded_engine_tells_of_itself() -> None:
    found = hearing_of(PARAKEET, ready("translate", "en", lacks=("prompt", "detection")))
    assert found.lacks == {"prompt", "detection"}
    assert found.refusal("translation") == ""
    assert found.refusal("detection").startswith(PARAKEET.name)


def test_what_it_cannot_do_is_off_with_the_reason_and_comes_back() -> None:
    off = fitted_options(PARAKEET, hearing_of(PARAKEET), GIVEN)
    for place, value in ((TRANSLATE, False), (CONTEXT, ""), (HOTWORDS, "")):
        assert (off[place]["interactive"], off[place]["value"]) == (False, value)
        assert off[place]["info"].startswith(PARAKEET.name)
    assert off[WORDS]["interactive"]
    assert "value" not in off[0]

    on = fitted_options(MANY, hearing_of(MANY), NOTHING)
    assert all(on[place]["interactive"] for place in (0, TRANSLATE, WORDS, CONTEXT, HOTWORDS))
    assert on[TRANSLATE]["info"] == ""
    assert "value" not in on[CONTEXT]


def test_the_language_is_asked_for_where_it_cannot_be_heard() -> None:
    english = fitted_options(ENGLISH, hearing_of(ENGLISH), GIVEN)[0]
    assert (english["choices"], english["interactive"]) == ([("English", "")], False)
    must_say = hearing_of(PARAKEET, ready("translate", lacks=("detection",)))
    asked = fitted_options(PARAKEET, must_say, NOTHING)[0]
    assert (asked["value"], ("Find out", "") in asked["choices"]) == ("en", False)
    assert "cannot find out" in asked["info"]


def test_choices_of_an_earlier_visit_come_back_as_far_as_they_hold() -> None:
    brought = brought_options(MANY, hearing_of(MANY), GIVEN)
    assert [update["value"] for update in brought] == list(GIVEN)
    only = brought_options(ENGLISH, hearing_of(ENGLISH), GIVEN)
    assert (only[0]["value"], only[TRANSLATE]["value"]) == ("", False)
    gone = brought_options(MANY, hearing_of(MANY), ("xx", *GIVEN[1:]))
    assert gone[0]["value"] == ""
    assert brought_options(MANY, hearing_of(MANY), (1, 2, 3, 4, 5, None)) == []
