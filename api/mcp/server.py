"""The MCP server (streamable HTTP): the protocol's side of the tools; `door` opens it at /mcp.

The protocol's own host and origin checks stay off: the gate in front of every route has made them.
A session belongs to the key that opened it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, cast

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.fastmcp.tools import Tool
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from mcp.types import Tool as ListedTool
from pydantic import ValidationError
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from api.core.completions.errors import error_response
from api.core.errors import TooManyRequestsError
from api.core.stream import while_connected
from api.gate.bodies import is_too_deep
from api.gate.limits import KeyLimits
from configs.settings import Settings
from workers.client import Client
from workers.messages.errors import AppError, RequestError

from .tool_run import ToolRun
from .tools import Tools

log = logging.getLogger(__name__)

MAX_FILE_MIB = 48
"""One recording or picture: it is part of the call, as text, and stays in memory."""
MAX_SESSIONS = 500
"""Each takes 60 KiB until its client ends it, or for half an hour."""
INSTRUCTIONS = (
    "Five local models: text, speech in, speech out, pictures, documents. "
    "Nothing that is sent leaves the machine that runs them."
)
NAMES = ("ask", "transcribe", "speak", "describe_image", "search_documents", "list_models")


def create_tool_server(client: Client, settings: Settings, limits: KeyLimits) -> ToolServer:
    """Return the application that answers with the tools."""
    max_mib = min(MAX_FILE_MIB, settings.server.max_upload_mib)
    sessions = StreamableHTTPSessionManager(
        _create_server(client, limits, max_mib),
        max_request_body_size=int((max_mib * 4 / 3 + 1) * 2**20),
        max_sessions=MAX_SESSIONS,
    )
    return ToolServer(sessions)


class ToolServer:
    """The ASGI application; `run` must be entered before it is called."""

    def __init__(self, sessions: StreamableHTTPSessionManager) -> None:
        self._sessions = sessions
        self.run = sessions.run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        token = AccessToken(token="", client_id=scope["state"]["identity"].name, scopes=[])
        scope["user"] = AuthenticatedUser(token)
        if scope["method"] == "POST":
            body = await Request(scope, receive).body()
            if is_too_deep(body):  # the package fails on it
                refusal = error_response(RequestError("The message is nested too deeply."))
                await refusal(scope, receive, send)
                return
            receive = _beginning_with(body, receive)
        await self._sessions.handle_request(scope, receive, send)


def _beginning_with(body: bytes, receive: Receive) -> Receive:
    """Return `receive` with a body in front that has been read already."""
    unread = [body]

    async def again() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return again


def _create_server(client: Client, limits: KeyLimits, max_mib: float) -> Server[Any, Any]:
    server: Server[Any, Any] = Server("quintet", instructions=INSTRUCTIONS)
    methods = Tools(client, lambda: ToolRun(server.request_context), max_mib)
    tools = {name: _tool(getattr(methods, name)) for name in NAMES}

    async def list_tools() -> list[ListedTool]:
        return [_listed(tool) for tool in tools.values()]

    async def call_tool(name: str, arguments: dict[str, Any]) -> Any:
        if name not in tools:
            return _error(f"No tool is called {name!r}; known: {', '.join(tools)}.")
        request = cast(Request, server.request_context.request)
        identity = request.scope["state"]["identity"]

        async def run() -> Any:
            async with limits.slot(identity):
                return await _run(tools[name], arguments)

        try:
            return await while_connected(run(), request)
        except TooManyRequestsError as err:
            return _error(str(err))

    server.list_tools()(list_tools)  # type: ignore[no-untyped-call]
    server.call_tool(validate_input=False)(call_tool)
    return server


def _tool(method: Callable[..., Any]) -> Tool:
    """Return the tool of a method; one that answers in plain text says it once, not twice."""
    is_structured = method.__annotations__["return"] not in ("str", "CallToolResult")
    return Tool.from_function(method, structured_output=is_structured)


def _listed(tool: Tool) -> ListedTool:
    return ListedTool(
        name=tool.name,
        description=tool.description,
        inputSchema=tool.parameters,
        outputSchema=tool.output_schema,
        annotations=ToolAnnotations(readOnlyHint=True, openWorldHint=False),
    )


async def _run(tool: Tool, arguments: dict[str, Any]) -> Any:
    """Return the tool's result, or what went wrong as one sentence: the calling model reads it."""
    try:
        result = await tool.fn_metadata.call_fn_with_arg_validation(
            tool.fn, tool.is_async, arguments, None
        )
    except AppError as err:
        return _error(str(err))
    except ValidationError as err:
        findings = "; ".join(
            f"{'.'.join(str(part) for part in finding['loc'])}: {finding['msg']}"
            for finding in err.errors()
        )
        return _error(f"The arguments of {tool.name} are not right: {findings}.")
    except Exception:  # the edge to a foreign program: the log has the rest
        log.exception("%s failed", tool.name)
        return _error(f"{tool.name} failed inside Quintet; its log says why.")
    return tool.fn_metadata.convert_result(result)


def _error(sentence: str) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=sentence)], isError=True)
