"""Text and pictures of one model: one process answers both, through the pool and over HTTP."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from api.core.conversation import Conversations
from configs.catalogue import ModelCard
from configs.settings import load_settings
from tests.pool.conftest import card, roomy_memory
from tests.vision.tiny_llava.seeing import GREEDY, describe, text_of, unseen
from tests.vision.tiny_llava.talk import NO_PICTURE
from tests.vision.tiny_llava.talking import text_card
from workers.client import Client, WorkerStatus
from workers.messages import ChatMessage, Generate, Modality
from workers.messages.process_spec import ProcessSpec, WorkerSettings
from workers.models.lookup import Models
from workers.pool.pending import PoolLimits
from workers.pool.pool import Pool
from workers.pool.threads import wait_policy
from workers.specs.spec import spec_of

COLOUR = "What colour is it?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seeing")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    """A pool in which text and vision have the same model by default."""
    cards = [text_card(folder), card("vision")]
    models = Models(
        lambda: {c.id: c for c in cards}, {"text": "tiny-seeing", "vision": "fake-vision"}
    )
    models.use("text", "tiny-seeing")

    def process_of(wanted: ModelCard, placement: object) -> ProcessSpec:
        spec = spec_of(wanted)
        assert spec is not None
        return ProcessSpec(
            name=wanted.modality,
            modality=wanted.modality,
            target=spec.target,
            settings=WorkerSettings(card=wanted, threads=2, slots=2, data_dir=folder, limits={}),
            environment=wait_policy(2),
            log_level="WARNING",
        )

    pool = Pool(models, process_of, PoolLimits(), roomy_memory())
    with ExitStack() as stack:
        pool.start()
        stack.callback(pool.close)
        yield Client(pool, models)


def workers(client: Client) -> dict[str, WorkerStatus]:
    return {worker.modality: worker for worker in client.status().workers}


def test_one_process_answers_words_and_pictures(client: Client) -> None:
    ((scene, picture),) = unseen(1)
    words = Generate(messages=(ChatMessage(role="user", text=COLOUR),), sampling=GREEDY)

    assert text_of(client.run(describe([picture], COLOUR))) == scene.colour
    assert text_of(client.run(words)) == NO_PICTURE

    found = workers(client)
    assert found["text"].pid is not None
    assert found["vision"].pid is None
    assert found["vision"].together_with == "text"
    assert found["vision"].model == found["text"].model == "Tiny Seeing"
    assert found["vision"].resident_mib == found["vision"].granted_mib == 0
    assert set(client.status().memory.allocations) == {"text"}


def test_the_client_finds_it_under_both_names(client: Client) -> None:
    ((_, picture),) = unseen(1)
    client.run(describe([picture], COLOUR))

    ready = client.ready("vision")
    assert ready is not None
    assert {"sees", "answers"} <= ready.capabilities
    assert client.ready("text") == ready
    assert client.loaded("vision") == client.loaded("text") == client.card("vision")


def test_pinning_either_pins_both(client: Client) -> None:
    pairs: list[tuple[Modality, Modality]] = [("vision", "text"), ("text", "vision")]
    for pinned, unpinned in pairs:
        client.pin(pinned)
        wait_for(lambda: all(worker.is_pinned for worker in workers(client).values()))
        client.pin(unpinned, is_pinned=False)
        wait_for(lambda: not any(worker.is_pinned for worker in workers(client).values()))


def test_putting_vision_to_sleep_and_waking_it_means_the_text_worker(client: Client) -> None:
    client.warm("vision")
    wait_for(lambda: workers(client)["text"].state == "ready")
    client.sleep("vision")
    wait_for(lambda: workers(client)["text"].pid is None)
    client.warm("vision")
    wait_for(lambda: workers(client)["text"].state == "ready")
    assert workers(client)["vision"].pid is None


async def test_a_dialect_answers_a_picture_with_it(client: Client) -> None:
    ((scene, picture),) = unseen(1)
    asked = describe([picture], COLOUR)
    conversations = Conversations(client, load_settings("cpu"))
    for model in (None, "tiny-seeing"):
        question = Generate(messages=asked.messages, sampling=GREEDY)
        url = f"data:image/png;base64,{base64.b64encode(asked.images[0].read()).decode()}"
        request = await conversations.with_pictures(question, [url], model)
        events = [event async for event in conversations.open(request)]
        assert text_of(events) == scene.colour


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait for as long as the test may take."""
    while not is_so():
        time.sleep(0.05)
