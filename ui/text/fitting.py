"""What of the Text tab goes by the model that answers: where the sliders stand, whether it can think, what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from configs.catalogue import ModelCard
from ui.core.request import Update
from workers.client import Client

from .knobs import AS_THE_MODEL_DOES, BUDGET, THINKS, defaults_of, moved, thinking_of
from .layout import ChatParts, about_html, placeholder


class ChatFitting:
    """Fits the tab to the model of now; holds no state of any browser."""

    def __init__(self, client: Client, parts: ChatParts) -> None:
        self._client = client
        self._parts = parts

    def fitted(self, *values: Any) -> Update:
        """Return the whole tab for the model; a slider that somebody has moved stays where it is."""
        parts, card = self._parts, self._client.card("text")
        *sliders, mode, budget, shown = values
        can_think = card.thinks != "never"
        why_not = "" if can_think else f"{card.name} does not think before it answers"
        mode = mode if can_think else AS_THE_MODEL_DOES
        mode_part, budget_part = parts.knobs[-3:-1]
        return {
            **self._sliders(card, (*sliders, mode, budget, shown)),
            mode_part: gr.Radio(value=mode, interactive=can_think, info=why_not or THINKS),
            budget_part: gr.Slider(interactive=can_think, info=why_not or BUDGET.info),
            parts.log: gr.Chatbot(placeholder=placeholder(card)),
            parts.about: about_html(card),
        }

    def on_mode(self, *values: Any) -> Update:
        """Put the sliders where the model is best with, or without, a thought before its answer."""
        return self._sliders(self._client.card("text"), values)

    def on_reset(self) -> Update:
        """Put everything back to where the model has it."""
        parts, card = self._parts, self._client.card("text")
        defaults = defaults_of(card, thinking_of(AS_THE_MODEL_DOES, None))
        values = (*defaults, AS_THE_MODEL_DOES, BUDGET.value, defaults)
        return dict(zip(parts.knobs, values, strict=True))

    def _sliders(self, card: ModelCard, values: Sequence[Any]) -> Update:
        *sliders, mode, budget, shown = values
        defaults = defaults_of(card, thinking_of(mode, budget))
        kept = zip(self._parts.knobs, defaults, moved(sliders, shown), strict=False)
        update: Update = {part: value for part, value, is_moved in kept if not is_moved}
        return {**update, self._parts.knobs[-1]: defaults}
