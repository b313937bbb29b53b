"""Chat through the pool against llama.cpp's server alone: tokens/s at 1, 4, 8 streams, first token.

Both sides have the same settings, prompts, seeds and number of tokens; they take turns, each alive
only while it is measured, because two idle engines already disturb each other on few cores.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from configs.catalogue import load_catalogue
from workers.client import Client
from workers.messages import ChatMessage, Generate, SamplingParams, TextDelta
from workers.messages.process_spec import WorkerSettings
from workers.models.weights import find_folder
from workers.pool.threads import usable_cores, wait_policy

from .harness import Measurement, in_own_process, quiet_pool

STREAMS = (1, 4, 8)
BARS = {1: "≥ 0.97", 4: "≥ 0.95", 8: "≥ 0.95"}
SLOTS = 8
RUNS = 3
NUM_TOKENS = 100

Timing = tuple[float, float]
"""Seconds from the request to its first token, and to its end."""


def measure() -> list[Measurement]:
    """Return a ratio per number of streams, and what the pool adds to the first token."""
    ratios: dict[int, list[float]] = {streams: [] for streams in STREAMS}
    added_ms, speeds = [], dict.fromkeys(STREAMS, 0.0)
    for _ in range(RUNS):
        bare = in_own_process(bare_timings)
        through = pool_timings()
        for streams in STREAMS:
            ratios[streams].append(_wall(bare[streams]) / _wall(through[streams]))
            speeds[streams] = streams * NUM_TOKENS / _wall(through[streams])
        added_ms.append((_first(through[1]) - _first(bare[1])) * 1000)
    rows = [
        Measurement(
            what=f"chat at {streams} streams, pool ÷ bare",
            value=statistics.median(ratios[streams]),
            unit="ratio",
            bar=BARS[streams],
            runs=RUNS,
            note=f"{speeds[streams]:.0f} tokens/s",
        )
        for streams in STREAMS
    ]
    first = Measurement(
        what="added time to first token by the pool (median)",
        value=statistics.median(added_ms),
        unit="ms",
        bar="≤ 10",
        runs=RUNS,
    )
    return [*rows, first]


def _wall(timings: list[Timing]) -> float:
    return max(end for _, end in timings)


def _first(timings: list[Timing]) -> float:
    return statistics.median(first for first, _ in timings)


def _request(number: int) -> Generate:
    question = ChatMessage(role="user", text=f"Write a very long story about fox number {number}.")
    sampling = SamplingParams(max_tokens=NUM_TOKENS, seed=number, temperature=0.8)
    return Generate(messages=(question,), sampling=sampling)


def _at_once(streams: int, ask: Callable[[Generate], Timing]) -> list[Timing]:
    timings: list[Timing] = []
    threads = [
        threading.Thread(target=lambda number=number: timings.append(ask(_request(number))))
        for number in range(streams)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return timings


def pool_timings() -> dict[int, list[Timing]]:
    """Measure through client, pool and pipes."""
    with quiet_pool(workers={"text": {"slots": SLOTS}}) as (_, client):
        client.run(_request(99))
        return {streams: _at_once(streams, lambda r: _ask(client, r)) for streams in STREAMS}


def _ask(client: Client, request: Generate) -> Timing:
    started = time.perf_counter()
    first = 0.0
    for event in client.stream(request):
        if isinstance(event, TextDelta) and not first:
            first = time.perf_counter() - started
    return first, time.perf_counter() - started


def bare_timings() -> dict[int, list[Timing]]:
    """Measure the library's own streaming call, in this process."""
    os.environ.update(wait_policy(usable_cores()))
    from workers.engines.text.llamacpp import LlamaCppEngine
    from workers.engines.text.llamacpp_json import body_of
    from workers.engines.text.slots import ANY_SLOT

    card = load_catalogue()["smollm2-135m-instruct"]
    folder = find_folder(card, Path(tempfile.gettempdir()))
    settings = WorkerSettings(
        card=card, threads=usable_cores(), slots=SLOTS, data_dir=folder, limits={}
    )
    engine = LlamaCppEngine()
    engine.load(folder, settings, lambda loading: None)

    def ask(request: Generate) -> Timing:
        body = body_of(request, ANY_SLOT)
        started = time.perf_counter()
        firsts: list[float] = []

        def take(chunk: dict[str, object]) -> bool:
            choices = chunk.get("choices")
            if not firsts and choices and choices[0]["delta"].get("content"):  # type: ignore[index]
                firsts.append(time.perf_counter() - started)
            return False

        engine._server.handle_chat_completions(body, take)
        return firsts[0], time.perf_counter() - started

    ask(_request(99))
    timings = {streams: _at_once(streams, ask) for streams in STREAMS}
    engine.close()
    return timings
