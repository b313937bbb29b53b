"""OpenAI's own client in front of the running application."""

from __future__ import annotations

from collections.abc import Iterator

import openai
import pytest

from tests.running import App


@pytest.fixture
def openai_client(app: App) -> Iterator[openai.OpenAI]:
    url = f"{app.url}/v1"
    with openai.OpenAI(base_url=url, api_key="none", max_retries=0, timeout=60) as client:
        yield client
