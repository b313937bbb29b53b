"""One call of a tool, whose progress is told to the caller."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from mcp.server.session import ServerSession
from mcp.shared.context import RequestContext
from starlette.requests import Request

from workers.messages import Event, Progress

REPORT_EVERY_S = 0.25


class ToolRun:
    """Runs requests on behalf of one tool call."""

    def __init__(self, context: RequestContext[ServerSession, Any, Request]) -> None:
        self._context = context
        self._token = context.meta.progressToken if context.meta else None
        self._done = 0.0
        self._reported_at = 0.0

    async def gather(self, events: AsyncGenerator[Any, None]) -> tuple[Any, ...]:
        """Return all events, reporting progress on the way. Raises: AppError."""
        kept = []
        async with aclosing(events):
            async for event in events:
                kept.append(event)
                await self._report(event)
        return tuple(kept)

    async def _report(self, event: Event) -> None:
        """Tell how far the work is: in the event's own unit, else in pieces of the answer."""
        is_measured = isinstance(event, Progress)
        done = event.done if isinstance(event, Progress) else self._done + 1
        now = time.monotonic()
        is_soon = now < self._reported_at + REPORT_EVERY_S
        if self._token is None or done <= self._done or (is_soon and not is_measured):
            return
        self._done, self._reported_at = done, now
        await self._context.session.send_progress_notification(
            self._token,
            done,
            event.total if isinstance(event, Progress) else None,
            f"{event.what} ({event.unit})".strip() if isinstance(event, Progress) else None,
            related_request_id=str(self._context.request_id),
        )
