"""The passages of several answers that become one: numbered through, so that each mark names its own."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from workers.messages import Event, Finished, TextDelta

from .events import Noted, Rewritten

_MARK = re.compile(r"\[(\d{1,3})\]")


@dataclass(slots=True)
class PartSources:
    """What the parts so far have found and cited."""

    sources: list[Any] = field(default_factory=list)
    cited: list[int] = field(default_factory=list)

    async def of(self, events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
        """Yield one part's events; its numbers go on from those of the parts before it."""
        offset, text, has_sources = len(self.sources), "", False
        async with aclosing(events):
            async for event in events:
                if isinstance(event, TextDelta):
                    text += event.text
                elif isinstance(event, Rewritten):
                    text = event.text
                    continue
                elif isinstance(event, Noted) and event.message is None:
                    has_sources = has_sources or "sources" in event.details
                    yield Noted(request_id="", details=self._added(event.details, offset))
                    continue
                elif isinstance(event, Finished) and has_sources:
                    yield Rewritten(request_id="", text=moved(text, offset))
                yield event

    def _added(self, details: Mapping[str, Any], offset: int) -> dict[str, Any]:
        """Return a part's details as the whole has them."""
        now = dict(details)
        if "sources" in now:
            self.sources[offset:] = now["sources"]
            now["sources"] = list(self.sources)
        if "cited" in now:
            self.cited += [number + offset for number in now["cited"]]
            now["cited"] = list(self.cited)
        return now


def moved(text: str, offset: int) -> str:
    """Return an answer whose marks name the passages that follow so many others."""
    return _MARK.sub(lambda mark: f"[{int(mark[1]) + offset}]", text) if offset else text
