"""What one answer cost, gathered from its events."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

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
