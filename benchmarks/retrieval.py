"""Indexing against the bare embedder, and the time of one question among 10,000 chunks."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from configs.catalogue import load_catalogue
from workers.client import Client
from workers.messages import DocumentIndexed, Event, Ingest, Media, Retrieve
from workers.messages.process_spec import WorkerSettings
from workers.models.weights import find_folder
from workers.pool.threads import usable_cores, wait_policy

from .harness import Measurement, in_own_process, quiet_pool
from .material import long_text

RUNS = 3
DAYS = 4000
NUM_CHUNKS = 10_000
QUERIES = 20


def measure() -> list[Measurement]:
    """Return the ratio of chunks per second and the median time of a question."""
    with quiet_pool() as (_, client):
        _ingest(client, "warm", 50, 0)
        ratios, speed = [], 0.0
        for run in range(RUNS):
            chunks, seconds = _ingest(client, f"run{run}", DAYS, run * DAYS)
            speed = chunks / seconds
            ratios.append(speed / in_own_process(bare_chunks_per_s, long_text(DAYS, run * DAYS)))
        indexing = Measurement(
            what="indexing, pool ÷ bare embedder",
            value=statistics.median(ratios),
            unit="ratio",
            bar="≥ 0.8",
            runs=RUNS,
            note=f"{speed:.0f} chunks/s",
        )
        return [indexing, _question(client)]


def _question(client: Client) -> Measurement:
    total, day = 0, 10**6
    while total < NUM_CHUNKS:
        chunks, _ = _ingest(client, "large", DAYS * 4, day)
        total += chunks
        day += DAYS * 4
    times = []
    for number in range(QUERIES):
        query = f"What happened at the harbour on day {10**6 + 37 * number}?"
        started = time.perf_counter()
        client.run(Retrieve(collection="large", query=query))
        times.append(time.perf_counter() - started)
    return Measurement(
        what=f"one question among {total:,} chunks (median)",
        value=statistics.median(times) * 1000,
        unit="ms",
        bar="≤ 50",
        runs=QUERIES,
        note=f"first {times[0] * 1000:.0f} ms",
    )


def _ingest(client: Client, collection: str, days: int, first_day: int) -> tuple[int, float]:
    """Index one file; return its chunks and the seconds."""
    name = f"days-{first_day}.txt"
    book = Media(name=name, data=long_text(days, first_day).encode())
    started = time.perf_counter()
    events: tuple[Event, ...] = client.run(Ingest(collection=collection, documents=(book,)))
    seconds = time.perf_counter() - started
    done = next(event for event in events if isinstance(event, DocumentIndexed))
    return done.document.num_chunks, seconds


def bare_chunks_per_s(text: str) -> float:
    """Chunks per second of the embedder alone, on the same chunks."""
    os.environ.update(wait_policy(usable_cores()))
    from workers.engines.rag.chunking import slices
    from workers.engines.rag.documents.section import Section
    from workers.engines.rag.onnx_embedder import OnnxEmbedder

    with tempfile.TemporaryDirectory() as folder:
        settings = WorkerSettings(
            card=load_catalogue()["all-minilm-l6-v2"],
            threads=usable_cores(),
            slots=1,
            data_dir=Path(folder),
            limits={},
        )
        embedder = OnnxEmbedder()
        weights = find_folder(settings.card, settings.data_dir)
        embedder.load(weights, settings, lambda loading: None)
        section = Section(text=text, page=None)
        pieces = [piece.text for piece in slices([section], embedder.count_tokens)]
        step = embedder.batch_size
        embedder.embed(pieces[:step])
        started = time.perf_counter()
        for start in range(0, len(pieces), step):
            embedder.embed(pieces[start : start + step])
        seconds = time.perf_counter() - started
        embedder.close()
        return len(pieces) / seconds
