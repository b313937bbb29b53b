"""The page's queue sleeps while nothing comes, and is awake when something does."""

from __future__ import annotations

import asyncio
from typing import Any

import gradio as gr

from ui.core.quiet_queue import QuietQueue

WATCHED_S = 0.05
"""Gradio's own queue looks some 50 times in it."""


class Counted(QuietQueue):
    """Counts how often somebody looks whether there is anything."""

    num_looks = 0

    def __len__(self) -> int:
        self.num_looks += 1
        return int(super().__len__())


async def started() -> tuple[Counted, asyncio.Task[None]]:
    with gr.Blocks() as page:
        gr.Button()
    queue = Counted(True, 40, 1, None, page)
    queue.active_jobs.extend([None] * 4)
    return queue, asyncio.create_task(queue.start_processing())


def test_nobody_looks_while_nothing_comes() -> None:
    async def watch() -> int:
        queue, task = await started()
        await asyncio.sleep(WATCHED_S)
        looks = queue.num_looks
        queue.close()
        await task
        return looks

    assert asyncio.run(watch()) <= 1


def test_closing_ends_it_at_once() -> None:
    async def end() -> bool:
        queue, task = await started()
        await asyncio.sleep(0)
        queue.close()
        await task
        return queue.stopped

    assert asyncio.run(end())


def test_no_statistics_are_worked_out() -> None:
    async def ask() -> Any:
        queue, task = await started()
        queue.close()
        await task
        record = {"function": "f", "status": "success", "process_time": 1.0}
        queue.events_recorded = 1
        return queue.compute_analytics_summary([record])

    assert asyncio.run(ask()) == {"functions": {}}
