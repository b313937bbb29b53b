"""What can be chosen before a recording is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import gradio as gr

from configs.catalogue import ModelCard
from workers.messages import Media, Transcribe
from workers.specs.hearing import Hearing

from .view import language_name

WORDS = "Marks what is uncertain; click a word to hear it"
CONTEXT = "What it is about: steers the spelling of names and terms"
HOTWORDS = "Names and terms, with commas between them"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionOptions:
    """What the accordion says, in the order of its components."""

    language: str | None
    translate: bool
    words: bool
    vad: bool
    prompt: str | None
    hotwords: str | None

    @classmethod
    def of(cls, values: Sequence[Any]) -> TranscriptionOptions:
        """Return the components' values, in their order, by name."""
        return cls(**dict(zip((field.name for field in fields(cls)), values, strict=True)))

    def request(self, path: str) -> Transcribe:
        """The request for one recording."""
        # gr.File gives its own kind of str, which would make the worker import gradio to read it.
        return Transcribe(
            audio=Media(name=Path(path).name, path=str(path)),
            language=self.language or None,
            translate=self.translate,
            word_timestamps=self.words,
            vad=self.vad,
            initial_prompt=(self.prompt or "").strip() or None,
            hotwords=(self.hotwords or "").strip() or None,
        )


def layout_language() -> Any:
    """The first component of `TranscriptionOptions`, which is always seen."""
    return gr.Dropdown(
        [("Find out", "")],
        value="",
        label="Language spoken",
        elem_id="stt-language",
        filterable=True,
    )


def layout_options() -> list[Any]:
    """The other components, in the order of `TranscriptionOptions`; `fitted_options` fits them to a model."""
    return [
        gr.Checkbox(False, label="Translate to English", elem_id="stt-translate"),
        gr.Checkbox(True, label="Times of single words", info=WORDS, elem_id="stt-words"),
        gr.Checkbox(True, label="Skip silence", info="Also prevents invented text"),
        gr.Textbox(label="Context", max_lines=3, info=CONTEXT, elem_id="stt-context",
                   placeholder="A talk by Dr. Nowak about CTranslate2."),
        gr.Textbox(label="Words to listen for", info=HOTWORDS, elem_id="stt-hotwords",
                   placeholder="Quintet, GGUF, Nowak"),
    ]  # fmt: skip


def fitted_options(
    card: ModelCard, hearing: Hearing, values: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return the updates of the components for a model: what it cannot do is off, and says why."""
    given = TranscriptionOptions.of(values)

    def may(ability: str, info: str) -> dict[str, Any]:
        refusal = hearing.refusal(ability)
        return {"interactive": not refusal, "info": refusal or info}

    def off(ability: str, nothing: object) -> dict[str, Any]:
        return {"value": nothing} if hearing.refusal(ability) else {}

    return [
        _languages(card, hearing, given.language or ""),
        gr.update(**may("translation", ""), **off("translation", False)),
        gr.update(**may("word_times", WORDS), **off("word_times", False)),
        gr.update(),
        gr.update(**may("prompt", CONTEXT), **off("prompt", "")),
        gr.update(**may("prompt", HOTWORDS), **off("prompt", "")),
    ]


def _languages(card: ModelCard, hearing: Hearing, chosen: str) -> dict[str, Any]:
    """Return the update of the list: the languages that the model knows, and that it may find out."""
    known = sorted((language_name(code), code) for code in card.languages)
    if len(known) == 1:
        only = f"{card.name} knows only {known[0][0]}"
        choices = [(known[0][0], "")]
        cleared: dict[str, Any] = {"value": ""} if chosen else {}
        return gr.update(choices=choices, interactive=False, info=only, **cleared)
    must_say = hearing.refusal("detection")
    choices = [
        *(() if must_say else [("Find out", "")]),
        *known,
    ]  # of some nobody knows which they are
    codes = [code for _, code in choices]
    first = "en" if must_say and "en" in codes else next(iter(codes), None)
    kept: dict[str, Any] = {} if chosen in codes else {"value": first}
    return gr.update(choices=choices, interactive=True, info=must_say, **kept)


def brought_options(
    card: ModelCard, hearing: Hearing, values: Sequence[Any]
) -> list[dict[str, Any]]:
    """Return the updates for what a browser has kept of an earlier visit, as far as the model can do it."""
    kinds = (str, bool, bool, bool, str, str)
    if not all(isinstance(value, kind) for value, kind in zip(values, kinds, strict=True)):
        return []
    fitted = fitted_options(card, hearing, values)
    return [
        update if "value" in update else {**update, "value": value}
        for update, value in zip(fitted, values, strict=True)
    ]
