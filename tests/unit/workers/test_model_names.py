"""A model's name in other spellings."""

from __future__ import annotations

import pytest

from configs.catalogue import load_catalogue
from workers.messages.errors import UnknownModelError
from workers.models.lookup import Models
from workers.models.names import spelled

IDS = ("qwen3-0.6b", "My-Model", "odd:tag", "twin", "Twin")


@pytest.mark.parametrize(
    ("name", "model_id"),
    [
        ("qwen3-0.6b", "qwen3-0.6b"),
        ("qwen3-0.6b:latest", "qwen3-0.6b"),
        ("qwen3:0.6b", "qwen3-0.6b"),
        ("Qwen3:0.6B", "qwen3-0.6b"),
        ("MY-MODEL:latest", "My-Model"),
        ("odd:tag", "odd:tag"),
        ("Twin", "Twin"),
        ("twin:latest", "twin"),
        ("qwen3", None),
        ("", None),
        (":latest", None),
    ],
)
def test_a_name_means_the_id_that_it_spells(name: str, model_id: str | None) -> None:
    assert spelled(name, IDS) == model_id


def test_models_are_found_however_they_are_spelled() -> None:
    cards = load_catalogue()
    num_read = []

    def read() -> dict[str, object]:
        num_read.append(1)
        return dict(cards)

    models = Models(read, {"text": "smollm2-135m-instruct"})  # type: ignore[arg-type]
    assert models.get("SmolLM2-135M-Instruct:latest", "text").id == "smollm2-135m-instruct"
    assert models.knows("smollm2:135m-instruct")
    assert len(num_read) == 1  # no reason to look at the disk again
    with pytest.raises(UnknownModelError, match="'smollm2'"):
        models.get("smollm2")
