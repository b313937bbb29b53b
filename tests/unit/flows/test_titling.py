"""Replies of models, as titles."""

from __future__ import annotations

import pytest

from configs.catalogue import load_catalogue
from workers.flows.turns.titling import as_title, gives_titles


@pytest.mark.parametrize(
    ("reply", "title"),
    [
        ("Lamp service per tower", "Lamp service per tower"),
        ('  "Lamp service"\n', "Lamp service"),
        ("Title: **Lampendienst im Hafen**.", "Lampendienst im Hafen"),
        ("«Service des lampes»", "Service des lampes"),
        ("塔灯维护", "塔灯维护"),
        ("Sure! Here is a title:\nLamps", ""),
        ("one two three four five six seven eight nine ten", ""),
        ("x" * 61, ""),
        ("...", ""),
        ("", ""),
    ],
)
def test_a_reply_is_a_title_or_none(reply: str, title: str) -> None:
    assert as_title(reply) == title


@pytest.mark.parametrize(
    ("source", "parameters_m", "is_asked"),
    [
        ("package:a==1/a", 135, False),
        ("package:a==1/a", 1700, True),
        ("package:a==1/a", 0, True),  # not known
        ("remote:https://api.openai.com/v1", 0, False),
    ],
)
def test_a_title_is_worth_asking_for(source: str, parameters_m: float, is_asked: bool) -> None:
    card = load_catalogue()["smollm2-135m-instruct"]
    changed = card.model_copy(update={"source": source, "parameters_m": parameters_m})
    assert gives_titles(changed) is is_asked
