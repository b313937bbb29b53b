"""The end of the page: what it was looking at is cut without a traceback.

What answers somebody has been waited for by then (`api/server/serving.py`). A look (which models there are,
what the workers do) that has not ended a second later is cancelled, and Gradio would print where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import gradio as gr

from .light_updates import LightBlocks


class EndingBlocks(LightBlocks):
    """Blocks whose events end without a word when Quintet does."""

    is_ending: Callable[[], bool] = staticmethod(lambda: False)
    """Whether Quintet is about to end."""

    async def process_api(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Run one event. Raises: gr.Error in place of the cancellation at the end."""
        try:
            found: dict[str, Any] = await super().process_api(*args, **kwargs)
        except asyncio.CancelledError:
            if self.is_ending():
                raise gr.Error("Quintet is stopping.", print_exception=False) from None
            raise
        return found
