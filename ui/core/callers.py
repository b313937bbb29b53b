"""Who pressed a button: the page's handlers ask here before they do what only an admin may."""

from __future__ import annotations

import gradio as gr
from starlette.requests import Request

from workers.messages.standing import UNKNOWN, Standing, standing_of


def caller_of(request: object) -> Standing:
    """Return what the caller of a handler may do: what the gate found of his own connection.

    A request that is none, or only looks like one, is nobody's.
    """
    inner = request.request if isinstance(request, gr.Request) else None
    return standing_of(inner.scope) if isinstance(inner, Request) else UNKNOWN
