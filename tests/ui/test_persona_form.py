"""The persona editor: a persona as fields, and fields as a persona."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup

from ui.text.personas.persona_form import Choices, fields_html, persona_from
from workers.messages.errors import UnsupportedInputError
from workers.personas.records import Persona

HERE: dict[str, Choices | None] = {
    "model": (("small", "Small"),),
    "voice": (("joe", "Joe"),),
    "flow": (("direct", "Direct"), ("route", "Route")),
    "tools": (("clock", "Clock"), ("calculator", "Calculator")),
    "collections": (),
}
PILOT = Persona(
    id="pilot",
    name="Pilot <b>",
    system="\nFirst line was empty.\n</textarea>",
    model="big",
    sampling={"temperature": 0.3, "stop": ("END",), "seed": 7},
    tools=("clock", "ship"),
    thinking=False,
    flow="route",
)


def form_of(html: str) -> dict[str, Any]:
    """What a browser would send."""
    page = BeautifulSoup(html, "html.parser")
    form: dict[str, Any] = {"tools": [], "collections": []}
    for field in page.find_all(["input", "textarea", "select"]):
        name = str(field["name"])
        if field.name == "select":
            form[name] = next(o["value"] for o in field("option") if o.has_attr("selected"))
        elif field.name == "textarea":
            form[name] = field.text.removeprefix("\n").replace("\n", "\r\n")
        elif field.get("type") == "checkbox":
            form[name] += [field["value"]] if field.has_attr("checked") else []
        else:
            form[name] = field["value"]
    return form


def test_what_a_form_shows_it_gives_back() -> None:
    html = fields_html(PILOT, HERE, "")
    assert "<b>" not in html
    assert persona_from(form_of(html), PILOT) == PILOT
    plain = Persona(name="Plain", system="Hi")
    assert persona_from(form_of(fields_html(plain, HERE, "")), plain) == plain


def test_what_is_not_here_is_shown_as_that() -> None:
    page = BeautifulSoup(fields_html(PILOT, HERE, ""), "html.parser")
    assert "big (not here)" in [option.text for option in page("option")]
    boxes = [label.text for label in page("label", class_="q-check")]
    assert boxes == ["Clock", "Calculator", "ship (not here)"]
    assert "Besides: stop ('END',)." in page.text


def test_what_nobody_has_looked_for_is_not_said_to_be_away() -> None:
    rich = Persona(name="R", voice="ann", collections=("harbour",), tools=("ship",))
    html = fields_html(rich, {**HERE, "voice": None, "collections": None, "tools": None}, "")
    page = BeautifulSoup(html, "html.parser")
    assert "(not here)" not in page.text
    looks = page.find_all("button", {"data-do": "look"})
    assert [look["data-look"] for look in looks] == ["tools", "collections"]
    assert persona_from(form_of(html), rich) == rich
    assert "Show what there is" not in fields_html(rich, HERE, "")


def test_an_empty_field_is_the_models_own() -> None:
    form = form_of(fields_html(PILOT, HERE, "")) | {"temperature": "", "seed": " ", "model": ""}
    changed = persona_from(form, PILOT)
    assert (dict(changed.sampling), changed.model) == ({"stop": ("END",)}, None)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": ""}, "name: String should have at least 1 character"),
        ({"name": "X", "temperature": "hot"}, "Temperature is 'hot': it has to be a number"),
        ({"name": "X", "top_k": "1.5"}, "Top k is '1.5': it has to be a whole number"),
        ({"name": "X", "temperature": "9"}, "temperature is 9.0; it must lie in [0.0, 5.0]"),
        ({"name": "x" * 81}, "name: String should have at most 80 characters"),
        ({"name": ["X"]}, "name: String should have at least 1 character"),
        ("no form", "name: String should have at least 1 character"),
    ],
)
def test_what_cannot_be_kept_is_said(sent: object, said: str) -> None:
    with pytest.raises(UnsupportedInputError) as caught:
        persona_from(sent, Persona(name="Old"))
    assert said in str(caught.value)
