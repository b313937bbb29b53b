"""Personas as files that are given to somebody."""

from __future__ import annotations

import json

import pytest
import yaml

from workers.messages.errors import UnsupportedInputError
from workers.personas.portable import as_text, file_name, read_record
from workers.personas.records import Persona, SamplingPreset

WHOLE = Persona(
    id="lotse",
    name="Lotse",
    description="Kennt den Hafen: jede Boje.",
    system="Antworte auf Deutsch.\n  - kurz\n\nTrailing #: 'quotes' and \"more\", ☃",
    model="qwen3-4b",
    voice="thorsten",
    sampling={"temperature": 0.3, "stop": ["END"], "seed": 7},
    tools=("clock", "calculator"),
    collections=("harbour",),
    thinking=False,
    flow="route",
)


def test_a_file_says_all_that_a_persona_is() -> None:
    again = read_record(as_text(WHOLE), Persona)
    assert again == WHOLE.model_copy(update={"id": ""})
    assert file_name(WHOLE) == "lotse.persona.yaml"


def test_a_file_says_only_what_is_not_the_default() -> None:
    content = yaml.safe_load(as_text(Persona(name="Bare")))
    assert content == {"format": "quintet-persona", "version": 1, "name": "Bare"}


def test_json_and_a_byte_order_mark_are_read_too() -> None:
    content = json.dumps({"name": "J", "system": "line\n\ttab"}, indent="\t")
    assert read_record(b"\xef\xbb\xbf" + content.encode(), Persona).system == "line\n\ttab"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no keys"),
        ("- a\n- b", "holds no keys"),
        ("system: no name", "name: Field required"),
        ("name: ''", "name: String should have at least 1 character"),
        ("name: X\nsystm: y", "unknown key 'systm', did you mean 'system'?"),
        ("name: X\nid: mine", "unknown key 'id'"),
        ("name: X\ntools: clock", "tools: Input should be a valid tuple"),
        ("name: X\nsampling: {temperature: 9}", "temperature is 9.0; it must lie in [0.0, 5.0]"),
        ("name: X\nsampling: {temperature: .nan}", "temperature is nan"),
        (
            "name: X\nsampling: {temprature: 1}",
            "unknown key 'temprature', did you mean 'temperature'",
        ),
        ("name: X\nsampling: {top_k: many}", "sampling.top_k"),
        ("name: X\nthinking: sometimes", "thinking: Input should be a valid boolean"),
        ("format: quintet-preset\nname: X", "its format is 'quintet-preset'"),
        ("version: 9\nname: X", "it is of form 9, and this Quintet knows form 1"),
        ('{"name": ', "it is not JSON"),
        ("name: [", "line "),
        ("a: &a [x]\nname: " + "[" * 60, "levels"),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(UnsupportedInputError) as caught:
        read_record(text, Persona)
    sentence = str(caught.value)
    assert sentence.startswith("This is no persona: ")
    assert said in sentence
    assert "\n" not in sentence


def test_what_is_no_text_or_too_long_is_refused() -> None:
    with pytest.raises(UnsupportedInputError, match="byte 6 is not UTF-8"):
        read_record(b"name: \xff", Persona)
    with pytest.raises(UnsupportedInputError, match="at most 1,048,576 are read"):
        read_record("x" * 2_000_000, SamplingPreset)
