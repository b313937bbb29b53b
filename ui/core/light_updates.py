"""Updates that cost what they change: Gradio pays for the whole page of an event, and the whole chat.

For each output of an event that an update leaves alone, Gradio makes the component anew. And a chat log
that grows is read, written down and compared from its first message at each update: 40 ms at 500
messages, 25 times a second. Here only what an update names is processed, and a `Tail` stands for a log
of which only the end is new. The browser gets what it always gets: the difference to what it has.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.utils import diff

from .guard import GuardedBlocks

TAIL = "__tail__"
"""Marks what stands for a tail on its way through Gradio, as `__type__` marks an update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The messages of a chat log from one on; those before are as in the update before.

    Only in an event that streams, after an update with the whole log.
    """

    start: int
    rows: Sequence[dict[str, Any]]


class LightBlocks(GuardedBlocks):
    """Blocks whose updates are processed as far as they change something."""

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """Return what the outputs become; the update of one that is left alone is empty."""
        outputs = block_fn.outputs
        if len(outputs) < 2 or not _is_by_component(predictions, outputs):
            whole: list[Any] = await super().postprocess_data(block_fn, predictions, state)
            return whole
        found = {
            block: _read(block, value)
            for block, value in predictions.items()
            if isinstance(value, Tail)
        }
        named = [block for block in outputs if block in predictions and block not in found]
        if named:
            values = [predictions[block] for block in named]
            part = copy.copy(block_fn)
            part.outputs = named
            given = values if len(named) > 1 else values[0]
            found |= zip(named, await super().postprocess_data(part, given, state), strict=True)
        return [found.get(block, gr.skip()) for block in outputs]

    def handle_streaming_diffs(
        self,
        block_fn: Any,
        data: list[Any],
        session_hash: str | None,
        run: str | None,
        final: bool,
        simple_format: bool = False,
    ) -> list[Any]:
        """Return the differences to the update before."""
        known = self.pending_diff_streams.get(session_hash, {}).get(run) or [None] * len(data)
        edits: dict[int, Any] = {}
        for index, (block, item) in enumerate(zip(block_fn.outputs, data, strict=True)):
            if final or not isinstance(block, gr.Chatbot) or not isinstance(item, dict):
                continue
            old = known[index]
            if TAIL in item and not isinstance(old, list):  # nobody has what it is the tail of
                data[index] = gr.skip()
            elif TAIL in item:
                edits[index] = _edits(old, item[TAIL], item["rows"])
                known[index] = data[index] = [*old[: item[TAIL]], *item["rows"]]
            elif item == gr.skip() and isinstance(
                old, list
            ):  # it stays, also for the tails that follow
                data[index] = old
        sent: list[Any] = super().handle_streaming_diffs(
            block_fn, data, session_hash, run, final, simple_format
        )
        for index, found in edits.items():
            sent[index] = sent[index] if simple_format else found
        return sent


def _is_by_component(predictions: Any, outputs: Sequence[Any]) -> bool:
    """Whether a handler has sent components and their new values; Gradio refuses unknown ones."""
    return (
        isinstance(predictions, dict)
        and bool(predictions)
        and all(isinstance(key, Block) and key in outputs for key in predictions)
    )


def _read(log: Any, tail: Tail) -> dict[str, Any]:
    return {TAIL: tail.start, "rows": log.postprocess(tail.rows).model_dump()}


def _edits(old: list[Any], start: int, rows: list[Any]) -> list[Any]:
    """Return what turns the log into the one with a new tail, as `gradio.utils.diff` does."""
    return [
        [kind, [path[0] + start, *path[1:]], value] for kind, path, value in diff(old[start:], rows)
    ]
