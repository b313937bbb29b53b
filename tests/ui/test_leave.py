"""This machine's own tools are its admin's: a visitor's chat does not call them, and says so."""

from __future__ import annotations

from configs.tool_settings import ToolSettings
from ui.text.composer.switch_state import SwitchChoice, SwitchState
from ui.text.tools.leave import FOR_ADMINS, has_leave, state_within_leave, within_leave
from workers.flows.turns.chat_tools import ChatTools
from workers.flows.turns.options import TurnOptions
from workers.messages.standing import Standing
from workers.tools.builtin import BuiltinTools
from workers.tools.records import ToolSource
from workers.tools.toolbox import Toolbox

ADMIN, VISITOR = Standing(), Standing(why_not="a visitor")


def tools(*, for_all: bool) -> ChatTools:
    return ChatTools(box=Toolbox([BuiltinTools()]), settings=ToolSettings(for_all=for_all))


def test_an_admin_has_leave_and_others_where_the_settings_say_so() -> None:
    assert has_leave(ADMIN, tools(for_all=False))
    assert not has_leave(VISITOR, tools(for_all=False))
    assert has_leave(VISITOR, tools(for_all=True))
    assert not has_leave(VISITOR, None)


def test_what_is_left_out_is_said_and_what_comes_with_quintet_stays() -> None:
    options, said = within_leave(TurnOptions(tools=("calculator", "git/log", "weather/*")))
    assert options.tools == ("calculator",)
    assert FOR_ADMINS in said[0]
    plain = TurnOptions(tools=("clock",))
    assert within_leave(plain) == (plain, ())


def test_the_switch_offers_them_to_nobody_else() -> None:
    choices = tuple(SwitchChoice(value=name, label=name) for name in ("clock", "git/log"))
    state = SwitchState(
        key="tools", label="Tools", icon="tools", kind="many", value=[], is_on=False, hint="",
        choices=choices,
    )  # fmt: skip
    assert [one.is_offered for one in state_within_leave(state).choices] == [True, False]
    other = SwitchState(
        key="flow", label="", icon="flow", kind="one", value="git/log", is_on=False, hint="",
        choices=choices,
    )  # fmt: skip
    assert state_within_leave(other) == other


async def test_what_is_not_offered_is_not_looked_for_either() -> None:
    class Own(BuiltinTools):
        is_built_in = False

        async def sources(self) -> tuple[ToolSource, ...]:
            raise AssertionError("a server would be started")

    box = Toolbox([BuiltinTools(), Own()])
    assert await box.sources(with_own=False)
