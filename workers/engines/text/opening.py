"""The turns that a card lets every conversation begin with. Pure functions."""

from __future__ import annotations

from dataclasses import replace

from configs.catalogue import ModelCard
from workers.messages import ChatMessage, Describe, Generate


def opened(card: ModelCard, request: Generate | Describe) -> Generate | Describe:
    """Return the request with the card's turns before its own, the system's words first of all.

    Those of the card are left out where the conversation has some of its own.
    """
    if not card.opening or not request.messages:
        return request
    before = [ChatMessage(role=turn.role, text=turn.text) for turn in card.opening]
    own = [message for message in request.messages if message.role == "system"]
    system = own or [message for message in before if message.role == "system"]
    turns = [message for message in (*before, *request.messages) if message.role != "system"]
    return replace(request, messages=(*system, *turns))
