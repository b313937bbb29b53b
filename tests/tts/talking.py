"""A pool with further voices, as the app builds it, and what comes out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from workers.assembly import build_pool
from workers.client import Client
from workers.media import audio
from workers.messages import AudioDelta, Event, Synthesize


@contextmanager
def client_with(cards: list[ModelCard], data_dir: Path) -> Iterator[Client]:
    settings = load_settings("cpu", {"data_dir": str(data_dir), "log_level": "WARNING"})
    catalogue = load_catalogue() | {card.id: card for card in cards}
    pool, client = build_pool(settings, catalogue)
    pool.start()
    yield client
    pool.close()


def length_s(client: Client, request: Synthesize) -> float:
    """Return how long the speech is, without the pauses after its sentences."""
    deltas = deltas_of(client.run(request))
    return sum(audio.duration_s(delta.pcm, delta.sample_rate) for delta in deltas)


def deltas_of(events: Sequence[Event]) -> list[AudioDelta]:
    return [event for event in events if isinstance(event, AudioDelta)]
