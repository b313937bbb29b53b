"""What a flow does not follow is refused, not passed over."""

from __future__ import annotations

import pytest

from library.calls import chat
from tests.downloads.conftest import make_card
from workers.messages.errors import UnsupportedInputError


class OneModel:
    """A client that is asked for nothing but its card."""

    def card(self, _: str) -> object:
        return make_card()


@pytest.mark.parametrize("bound", [{"run_tools": ["calculator"]}, {"schema": {"type": "object"}}])
def test_a_flow_answers_in_words(bound: dict[str, object]) -> None:
    with pytest.raises(UnsupportedInputError, match="answers in words"):
        chat(OneModel(), "Two and two?", flow="plan", **bound)  # type: ignore[arg-type]


def test_what_is_said_to_a_flow_needs_one() -> None:
    with pytest.raises(UnsupportedInputError, match="which flow is not said"):
        chat(OneModel(), "Two and two?", stronger="other")  # type: ignore[arg-type]
