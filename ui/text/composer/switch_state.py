"""How a switch of the composer stands, as its script draws it. For the modules that `ui.text.composer.switches` lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal["toggle", "one", "many"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchChoice:
    """One of a switch's choices."""

    value: str
    label: str
    note: str = ""
    """A line below it: what it does, or why it cannot be chosen."""
    is_offered: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchState:
    """How a switch stands for one chat; the composer's script draws it."""

    key: str
    """A field of `TurnOptions`, or what `ComposerSwitch.write` makes of it."""
    label: str
    """Beside the icon: "Think", "Tools 2"."""
    icon: str
    """A name in `ui.core.icons`."""
    kind: Kind
    value: Any
    """bool of a toggle, the value of one choice, a list of many."""
    is_on: bool
    """Whether it changes anything; then it is tinted."""
    hint: str
    """What it does, in a sentence."""
    choices: tuple[SwitchChoice, ...] = ()
    why_not: str = ""
    """Why it cannot be used, in a sentence; "": it can."""
    opens: str = ""
    """An action that begins when the menu is opened, to find its choices; "": none."""
    looks: str = ""
    """An action that looks whether what is chosen is still here, when a chat is opened or others are chosen;
    "": none."""
    act: str = ""
    """An action that a line below the choices begins, with `act_label`; "": no such line."""
    act_label: str = ""
