"""What models may call in a chat, and what it takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from .setting_values import Frozen, OptionalFolder, split


class ToolSettings(Frozen):
    """Tools of a chat. Those that a program sends over HTTP are its own, and called by itself."""

    folder: OptionalFolder = None
    """Folder of Python files whose functions are tools; None: `tools` in the data folder."""
    mcp_servers: OptionalFolder = None
    """File of MCP servers, `{"mcpServers": {…}}`; None: `mcp.json` in the data folder."""
    unasked: Annotated[tuple[str, ...], BeforeValidator(split)] = (
        "calculator",
        "clock",
        "search_documents",
    )
    """Names of tools that run without asking; "weather/*": all of a file or server."""
    for_all: bool = False
    """Whether also those who are no admins may let models call this machine's own tools: Python files, MCP servers."""
    fetch_pages: bool = False
    """Whether `fetch_page`, which reads a public page of the web, is offered at all."""
    timeout_s: float = Field(default=60.0, gt=0)
    """The longest that one call may take."""
    consent_timeout_s: float = Field(default=600.0, gt=0)
    """How long a call waits for somebody to allow it; then it is refused."""
    max_rounds: int = Field(default=8, ge=1)
    """How often a model may call tools for one answer."""
