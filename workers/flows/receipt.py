"""What one answer cost, gathered from its events."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from typing import Any

from workers.messages import (
    AudioDelta,
    DocumentIndexed,
    Event,
    Finished,
    FinishReason,
    Retrieved,
    SegmentDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    Usage,
)

PIECES = (TextDelta, ToolCallDelta, SegmentDelta, AudioDelta, DocumentIndexed)
"""Events that bring something of the answer itself."""


KEPT = ("queued_s", "loaded_s", "first_s", "total_s", "peak_mib", "reranker", "reason")
"""Fields that are kept with an answer, besides `usage`."""
WORDS = ("reranker", "reason")
"""Those of `KEPT` that are no numbers."""


@dataclass(slots=True, kw_only=True)
class Receipt:
    """Feed it every event with `see`; read it at any time. Times in seconds."""

    submitted: float = field(default_factory=time.monotonic)
    queued_s: float = 0.0
    """Wait before the engine began, without loading."""
    loaded_s: float = 0.0
    first_s: float | None = None
    """From the click to the first piece of the answer."""
    total_s: float = 0.0
    peak_mib: int = 0
    usage: Usage = Usage()
    reranker: str = ""
    """Id of the model that put the passages in order."""
    reason: FinishReason | None = None
    """None while it runs."""

    def kept(self) -> dict[str, Any]:
        """Return it as JSON, without what is 0 or unknown; `Receipt.of` reads it."""
        values = {name: getattr(self, name) for name in KEPT}
        values["usage"] = {name: value for name, value in asdict(self.usage).items() if value}
        rounded = {
            name: round(value, 4) if isinstance(value, float) else value
            for name, value in values.items()
        }
        return {name: value for name, value in rounded.items() if value not in (None, 0, "", {})}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Receipt:
        """Return what `kept` has written; what is not of its kind is left out: files of chats come from anywhere."""
        known = {name: kept[name] for name in KEPT if _is_like(kept.get(name), name in WORDS)}
        given = kept.get("usage")
        given = given if isinstance(given, Mapping) else {}
        names = [one.name for one in fields(Usage)]
        usage = Usage(**{name: given[name] for name in names if _is_like(given.get(name), False)})
        return cls(**known, usage=usage)

    def see(self, event: Event) -> None:
        """Take note of one event."""
        now_s = time.monotonic() - self.submitted
        if isinstance(event, Started):
            self.loaded_s = event.load_s
            self.queued_s = event.queue_wait_s - event.load_s
        elif isinstance(event, Finished):
            self.total_s = now_s
            self.peak_mib = event.peak_mib
            self.usage = event.usage
            self.reason = event.reason
        elif isinstance(event, Retrieved):
            self.reranker = event.reranker
        elif self.first_s is None and isinstance(event, PIECES):
            self.first_s = now_s

    @property
    def tokens_per_s(self) -> float | None:
        """Decoding speed as the engine measured it; None if nothing was decoded."""
        if self.usage.completion_tokens < 2 or not self.usage.decode_s:
            return None
        return self.usage.completion_tokens / self.usage.decode_s

    @property
    def real_time_factor(self) -> float | None:
        """Processing seconds per second of audio; None without audio."""
        work_s = self.total_s - self.queued_s - self.loaded_s
        return work_s / self.usage.audio_s if self.usage.audio_s else None


def _is_like(value: object, is_word: bool) -> bool:
    if is_word:
        return isinstance(value, str)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
