"""A persona from somebody else's machine works without what is not on this one."""

from __future__ import annotations

import pytest

from workers.personas.lacking import WhatIsHere, without_missing
from workers.personas.records import DIRECT, Persona

RICH = Persona(
    name="Pilot",
    model="big",
    voice="joe",
    tools=("clock", "ship"),
    collections=("harbour",),
    flow="plan",
)


def test_what_is_not_here_is_left_out_and_said() -> None:
    here = WhatIsHere(
        has_model=lambda name: name == "small",
        voices=(),
        tools={"clock"},
        collections=(),
        flows=("direct", "route"),
    )
    persona, notes = without_missing(RICH, here)
    assert (persona.model, persona.voice, persona.flow) == (None, None, DIRECT)
    assert (persona.tools, persona.collections) == (("clock",), ())
    assert list(notes) == [
        "The model big is not here: the model in use answers.",
        "The voice joe is not here: the voice in use reads.",
        "The flow plan is not here: the model answers directly.",
        "The tool ship is not here: Pilot works without.",
        "The collection harbour is not here: Pilot works without.",
    ]


@pytest.mark.parametrize(
    "here",
    [
        WhatIsHere(),
        WhatIsHere(
            has_model=lambda _: True,
            voices=("joe",),
            tools=("clock", "ship"),
            collections=("harbour",),
            flows=("plan",),
        ),
    ],
    ids=["nobody knows", "all is here"],
)
def test_what_is_here_or_not_known_stays(here: WhatIsHere) -> None:
    assert without_missing(RICH, here) == (RICH, ())
