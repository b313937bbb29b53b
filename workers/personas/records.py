"""A persona and a preset of sampling, as values: who answers, and how it chooses its words.

A file holds what `model_dump` returns; which record it is and whose, its place says.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import CHECK, NAMES
from workers.messages.sampling_bounds import check_sampling

Origin: TypeAlias = Literal["shipped", "machine", "own"]
"""Comes with Quintet; was put into the data folder for everybody; belongs to one owner."""
DIRECT = "direct"
"""The flow that asks one model once."""
MAX_NAMED = 50
"""Tools or collections of one persona."""

Named = Annotated[str, Field(min_length=1, max_length=300)]


def checked_sampling(given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return fields of SamplingParams, each in its range. Raises: ValueError naming the one that is not."""
    for name in given:
        if name not in NAMES:
            near = get_close_matches(str(name), NAMES, n=1)
            hint = f", did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"unknown key {name!r}{hint}")
    said = {name: value for name, value in given.items() if value is not None}
    try:
        check_sampling(CHECK.validate_python(said))
    except UnsupportedInputError as err:
        raise ValueError(err.message.rstrip(".")) from err
    return said


Sampling = Annotated[Mapping[str, Any], AfterValidator(checked_sampling)]


class KeptRecord(BaseModel):
    """What personas and presets have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)
    kind: ClassVar[str]
    """What a record of this class is called, and its files: `NAME.kind.yaml`."""

    id: str = Field(default="", exclude=True)
    """Name of its file; "": not kept yet."""
    origin: Origin = Field(default="own", exclude=True)
    name: str = Field(min_length=1, max_length=80)
    description: str = Field(default="", max_length=300)
    """One sentence for people."""
    sampling: Sampling = Field(default_factory=dict)
    """Fields of SamplingParams; what is not said is the model's own."""

    @property
    def is_own(self) -> bool:
        """Whether who sees it may change it."""
        return self.origin == "own"


class Persona(KeptRecord):
    """Who answers: a system prompt, and what goes with it."""

    kind: ClassVar[str] = "persona"

    system: str = Field(default="", max_length=20_000)
    """The system prompt; "": nothing is said."""
    model: Named | None = None
    """Id of a card; None: the model in use."""
    voice: Named | None = None
    """Who reads its answers aloud; None: the voice in use."""
    tools: tuple[Named, ...] = Field(default=(), max_length=MAX_NAMED)
    collections: tuple[Named, ...] = Field(default=(), max_length=MAX_NAMED)
    """Documents that it answers from."""
    thinking: bool | None = None
    """Whether it thinks before it answers; None: as the model does."""
    flow: Named = DIRECT


class SamplingPreset(KeptRecord):
    """Values of sampling under a name."""

    kind: ClassVar[str] = "preset"
