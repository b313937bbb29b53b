"""Routes of OpenAI's that are not there: each says what there is instead."""

from __future__ import annotations

import httpx
import openai
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.running import App


def test_openais_client_gets_a_sentence(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="draws no pictures"):
        openai_client.images.generate(prompt="A cat.", model="gpt-image-1")
    with pytest.raises(openai.NotFoundError, match="no moderation model"):
        openai_client.moderations.create(input="Hello.")
    with pytest.raises(openai.NotFoundError, match="trains no models"):
        openai_client.fine_tuning.jobs.list()
    with pytest.raises(openai.NotFoundError, match="keeps no files"):
        openai_client.files.list()
    with pytest.raises(openai.NotFoundError, match="no batches"):
        openai_client.batches.retrieve("batch_1")
    with pytest.raises(openai.NotFoundError, match="collections of its own"):
        openai_client.vector_stores.create(name="mine")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_unknown_route_is_named_in_openais_shape(app: App, method: str) -> None:
    answer = httpx.request(method, f"{app.url}/v1/no/such/route")
    assert answer.status_code == 404
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert f"There is no {method} /v1/no/such/route" in error["message"]


def test_a_realtime_session_is_refused_with_a_sentence(app: App) -> None:
    address = app.url.replace("http", "ws") + "/v1/realtime?model=gpt-realtime"
    with pytest.raises(InvalidStatus) as refused, connect(address):
        pass
    assert refused.value.response.status_code == 404
    assert b"no realtime sessions" in (refused.value.response.body or b"")
