"""Gradio's queue of page events, without its polls and its statistics.

Gradio looks 1000 times a second whether an event has come, and 100 times whether one has told of its
progress: 5 % of a core, for ever. After each event it works out statistics of the last 10,000, by
pandas, for a monitoring page that is switched off. Here the queue is woken by what comes and by what
ends, and keeps no statistics. What it does with an event is Gradio's.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

from gradio import blocks, queueing
from gradio.utils import run_coro_in_background, set_task_name

LOOK_AGAIN_S = 1.0
"""Should it ever not be woken."""
PROGRESS_S = 0.25
"""Between two looks for `gr.Progress`, which this page does not use."""


class QuietQueue(queueing.Queue):
    """Sleeps while there is nothing to do."""

    stopped: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.progress_update_sleep_when_free = PROGRESS_S
        self._woken = asyncio.Event()

    async def push(self, *args: Any, **kwargs: Any) -> Any:
        """Take an event in; returns and raises what Gradio's does."""
        try:
            return await super().push(*args, **kwargs)
        finally:
            self._woken.set()

    async def process_events(self, *args: Any, **kwargs: Any) -> None:
        """Run an event to its end, which makes room for another."""
        try:
            await super().process_events(*args, **kwargs)
        finally:
            self._woken.set()

    def close(self) -> None:
        """End all of it."""
        super().close()
        self._woken.set()

    def compute_analytics_summary(self, _records: Any) -> Any:
        """Return what a monitoring page would show: nothing."""
        return self.cached_event_analytics_summary

    async def start_processing(self) -> None:
        """Begin every event that can begin, until `close`."""
        try:
            while not self.stopped:
                with suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), LOOK_AGAIN_S)
                self._woken.clear()
                while len(self) and None in self.active_jobs:
                    async with self.delete_lock:
                        found = self.get_events()
                    if not found:
                        break
                    self._begin(*found)
        finally:
            self.stopped = True
            self._cancel_asyncio_tasks()

    def _begin(self, events: list[Any], batch: bool, concurrency_id: str) -> None:
        """As Gradio's loop does."""
        self.active_jobs[self.active_jobs.index(None)] = events
        line, fn, now = (
            self.event_queue_per_concurrency_id[concurrency_id],
            events[0].fn,
            time.time(),
        )
        line.current_concurrency += 1
        line.start_times_per_fn[fn].add(now)
        task = run_coro_in_background(self.process_events, events, batch, now, fn)
        set_task_name(task, events[0].session_hash, fn._id, events[0]._id, batch)
        self._asyncio_tasks.add(task)
        task.add_done_callback(self._asyncio_tasks.discard)
        if self.live_updates:
            self.broadcast_estimations(concurrency_id)


def use_quiet_queue() -> None:
    """Give pages that are made from now on such a queue; Gradio has no setting for that."""
    blocks.queueing.Queue = QuietQueue
