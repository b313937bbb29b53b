"""Every route that /docs shows, with right and wrong data made from its own schema: never a 500.

What is made is cut down before it is sent: a few tokens, a few words. Everything is derived from the
schema alone, so the same schema gives the same requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
import schemathesis.pytest
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import (
    GenerationConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.running import App, start_app, stop_app

MAX_TOKENS = 3
MAX_CHARS = 200
MAX_ITEMS = 10
LENGTHS = """max_tokens n_predict max_completion_tokens max_output_tokens max_new_tokens max_token
max_tokens_to_sample""".split()
MOST = {"n": 2, "best_of": 2, **dict.fromkeys(LENGTHS, MAX_TOKENS)}
"""What a count is cut down to; a null means as much as the model can."""
TIMEOUT_S = 30


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A Quintet of its own: what is made up here is also stored."""
    running = start_app(tmp_path_factory.mktemp("schemathesis"))
    yield running
    stop_app(running)


@pytest.fixture(scope="module")
def schema(app: App) -> BaseSchema:
    """Our OpenAPI document, as the running application shows it."""
    document = httpx.get(f"{app.url}/openapi.json", timeout=TIMEOUT_S).raise_for_status().json()
    generation = GenerationConfig(deterministic=True, max_examples=12)
    config = SchemathesisConfig(
        seed=1, projects=ProjectsConfig(default=ProjectConfig(generation=generation))
    )
    return schemathesis.openapi.from_dict(document, config=config)


@pytest.fixture(autouse=True)
def _node_id(request: pytest.FixtureRequest) -> None:
    """Schemathesis 4.32 names its subtests after an attribute that pytest has lost in 9.2."""
    request.node._nodeid = request.node.nodeid


def bounded(body: dict[str, Any]) -> dict[str, Any]:
    """Cut a body down to what a small model does at once."""
    small: dict[str, Any] = shortened("body", body)
    if body.get("params", small) is None or ("prompt" in body and "params" not in body):
        small["params"] = {"max_tokens": MAX_TOKENS}  # else 300, in LLM API
    if isinstance(small.get("options", {}), dict):  # of Ollama's
        small["options"] = {**small.get("options", {}), "num_predict": MAX_TOKENS}
    return {"max_tokens": MAX_TOKENS, "max_output_tokens": MAX_TOKENS, **small}


def shortened(name: str, value: Any) -> Any:
    if name in MOST and (value is None or type(value) is int):
        return MOST[name] if value is None else min(value, MOST[name])
    if isinstance(value, str):
        return value[:MAX_CHARS]
    if isinstance(value, list):
        return [shortened(name, item) for item in value[:MAX_ITEMS]]
    if isinstance(value, dict):
        inner = {key: shortened(key, item) for key, item in value.items()}
        return {"max_tokens": MAX_TOKENS, **inner} if name == "params" else inner
    return value


@schemathesis.pytest.from_fixture("schema").parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.slow
@pytest.mark.timeout(1800)  # one test of some hundred routes, a subtest each
def test_no_request_ends_in_a_500(case: Case[Any], app: App) -> None:
    if isinstance(case.body, dict):
        case.body = bounded(case.body)
    response = case.call(base_url=app.url, timeout=TIMEOUT_S)
    case.validate_response(
        response,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
    )


@pytest.mark.slow
def test_none_of_them_left_a_traceback(app: App) -> None:
    assert "Traceback" not in app.log.read_text()
