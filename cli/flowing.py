"""Flows in the shell: their options, and what is told of one besides its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from typer import Option

from workers.messages.errors import UnsupportedInputError

from .output import note, say

FLOW = "How the answer is come by"
ARTICLE = "article"
"""The flow that is written from documents."""
FLOWS = {"route": "stronger", "plan": None, "compare": "other", ARTICLE: None}
"""The flows, with the option that names the second model of one that has two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowFlags:
    """A flow and what it needs."""

    flow: Annotated[
        str | None,
        Option(help="route, plan, compare or article.", rich_help_panel=FLOW),
    ] = None
    stronger: Annotated[
        str | None,
        Option(metavar="MODEL", help="For route: asked if need be.", rich_help_panel=FLOW),
    ] = None
    other: Annotated[
        str | None,
        Option(metavar="MODEL", help="For compare: the second model.", rich_help_panel=FLOW),
    ] = None
    style: Annotated[
        str | None, Option(help="For article: how it is written.", rich_help_panel=FLOW)
    ] = None

    def given(self) -> dict[str, Any]:
        """Return what was asked for, as the library and the `quintet` object of a body take it.

        Raises: UnsupportedInputError for options that no flow is there for.
        """
        asked = {name: getattr(self, name) for name in ("flow", "stronger", "other", "style")}
        said = {name: value for name, value in asked.items() if value is not None}
        if said and self.flow is None:
            names = " and ".join(f"--{name}" for name in said)
            raise UnsupportedInputError(f"{names} without --flow says nothing.", "Add --flow.")
        return said


def tell_flow(report: Mapping[str, Any]) -> None:
    """Tell of a flow what its words do not say: the other answer, what it saved, what was left out."""
    from workers.flows.turns.saving import words_of_saved

    for answer in report.get("answers", ())[1:]:
        say(f"\n## {answer['title']}\n\n{answer['text']}")
    if remark := report.get("note"):
        note(remark)
    for step in report.get("steps", ()):
        if step["state"] == "failed":
            note(f"{step['title']}: {step.get('note', 'failed')}")
    if saved := report.get("saved"):
        note(f"Answered here: {words_of_saved(saved)}.")
