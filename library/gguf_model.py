"""A GGUF file somewhere on disk → a card, so that the ordinary pool runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard, Templates
from configs.errors import ConfigError
from workers.messages.errors import UnsupportedInputError
from workers.models.facts.gguf import gguf_facts

from .inputs import NoSuchFileError

MISTRAL = Templates(
    chat_message=(
        '{{if eq .RoleName "assistant"}}{{.Content}}</s>{{else}}[INST] {{.Content}} [/INST]{{end}}'
    ),
    chat="{{.Input}}",
)
"""For files that carry no chat template."""


def gguf_card(path: Path, model_id: str, options: Mapping[str, Any]) -> ModelCard:
    """Return a card for the file; `options` are those of llama.cpp's engine.

    Raises: NoSuchFileError; UnsupportedInputError if it is no GGUF file.
    """
    if not path.is_file():
        raise NoSuchFileError(
            f"There is no model {path}.", hint="Put the GGUF file there, or name another folder."
        )
    try:
        facts = gguf_facts(path)
    except ConfigError as err:
        raise UnsupportedInputError(f"{path} is not a model that can be used: {err}") from err
    return ModelCard(
        id=model_id,
        name=model_id,
        modality="text",
        engine="llamacpp",
        source=f"path:{path.parent.resolve()}",
        files={path.name: None},
        license=facts.license,
        license_url=facts.license_url,
        origin=facts.origin,
        languages=(),
        quantization=facts.quantization,
        parameters_m=facts.parameters_m,
        context_length=facts.context_length,
        memory_mib=facts.size_mib,
        templates=None if facts.has_chat_template else MISTRAL,
        options=dict(options),
    )
