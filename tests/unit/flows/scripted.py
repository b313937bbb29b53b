"""A client whose model says what a script says, and tools that do what a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, cast

from configs.tool_settings import ToolSettings
from workers.chats.records import Message
from workers.client import Client, StopSwitch
from workers.flows.turns.ask import TurnAsk
from workers.flows.turns.chat_tools import ChatTools, TurnTools
from workers.flows.turns.consents import Consents
from workers.flows.turns.options import TurnOptions
from workers.messages import (
    Event,
    Finished,
    FinishReason,
    Generate,
    TextDelta,
    ToolCallDelta,
    Usage,
)
from workers.tools.builtin import BuiltinTools
from workers.tools.records import ChatTool, ToolResult, ToolSource
from workers.tools.toolbox import Toolbox

Say = str | tuple[str, str]
"""Words, or a call: (name, arguments)."""


class ScriptedClient:
    """Answers each request with the next part of a script; the last part again and again."""

    def __init__(
        self,
        *script: Sequence[Say],
        context: int = 4096,
        capabilities: Sequence[str] = ("shows_tools",),
    ) -> None:
        self._script = list(script)
        self.asked: list[Generate] = []
        self._ready = SimpleNamespace(context_length=context, capabilities=frozenset(capabilities))
        self.switch = StopSwitch()
        card = SimpleNamespace(
            id="m",
            name="The model",
            sampling={},
            sampling_thinking={},
            thinks="off",
            is_remote=False,
            templates=None,
        )
        self.models = SimpleNamespace(get=lambda model, modality: card)
        self.card = lambda modality: card

    def ready(self, modality: str, model: str | None = None) -> Any:
        return self._ready

    async def astream(self, request: Generate) -> AsyncGenerator[Event, None]:
        self.asked.append(request)
        name = request.request_id
        if self.switch.is_pressed:
            yield Finished(request_id=name, reason="cancelled")
            return
        part = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        calls = 0
        for said in part:
            if isinstance(said, str):
                yield TextDelta(request_id=name, text=said)
            elif request.tool_choice != "none":
                tool, arguments = said
                yield ToolCallDelta(request_id=name, index=calls, name=tool)
                yield ToolCallDelta(request_id=name, index=calls, arguments=arguments)
                calls += 1
        reason: FinishReason = "tool_calls" if calls else "stop"
        usage = Usage(completion_tokens=len(part))
        yield Finished(request_id=name, reason=reason, usage=usage)


class Probe:
    """Tools of a test: `echo` says its text, `fail` raises, `wait` waits, `long` says much."""

    is_built_in = False

    def __init__(self) -> None:
        self.ran: list[tuple[str, Mapping[str, Any]]] = []
        self.is_ended = False
        schema = {"type": "object", "properties": {"text": {"type": "string"}}}
        self._tools = tuple(
            ChatTool(
                id=f"probe/{name}", title=name, description="", parameters=schema, source="probe"
            )
            for name in ("echo", "fail", "wait", "long")
        )

    async def sources(self) -> tuple[ToolSource, ...]:
        return (ToolSource(name="probe", title="probe", kind="mcp", tools=self._tools),)

    async def call(self, tool: ChatTool, arguments: Mapping[str, Any]) -> ToolResult:
        self.ran.append((tool.title, dict(arguments)))
        if tool.title == "fail":
            raise ZeroDivisionError("no luck")
        if tool.title == "wait":
            try:
                await asyncio.Event().wait()
            finally:
                self.is_ended = True
        return ToolResult(
            text="x" * 100_000 if tool.title == "long" else str(arguments.get("text"))
        )

    async def close(self) -> None: ...


def access(client: ScriptedClient, probe: Probe, **settings: Any) -> TurnTools:
    given = ToolSettings(**settings)
    box = Toolbox([BuiltinTools(), probe], given.unasked)
    shared = ChatTools(box=box, settings=given)
    return TurnTools(shared=shared, consents=Consents(), switch=client.switch)


def ask(tools: TurnTools, **options: Any) -> TurnAsk:
    chosen = TurnOptions(tools=("calculator", "probe/*"), **options)
    path = (Message(id=1, parent=None, role="user", text="Go"),)
    return TurnAsk(path=path, options=chosen, tools=tools)


def as_client(client: ScriptedClient) -> Client:
    return cast(Client, client)
