"""An answer that nobody bounds ends at some time: a small model may ramble on, and nobody be there."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.flows.scripted_client import (
    LOCAL,
    REMOTE,
    ScriptedClient,
    answered,
    ask_of,
    text_card,
)
from workers.messages import Generate

REMOTE_CARD = text_card(REMOTE, "remote:https://far.example/v1")


async def longest(card: dict[str, Any], **options: Any) -> int | None:
    client = ScriptedClient(lambda _: "Yes.", cards=(text_card(LOCAL, **card), REMOTE_CARD))
    await answered(client, ask_of("Why?", **options))
    (request,) = client.asked
    assert isinstance(request, Generate)
    return request.sampling.max_tokens


@pytest.mark.parametrize(
    ("card", "options", "tokens"),
    [
        ({}, {}, 4096),
        ({"context_length": 2048}, {}, 4096),
        ({"context_length": 32_768}, {}, 16_384),
        ({"context_length": 8192}, {"is_thinking": True}, 8192),
        ({"context_length": 8192, "thinks": "on"}, {}, 8192),
        ({"context_length": 8192, "thinks": "on"}, {"is_thinking": False}, 4096),
        ({"context_length": 32_768}, {"sampling": {"max_tokens": 7}}, 7),
        ({"context_length": 32_768}, {"sampling": {"max_tokens": 30_000}}, 30_000),
        ({"context_length": 32_768, "sampling": {"max_tokens": 50}}, {}, 50),
        ({}, {"model": REMOTE}, None),
    ],
)
async def test_an_answer_has_a_longest_length(
    card: dict[str, Any], options: dict[str, Any], tokens: int | None
) -> None:
    assert await longest(card, **options) == tokens


async def test_so_has_every_answer_of_a_flow() -> None:
    client = ScriptedClient(lambda _: "- one\n- two")
    await answered(client, ask_of("Why?", flow="plan"))
    assert len(client.generated) > 1
    assert {request.sampling.max_tokens for request in client.generated} == {4096}
