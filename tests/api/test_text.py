"""Text that no engine can read: JSON may hold halves of surrogate pairs."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.running import App

HALF = "half a pair: \ud800"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("audio/speech", {"input": HALF}),
        ("embeddings", {"input": HALF}),
        ("embeddings", {"input": ["whole", HALF]}),
        ("rerank", {"query": HALF, "documents": ["whole"]}),
        ("rerank", {"query": "whole", "documents": [HALF]}),
        ("rerank", {"query": "whole", "documents": [{"text": HALF}]}),
    ],
)
def test_half_a_character_is_refused_before_an_engine_sees_it(
    app: App, path: str, body: dict[str, object]
) -> None:
    content = json.dumps(body)  # in ASCII, as \ud800
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{app.url}/v1/{path}", content=content, headers=headers, timeout=60)
    assert answer.status_code == 400
    assert "half of a character" in answer.json()["error"]["message"]
