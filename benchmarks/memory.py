"""What each model was predicted to need, against what its process took under real work.

    python -m benchmarks memory

The peak is the operating system's own mark of the worker's process, read from outside, after work that
is large for its kind. The rows are also results/memory.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from workers.assembly import build_pool
from workers.client import Client
from workers.pool.memory.estimate import LoadOptions, MemoryEstimate, estimate
from workers.pool.memory.facts import read_facts
from workers.pool.memory.machine import process_peak_mib
from workers.pool.pool import Pool

from .harness import RESULTS, Measurement, machine
from .memory_work import WORK

SMOL, CODER = "smollm2-135m-instruct", "qwen2.5-coder-0.5b-instruct"
CONTEXTS, SLOTS = (512, 4096, 16384), (1, 4)
SETTLE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One model, used in one way."""

    card: ModelCard
    context_tokens: int = 0
    slots: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Prediction against measurement, in MiB."""

    model: str
    context_tokens: int
    slots: int
    predicted_mib: int
    low_mib: int
    high_mib: int
    measured_mib: int

    @property
    def error(self) -> float:
        """How far the prediction is off, as a share of what was measured."""
        return self.predicted_mib / self.measured_mib - 1

    @property
    def is_within(self) -> bool:
        """Whether the band held."""
        return self.low_mib <= self.measured_mib <= self.high_mib


def measure() -> list[Measurement]:
    """Return the error over all cases; print and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [_reported(_measured(case)) for case in _cases(load_catalogue(), Path(folder))]
    _write(rows)
    errors = [abs(row.error) for row in rows]
    worst = max(rows, key=lambda row: abs(row.error))
    return [
        Measurement(
            what="memory: mean error of the prediction",
            value=100 * mean(errors),
            unit="%",
            bar="≤ 15",
            runs=len(rows),
        ),
        Measurement(
            what="memory: largest error",
            value=100 * max(errors),
            unit="%",
            bar="≤ 35",
            note=f"{worst.model}, {worst.context_tokens} tokens × {worst.slots}",
        ),
        Measurement(
            what="memory: peaks within the stated band",
            value=sum(row.is_within for row in rows) / len(rows),
            unit="ratio",
            bar="1",
            runs=len(rows),
        ),
    ]


def _cases(cards: dict[str, ModelCard], folder: Path) -> Iterator[Case]:
    writers = [cards[SMOL], *_coder()]
    for card in writers:
        for context in CONTEXTS:
            for slots in SLOTS:
                yield Case(card=card, context_tokens=context, slots=slots)
    for model_id in (
        "whisper-tiny-en",
        "piper-en-us-joe-medium",
        "ppocr-v6-small",
        "all-minilm-l6-v2",
    ):
        yield Case(card=cards[model_id])
    for card in _llama(folder):
        yield Case(card=card, context_tokens=512)


def _coder() -> list[ModelCard]:
    """The tests' model of half a billion parameters, where its packages are installed."""
    try:
        from tests.coder import coder_card

        return [coder_card()]
    except (ImportError, AssertionError):
        return []


def _llama(folder: Path) -> list[ModelCard]:
    """The tests' tiny Llama for transformers, where torch is installed."""
    try:
        from tests.tiny_llama import build_tiny_llama, card_values

        return [ModelCard.model_validate(card_values(build_tiny_llama(folder / "llama")))]
    except ImportError:
        return []


def _measured(case: Case) -> Row:
    with _pool_of(case) as (pool, client, data_dir):
        WORK[case.card.modality](client, case.context_tokens, case.slots)
        time.sleep(SETTLE_S)
        peak_mib = process_peak_mib(_pid(pool, case.card))
        need = _estimate(case, data_dir)
    return Row(
        model=case.card.id,
        context_tokens=case.context_tokens,
        slots=case.slots,
        predicted_mib=need.total_mib,
        low_mib=need.low_mib,
        high_mib=need.high_mib,
        measured_mib=peak_mib,
    )


def _reported(row: Row) -> Row:
    """Say how far it is: all cases take minutes."""
    print(f"{row.model}: {row.predicted_mib} MiB predicted, {row.measured_mib}", file=sys.stderr)
    return row


def _pid(pool: Pool, card: ModelCard) -> int:
    workers = pool.status().workers
    return next(w.pid for w in workers if w.modality == card.modality and w.pid is not None)


def _estimate(case: Case, data_dir: Path) -> MemoryEstimate:
    options = LoadOptions(context_tokens=case.context_tokens, slots=case.slots)
    return estimate(case.card, read_facts(case.card, data_dir), options)


@contextmanager
def _pool_of(case: Case) -> Iterator[tuple[Pool, Client, Path]]:
    """A pool whose worker of this modality has the case's model, with nothing measured before."""
    options: dict[str, Any] = {**case.card.options, "slots": case.slots}
    if case.context_tokens:
        options["context_tokens"] = case.context_tokens
    card = case.card.model_copy(update={"options": options})
    with tempfile.TemporaryDirectory() as folder:
        workers = {card.modality: {"model": card.id}}
        flags = {"data_dir": folder, "log_level": "ERROR", "pool": {"warm": []}}
        settings = load_settings("cpu", {**flags, "workers": workers})
        pool, client = build_pool(settings, {**load_catalogue(), card.id: card})
        pool.start()
        try:
            yield pool, client, Path(folder)
        finally:
            pool.close()


def _write(rows: list[Row]) -> None:
    RESULTS.mkdir(exist_ok=True)
    content = {"machine": machine(), "rows": [asdict(row) for row in rows]}
    (RESULTS / "memory.json").write_text(json.dumps(content, indent=1) + "\n")
    lines = [
        "| model | context × slots | predicted | band | measured | error |",
        "| --- | --- | ---: | --- | ---: | ---: |",
    ]
    for row in rows:
        use = f"{row.context_tokens:,} × {row.slots}" if row.context_tokens else "–"
        held = "" if row.is_within else " (outside)"
        lines.append(
            f"| {row.model} | {use} | {row.predicted_mib} | {row.low_mib}–{row.high_mib}{held} "
            f"| {row.measured_mib} | {100 * row.error:+.0f} % |"
        )
    table = "\n".join(lines) + "\n"
    (RESULTS / "memory.md").write_text(table)
    print(table)
