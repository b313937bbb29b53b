"""The tiny LLaVA behind a real worker, and questions to it whose answers are known."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from configs.catalogue import ModelCard, load_card
from tests.vision.drawing import to_media
from workers.engines.contract import CancelToken, Worker
from workers.engines.registry import create_worker
from workers.messages import (
    ChatMessage,
    Describe,
    Event,
    Finished,
    Media,
    Progress,
    Ready,
    SamplingParams,
    TextDelta,
)
from workers.messages.process_spec import WorkerSettings
from workers.specs.spec import spec_of

from .shapes import Scene, draw, random_scene
from .talk import answer

WEIGHTS = Path(__file__).parent / "weights"
UNSEEN_SEED = 20_061_203
"""Of the pictures that tests draw; training draws from others."""
GREEDY = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=32)
ASKS = {
    "colour": "What colour is it?",
    "shape": "What shape is it?",
    "count": "How many shapes are there?",
}

CARD = """
id: {id}
name: Tiny LLaVA
modality: vision
engine: {engine}
source: "path:{folder}"
files: {{{files}}}
license: MIT
license_url: https://opensource.org/license/mit
origin: drawn and trained by these tests
parameters_m: 1.4
context_length: 512
memory_mib: 600
options: {options}
"""


def write_card(
    catalogue: Path, engine: str, folder: Path, options: str = "{}", name: str = "tiny-llava"
) -> ModelCard:
    """Write a card as a user would, and read it as the catalogue does."""
    files = sorted(
        path.name for path in folder.iterdir() if path.suffix in (".gguf", ".safetensors")
    )
    listed = ", ".join(f"{file}: null" for file in reversed(files))
    path = catalogue / f"{name}.yaml"
    path.write_text(
        CARD.format(id=name, engine=engine, folder=folder, files=listed, options=options)
    )
    return load_card(path)


@dataclass(frozen=True)
class Seer:
    """A loaded worker."""

    worker: Worker
    ready: Ready

    def events(
        self,
        pictures: Sequence[Image.Image | Media],
        *turns: str,
        cancel: CancelToken | None = None,
    ) -> list[Event]:
        """Ask; `turns` are the user's and the model's, in this order."""
        request = describe(pictures, *turns)
        return list(self.worker.handle(request, cancel or CancelToken()))

    def say(self, pictures: Sequence[Image.Image | Media], *turns: str) -> str:
        """Ask, and return the whole answer."""
        return text_of(self.events(pictures, *turns))


def load(card: ModelCard, data_dir: Path, **limits: float) -> Seer:
    """Load the card's model through the registry, as a worker's process does."""
    spec = spec_of(card)
    assert spec is not None
    worker = create_worker("vision", spec.target)
    settings = WorkerSettings(card=card, threads=2, slots=1, data_dir=data_dir, limits=limits)
    return Seer(worker, worker.load(settings, lambda loading: None))


def describe(
    pictures: Sequence[Image.Image | Media], *turns: str, sampling: SamplingParams = GREEDY
) -> Describe:
    """Return the request."""
    images = tuple(p if isinstance(p, Media) else to_media(p) for p in pictures)
    messages = tuple(
        ChatMessage(role="assistant" if number % 2 else "user", text=text)
        for number, text in enumerate(turns)
    )
    return Describe(images=images, messages=messages, sampling=sampling)


def text_of(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def end_of(events: Sequence[Event]) -> Finished:
    (end,) = [event for event in events if isinstance(event, Finished)]
    return end


def costs_of(events: Sequence[Event]) -> list[Progress]:
    return [e for e in events if isinstance(e, Progress) and e.unit == "image tokens"]


def unseen(count: int, scale: int = 1) -> list[tuple[Scene, Image.Image]]:
    """Draw `count` pictures that the model was never shown, the same ones each time."""
    rng = random.Random(UNSEEN_SEED)
    scenes = [random_scene(rng) for _ in range(count)]
    return [(scene, draw(scene, rng, scale)) for scene in scenes]


def answers(seer: Seer, count: int) -> list[tuple[str, str, str]]:
    """Ask each question about `count` unseen pictures: (kind, what is true, what was said)."""
    return [
        (kind, answer(kind, [scene]), seer.say([picture], ask))
        for scene, picture in unseen(count)
        for kind, ask in ASKS.items()
    ]


def shares_right(said: Sequence[tuple[str, str, str]]) -> dict[str, float]:
    """Return the share of right answers, by kind of question."""
    hits = {kind: [truth == text for k, truth, text in said if k == kind] for kind in ASKS}
    return {kind: sum(right) / len(right) for kind, right in hits.items()}
