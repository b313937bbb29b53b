"""How fast models are predicted to be, against how fast they are: packaged ones, and other quantizations of them.

The machine's figures are measured first, as a Quintet does. Each model then answers with half of a short
context filled, which is what the prediction is for. What the earlier ones showed corrects the later ones, as
it does for whoever looks at the catalogue after a first chat with the packaged model.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from configs.catalogue import ModelCard, load_catalogue
from workers.client import Client
from workers.messages import (
    Complete,
    Embed,
    Finished,
    Media,
    Request,
    SamplingParams,
    Synthesize,
    Transcribe,
)
from workers.models.weights import find_folder
from workers.pool.memory.machine import CPU
from workers.pool.speed.measuring_process import MeasuringProcess
from workers.pool.speed.speed_book import SpeedBook
from workers.pool.speed.speed_seen import speed_seen

from .harness import Measurement, quiet_pool
from .material import PROSE, long_text, spoken
from .requantize import requantize

RUNS = 7
CONTEXT_TOKENS = 512
ANSWER_TOKENS = 32
PROMPT_SENTENCES = 16
"""Some 240 tokens: with half of the answer, half of the context."""
MADE = ("F16", "Q8_0", "Q4_0", "Q5_0")
SMALL = "smollm2-135m-instruct"
CODER = Path(sys.prefix) / "test-weights" / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
"""Where the tests put it, after `make coder`; without it, its rows are left out."""
OTHERS = ("piper-en-us-joe-medium", "whisper-tiny-en", "all-minilm-l6-v2")
"""The voice first: it speaks what Whisper hears, and what was used is no longer predicted."""
BAR = "≤ 25"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One model."""

    name: str
    predicted: float
    measured: float
    unit: str

    @property
    def error(self) -> float:
        """Of the prediction, in per cent of what was measured."""
        return 100 * abs(self.predicted / self.measured - 1)


def measure() -> list[Measurement]:
    """Return the error for each model, and the median of those that write."""
    figures = MeasuringProcess().measure()
    with tempfile.TemporaryDirectory() as made, tempfile.TemporaryDirectory() as data:
        SpeedBook(Path(data)).note_device(CPU, figures)
        writing = [_compared(card, data) for card in _writers(Path(made))]
        others = [_compared(load_catalogue()[name], data) for name in OTHERS]
    median = Measurement(
        what="prediction of tokens/s, median error",
        value=statistics.median(one.error for one in writing),
        unit="%",
        bar=BAR,
        runs=len(writing),
        note=f"{figures}; load {os.getloadavg()[0]:.1f}",
    )
    return [*map(_row, (*writing, *others)), median]


def _row(one: Compared) -> Measurement:
    return Measurement(
        what=f"prediction of {one.name}, error",
        value=one.error,
        unit="%",
        runs=RUNS,
        note=f"predicted {one.predicted:.3g}, measured {one.measured:.3g} {one.unit}; "
        f"load {os.getloadavg()[0]:.1f}",
    )


def _writers(made: Path) -> Iterator[ModelCard]:
    """Yield the cards; a file that was made is gone when the next one is asked for."""
    small = load_catalogue()[SMALL]
    yield small
    files = [(small, find_folder(small, made) / small.weight_file)]
    if CODER.exists():
        coder = _of_file(small, CODER, "q4_k_m", "Qwen2.5-Coder-0.5B Q4_K_M")
        yield coder
        files.append((coder, CODER))
    for card, file in files:
        for kind in MADE:
            path = requantize(file, made / f"{card.id}-{kind.lower()}.gguf", kind)
            yield _of_file(card, path, kind.lower(), f"{card.name.rpartition(' ')[0]} {kind}")
            path.unlink()


def _of_file(card: ModelCard, path: Path, quantization: str, name: str) -> ModelCard:
    changed = {
        "id": path.stem,
        "name": name,
        "source": f"path:{path.parent}",
        "files": {path.name: None},
        "quantization": quantization,
        "shape": None,
        "options": {},
    }
    return card.model_copy(update=changed)


def _compared(card: ModelCard, data_dir: str) -> Compared:
    options = {**card.options, "context_tokens": CONTEXT_TOKENS}
    card = card.model_copy(update={"options": options})
    with quiet_pool(card, data_dir=data_dir) as (_, client):
        predicted = client.plan(card).speed
        assert predicted is not None, f"{card.id} has no prediction"
        assert not predicted.is_measured, f"{card.id} was used before"
        ask = Asking(card, client)
        client.run(ask(0))  # it loads, and gets warm
        seen = [_speed(client, ask(1)) for _ in range(RUNS)]
    return Compared(
        name=card.name,
        predicted=predicted.value,
        measured=statistics.median(seen),
        unit=predicted.unit,
    )


def _speed(client: Client, request: Request) -> float:
    *_, end = client.run(request)
    value = speed_seen(request, end) if isinstance(end, Finished) else None
    assert value is not None, "too little was done to be measured"
    return value


class Asking:
    """Makes fresh requests of a card's kind."""

    def __init__(self, card: ModelCard, client: Client) -> None:
        self._card = card
        self._wav = spoken(client, PROSE) if card.modality == "stt" else b""

    def __call__(self, number: int) -> Request:
        """Return one; those of one number are alike."""
        match self._card.modality:
            case "stt":
                return Transcribe(audio=Media(data=self._wav, name="speech.wav"))
            case "tts":
                return Synthesize(text=long_text(12))
            case "rag":
                return Embed(texts=tuple(long_text(9, 9 * place) for place in range(24)))
        facts = (
            f"On day {day} the fox ate {day * 7 % 31} plums." for day in range(PROMPT_SENTENCES)
        )
        sampling = SamplingParams(max_tokens=ANSWER_TOKENS, temperature=0.8, ignore_eos=True)
        prompt = f"Story {number}. {' '.join(facts)}"
        return Complete(prompt=prompt, sampling=sampling, model=self._card.id)
