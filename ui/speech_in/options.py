"""What can be chosen before a recording is written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import gradio as gr

from configs.catalogue import ModelCard
from workers.messages import Media, Transcribe

from .view import language_name


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


def layout_options(card: ModelCard) -> list[Any]:
    """The accordion's components, in the order of `TranscriptionOptions`."""
    is_multilingual = len(card.languages) != 1  # of some it is not known which they are
    known = sorted((language_name(code), code) for code in card.languages)
    detect = [("Detect", "")] if is_multilingual else []
    why_not = "" if is_multilingual else f"{card.name} knows only {known[0][0]}"
    return [
        gr.Dropdown([*detect, *known], value="" if is_multilingual else known[0][1],
                    label="Language spoken", interactive=is_multilingual),
        gr.Checkbox(False, label="Translate to English", info=why_not or None,
                    interactive=is_multilingual),
        gr.Checkbox(False, label="Times of single words", info="Click a word to hear it"),
        gr.Checkbox(True, label="Skip silence", info="Also prevents invented text"),
        gr.Textbox(label="Context", max_lines=3,
                   placeholder="A talk by Dr. Nowak about CTranslate2.",
                   info="What it is about: steers the spelling of names and terms"),
        gr.Textbox(label="Words to listen for", placeholder="Quintet, GGUF, Nowak"),
    ]  # fmt: skip
