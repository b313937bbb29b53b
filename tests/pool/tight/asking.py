"""Models that take a known amount of memory, and questions to their workers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import psutil

from configs.catalogue import ModelCard
from tests.pool.conftest import card, say
from tests.pool.watching import text_of, wait_for
from workers.client import Client
from workers.messages import END_EVENTS, Event, Failed, Modality
from workers.pool.host import Scales
from workers.pool.pool import Pool

PROCESS_MIB = 60
"""A Python with our own modules."""
MODELS = {"text": 120, "stt": 80, "tts": 60, "text-big": 260, "text-huge": 4000}
"""What each takes beyond that."""
WORKERS: tuple[Modality, ...] = ("text", "stt", "tts")

Start = Callable[..., tuple[Pool, Client]]


class PageOfKnownSize(Scales):
    """Weighs workers as they are. This process, whose memory counts too, grows with every test that it runs."""

    mib = 100

    def main_mib(self) -> int:
        return self.mib


def need_mib(name: str) -> int:
    return PROCESS_MIB + MODELS[name]


def hungry_card(name: str) -> ModelCard:
    modality, dash, suffix = name.partition("-")
    found = card(modality, dash + suffix, mib=MODELS[name])
    return found.model_copy(update={"memory_mib": need_mib(name), "engine": "hungry"})


def ask(client: Client, name: str, text: str = "who", model: str | None = None) -> str:
    """Ask a worker of any modality, as the fakes of all three answer Generate."""
    heard: list[Event] = []
    client._pool.submit(say(text), client.models.get(model or f"fake-{name}"), heard.append)
    wait_for(lambda: bool(heard) and isinstance(heard[-1], END_EVENTS))
    end = heard[-1]
    return end.message if isinstance(end, Failed) else text_of(heard).strip()


def awake(client: Client) -> set[str]:
    return {status.modality for status in client.status().workers if status.pid is not None}


def resident_mib(client: Client) -> int:
    total = 0
    for status in client.status().workers:
        if status.pid is not None:
            with suppress(psutil.NoSuchProcess):  # it has left since
                total += psutil.Process(status.pid).memory_info().rss >> 20
    return total


def agrees(client: Client) -> bool:
    """Whether the memory tracker counts exactly the processes that there are."""
    granted = {s.modality for s in client.status().workers if s.granted_mib}
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    alive = {s.modality for s in client.status().workers if s.pid is not None and s.pid in children}
    return granted == alive == awake(client)
