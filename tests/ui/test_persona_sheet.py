"""The sheet with all personas, and the drawer's presets, checked by parsing what comes out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup, Tag

from ui.text.composer.presets import presets_html
from ui.text.personas.persona_form import Choices
from ui.text.personas.persona_sheet import PersonaSheet, sheet_html
from workers.personas.portable import read_record
from workers.personas.records import Persona, SamplingPreset

PLAIN = Persona(id="plain", origin="shipped", name="Plain", system="Hi")
HOUSE = Persona(id="house", origin="machine", name="House style")
MINE = Persona(id="mine", name="Mine & <i>", system="a\n  b\n", sampling={"temperature": 1})
WARM = SamplingPreset(id="warm", name="Warm <b>", sampling={"temperature": 1.2, "top_k": 5})
OWN = SamplingPreset(id="own", origin="shipped", name="Model's own")
NOTHING: dict[str, Choices | None] = {
    "model": (),
    "voice": (),
    "flow": (("direct", "Direct"),),
    "tools": (),
    "collections": (),
}
SHEET = PersonaSheet(
    personas=(PLAIN, HOUSE, MINE),
    presets=(OWN, WARM),
    choices=NOTHING,
    used="plain",
    edited=MINE,
    notes=("bad.yaml is left out: <why>",),
)


def page_of(sheet: PersonaSheet) -> BeautifulSoup:
    return BeautifulSoup(sheet_html(sheet), "html.parser")


def doings(page: BeautifulSoup) -> list[str]:
    form = page.form
    assert isinstance(form, Tag)
    return [
        str(button["data-do"]) for button in form.find_all("button") if "data-do" in button.attrs
    ]


def test_the_list_says_whose_each_is_and_which_answers_here() -> None:
    page = page_of(SHEET)
    nav = page.nav
    assert isinstance(nav, Tag)
    assert [title.text for title in nav.find_all("h3")] == [
        "Yours",
        "Everybody's here",
        "Come with Quintet",
    ]
    rows = {str(row["data-id"]): row for row in nav.find_all("button", {"data-do": "open"})}
    assert list(rows) == ["mine", "house", "plain"]
    assert ("this chat" in rows["plain"].text, "this chat" in rows["mine"].text) == (True, False)
    assert rows["mine"]["aria-current"] == "true"
    assert "Mine & <i>" in rows["mine"].text
    assert "bad.yaml is left out: <why>" in page.text


@pytest.mark.parametrize(
    ("persona", "can"),
    [
        (MINE, ["use", "save", "copy", "export", "delete"]),
        (PLAIN, ["use", "copy", "export"]),
        (HOUSE, ["use", "copy", "export"]),
        (Persona(name="New"), ["use", "save"]),
    ],
    ids=["own", "shipped", "machine", "new"],
)
def test_what_can_be_done_is_offered_and_nothing_else(persona: Persona, can: list[str]) -> None:
    page = page_of(replace(SHEET, edited=persona))
    assert doings(page) == can
    fields = page.find("fieldset", class_="q-fields")
    assert isinstance(fields, Tag)
    assert fields.has_attr("disabled") == ("save" not in can)


def test_a_file_that_is_given_away_is_the_persona() -> None:
    template = page_of(SHEET).find("template", class_="q-persona-file")
    assert isinstance(template, Tag)
    assert read_record(template.text, Persona) == MINE.model_copy(update={"id": ""})


def test_presets_fill_in_what_they_say() -> None:
    fills = {
        button.text: button["data-fill"]
        for button in page_of(SHEET).find_all("button")
        if "data-fill" in button.attrs
    }
    assert fills == {"Model's own": "", "Warm <b>": "temperature=1.2 top_k=5"}


def test_the_drawer_shows_which_preset_the_chat_has() -> None:
    page = BeautifulSoup(presets_html((OWN, WARM), {"top_k": 5, "temperature": 1.2}), "html.parser")
    chips = {chip["data-id"]: chip for chip in page.find_all("button", {"data-act": "preset"})}
    assert {name: chip["aria-pressed"] for name, chip in chips.items()} == {
        "own": "false",
        "warm": "true",
    }
    bins = page.find_all("button", {"data-act": "preset-delete"})
    assert [one["data-id"] for one in bins] == ["warm"], "what comes with Quintet stays"
    taken_back = presets_html((OWN, WARM), {"temperature": None})
    pressed = BeautifulSoup(taken_back, "html.parser").find("button", {"aria-pressed": "true"})
    assert isinstance(pressed, Tag)
    assert pressed["data-id"] == "own"
