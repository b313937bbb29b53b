"""A persona and a chat's own changes: whoever spoke last counts."""

from __future__ import annotations

from workers.flows.turns.options import SYSTEM_PROMPT, TurnOptions, options_of, settings_of
from workers.flows.turns.wearing import chosen, own_changes, renewed, up_to_date
from workers.personas.folder import RecordFolder
from workers.personas.records import Persona
from workers.personas.store import SHIPPED

CODER = Persona(
    id="coder",
    name="Coder",
    system="Write code.",
    model="big",
    sampling={"temperature": 0.2, "top_k": 5},
    thinking=True,
)
TUTOR = Persona(id="tutor", name="Tutor", system="Teach.", sampling={"temperature": 0.6})


def test_a_persona_is_what_it_says() -> None:
    options = chosen(TurnOptions(), CODER)
    assert (options.persona, options.system, options.model) == ("coder", "Write code.", "big")
    assert dict(options.sampling) == {"temperature": 0.2, "top_k": 5}
    assert options.is_thinking is True
    assert own_changes(options) == {}
    assert options_of(settings_of(options)) == options


def test_another_persona_takes_its_place_whole() -> None:
    options = chosen(chosen(TurnOptions(), CODER), TUTOR)
    assert options == chosen(TurnOptions(), TUTOR)
    assert (options.model, options.is_thinking) == (None, None)


def test_what_the_chat_changed_stays_where_the_next_persona_says_nothing() -> None:
    changed = chosen(TurnOptions(), CODER).model_copy(
        update={"system": "Mine.", "model": "small", "sampling": {"temperature": 0.2, "top_k": 9}}
    )
    options = chosen(changed, TUTOR)
    assert (options.system, options.model) == ("Teach.", "small")
    assert dict(options.sampling) == {"temperature": 0.6, "top_k": 9}


def test_a_persona_that_was_changed_is_followed_but_for_the_chats_own_changes() -> None:
    worn = chosen(TurnOptions(), CODER).model_copy(
        update={"system": "Mine.", "sampling": {"temperature": 0.2}}
    )
    assert renewed(worn, CODER) == worn
    better = CODER.model_copy(
        update={"system": "Better.", "model": None, "sampling": {"temperature": 0.4, "top_k": 7}}
    )
    options = renewed(worn, better)
    assert (options.system, options.model) == ("Mine.", None)
    assert dict(options.sampling) == {"temperature": 0.4, "top_k": None}, "top k: taken back"


def test_a_chat_goes_on_when_its_persona_is_gone_and_says_so() -> None:
    worn = chosen(TurnOptions(), CODER)
    same, note = up_to_date(worn, lambda _: None)
    assert same == worn
    assert note == "The persona Coder was deleted; this chat goes on with what it said."
    newer = CODER.model_copy(update={"system": "Newer."})
    options, note = up_to_date(worn, {"coder": newer}.get)
    assert (options.system, note) == ("Newer.", "")


def test_who_changes_the_id_alone_chooses_another() -> None:
    worn = chosen(TurnOptions(), CODER)
    find = {"coder": CODER, "tutor": TUTOR}.get
    options, note = up_to_date(worn.model_copy(update={"persona": "tutor"}), find)
    assert (options, note) == (chosen(worn, TUTOR), "")
    fresh, _ = up_to_date(TurnOptions(persona="tutor", system="Mine."), find)
    assert fresh.system == "Teach."


def test_a_chat_without_a_persona_is_plain() -> None:
    plain = RecordFolder(SHIPPED / "personas", Persona, "shipped").read()[0]["plain"]
    assert plain.system == SYSTEM_PROMPT
    asked = renewed(TurnOptions(), plain)
    assert (asked.persona, asked.system, own_changes(asked)) == ("plain", SYSTEM_PROMPT, {})
    mine = TurnOptions(system="", sampling={"seed": 1})
    assert own_changes(mine) == {"system": "", "sampling": {"seed": 1}}
    assert renewed(mine, plain).system == ""
