"""Replies of models, as titles."""

from __future__ import annotations

import pytest

from workers.flows.turns.titling import as_title


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
