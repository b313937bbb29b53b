"""A pull through Ollama's door, from a hub of this machine; and cards that have another's weights."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, cast

import pytest

from api.ollama.pulling import progress, pull_lines, pulled
from api.ollama.schemas import PullBody
from configs.catalogue import ModelCard, load_catalogue
from configs.settings import Settings, load_settings
from tests.downloads.conftest import CONFIG, WEIGHTS, make_card
from tests.downloads.local_hub import LocalHub
from workers.client import Client
from workers.messages.errors import UnknownModelError, UnsupportedInputError
from workers.models.availability import Availability
from workers.models.importing import read_added
from workers.models.lookup import Models
from workers.models.manager import ModelManager
from workers.standalone import StandalonePool

DEFAULT = "smollm2-135m-instruct"
SIZE = len(WEIGHTS) + len(CONFIG)


@pytest.fixture
def settings(local_hub: LocalHub, tmp_path: Path) -> Settings:
    return load_settings("cpu", {"data_dir": str(tmp_path), "hub": {"endpoint": local_hub.url}})


@pytest.fixture
def client(settings: Settings) -> Client:
    """No pool behind it: nothing is asked of a model here."""
    own = [make_card(), make_card(id="limited", license="Llama 3.2", license_restricted=True)]
    cards: dict[str, ModelCard] = {**load_catalogue(), **{card.id: card for card in own}}
    models = Models(
        lambda: {**cards, **read_added(settings.data_dir)},
        {"text": DEFAULT},
        Availability(data_dir=settings.data_dir),
    )
    manager = ModelManager(models, StandalonePool(models, settings), settings)
    return Client(cast(Any, None), models, manager=manager)


def lines(client: Client, **body: Any) -> list[dict[str, Any]]:
    async def all_of() -> list[dict[str, Any]]:
        return [line async for line in progress(client, PullBody(**body))]

    return asyncio.run(all_of())


def test_a_pull_tells_how_far_it_is_and_ends_in_success(
    client: Client, local_hub: LocalHub
) -> None:
    local_hub.faults.bytes_per_s = 6_000_000
    steps = lines(client, model="Tiny:latest")
    statuses = [line["status"] for line in steps]
    assert statuses[0] == "pulling manifest"
    assert statuses[-3:] == ["verifying sha256 digest", "writing manifest", "success"]
    pulling = steps[1:-3]
    assert all(line["status"].startswith("pulling ") for line in pulling)
    assert all(0 <= line["completed"] <= line["total"] for line in pulling)
    done = [line["completed"] for line in pulling[:-1]]
    assert done == sorted(done)
    assert pulling[-1]["completed"] == pulling[-1]["total"] >= SIZE
    assert client.manager.state(client.models.get("tiny")).is_ready
    again = lines(client, model="tiny")
    assert [line["status"] for line in again][-1] == "success"


def test_a_pull_without_a_stream_answers_when_it_is_done(client: Client) -> None:
    answer = asyncio.run(pulled(client, PullBody(model="tiny", stream=False)))
    assert answer == {"status": "success"}


def test_a_licence_that_limits_the_use_must_be_accepted(client: Client) -> None:
    with pytest.raises(UnsupportedInputError, match="accept_license"):
        lines(client, model="limited")
    assert lines(client, model="limited", accept_license=True)[-1] == {"status": "success"}


def test_what_goes_wrong_is_the_last_line(client: Client, local_hub: LocalHub) -> None:
    async def all_of(model: str) -> list[dict[str, Any]]:
        body = PullBody(model=model)
        return [json.loads(line) async for line in pull_lines(client, body)]

    steps = asyncio.run(all_of("tinny"))
    assert "'tinny' not found" in steps[-1]["error"]
    assert "tiny" in steps[-1]["error"]
    local_hub.repositories.clear()
    steps = asyncio.run(all_of("tiny"))
    assert list(steps[-1]) == ["error"]


def test_a_model_of_anothers_weights_lies_where_they_lie(
    client: Client, settings: Settings
) -> None:
    lines(client, model="tiny")
    opening = [{"role": "system", "text": "Be brief."}]
    made = client.manager.derive("tiny", "brief", {"opening": opening, "name": "brief:1"}).card
    assert client.manager.state(made).is_ready
    assert made.base == "tiny"
    assert (Path(made.source.removeprefix("path:")) / made.weight_file).is_file()
    assert set(made.files) == {"tiny.Q4_K_M.gguf", "config.json"}
    assert read_added(settings.data_dir)["brief"] == made

    with pytest.raises(UnsupportedInputError, match="brief"):
        client.manager.remove("tiny")  # its weights are needed
    again = client.manager.derive("brief", "brief", {"opening": []}).card
    assert (again.base, again.opening) == ("tiny", ())
    with pytest.raises(UnsupportedInputError, match="already"):
        client.manager.derive("tiny", DEFAULT, {})
    with pytest.raises(UnsupportedInputError, match="context_length"):
        client.manager.derive("tiny", "wrong", {"context_length": -1})

    assert client.manager.remove("brief").is_forgotten
    assert (client.manager.remove("tiny").freed_mib << 20) > 0
    with pytest.raises(UnknownModelError):
        client.models.get("brief")
