"""Chat through the pool on a `llama-server` against that program alone, asked over HTTP.

Alone it runs twice: with the flags that our engine gives it, so that the ratio is what the pool and the way
there cost, and with its own defaults, which is what somebody would have who started it by hand. The three
take turns, each alive only while it is measured. The program is `QUINTET_GGUF__SERVER`, or the one that
`quintet env create llamacpp` has built, or the one on the PATH.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from workers.client import Client
from workers.engines.text.llamacpp_json import body_of
from workers.engines.text.slots import ANY_SLOT
from workers.messages import ChatMessage, Finished, Generate, SamplingParams
from workers.messages.errors import EngineNotInstalledError
from workers.models.llama_server.choosing import adapted
from workers.models.llama_server.finding import find_server
from workers.pool.threads import usable_cores, wait_policy

from .harness import Measurement, quiet_pool

STREAMS = (1, 4, 8)
SLOTS = 8
RUNS = 5
REPEATS = 3
"""Of each number of streams in a run: one answer of 100 tokens is over within a second."""
NUM_TOKENS = 100
PROMPT_WORDS = 900
MODEL = "smollm2-135m-instruct"
KEY = "benchmark"
START_TIMEOUT_S = 120.0

Ask = Callable[[Generate], float]
"""Asks, and returns the seconds to the end of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSpeeds:
    """Seconds that one side took."""

    chat_s: dict[int, float]
    """By the number of streams, all together."""
    prompt_s: float
    """For a long prompt and one token."""


def measure() -> list[Measurement]:
    """Return the ratios; none, and a sentence, where there is no such program."""
    try:
        program = _program()
    except EngineNotInstalledError as err:
        print(err, file=sys.stderr)
        return []
    ours, same, own = [], [], []
    for number in range(RUNS):
        with _through_pool(program) as (ask, flags):
            ours.append(_speeds(ask, number))
        with _alone(program, flags, calm=True) as ask:
            same.append(_speeds(ask, number))
        with _alone(program, _defaults(flags), calm=False) as ask:
            own.append(_speeds(ask, number))
    return [
        *_rows("with the same flags", "≥ 0.97", ours, same),
        *_rows("with its own defaults", "", ours, own),
    ]


def _rows(
    how: str, bar: str, ours: Sequence[RunSpeeds], theirs: Sequence[RunSpeeds]
) -> Iterator[Measurement]:
    pairs = list(zip(ours, theirs, strict=True))
    for streams in STREAMS:
        speed = streams * NUM_TOKENS / statistics.median(s.chat_s[streams] for s in ours)
        yield Measurement(
            what=f"llama-server at {streams} streams, pool ÷ alone {how}",
            value=statistics.median(b.chat_s[streams] / a.chat_s[streams] for a, b in pairs),
            unit="ratio",
            bar=bar,
            runs=RUNS,
            note=f"{speed:.0f} tokens/s; load {os.getloadavg()[0]:.1f}",
        )
    yield Measurement(
        what=f"llama-server reading {PROMPT_WORDS} words, pool ÷ alone {how}",
        value=statistics.median(b.prompt_s / a.prompt_s for a, b in pairs),
        unit="ratio",
        bar=bar,
        runs=RUNS,
        note=f"{statistics.median(s.prompt_s for s in ours):.2f} s",
    )


def _program() -> Path:
    """Raises: EngineNotInstalledError."""
    settings = load_settings("cpu", {"gguf": {"engine": "llama-server"}})
    return find_server(adapted(settings)(load_catalogue()[MODEL]), settings.data_dir)


def _speeds(ask: Ask, run: int) -> RunSpeeds:
    _at_once(SLOTS, ask, run + 90)  # in each slot lies what all prompts begin with
    return RunSpeeds(
        chat_s={
            streams: statistics.median(_at_once(streams, ask, run) for _ in range(REPEATS))
            for streams in STREAMS
        },
        prompt_s=ask(_long_prompt(run)),
    )


def _at_once(streams: int, ask: Ask, run: int) -> float:
    started = time.perf_counter()
    threads = [
        threading.Thread(target=ask, args=(_story(number, run),)) for number in range(streams)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def _story(number: int, run: int) -> Generate:
    question = f"Write a very long story about fox number {number} of pack {run}."
    return _request(question, NUM_TOKENS)


def _long_prompt(run: int) -> Generate:
    words = " ".join(f"fox{run}{number}" for number in range(PROMPT_WORDS // 3))
    return _request(words, 1)


def _request(text: str, max_tokens: int) -> Generate:
    sampling = SamplingParams(max_tokens=max_tokens, temperature=0.8, ignore_eos=True)
    return Generate(messages=(ChatMessage(role="user", text=text),), sampling=sampling)


@contextmanager
def _through_pool(program: Path) -> Iterator[tuple[Ask, list[str]]]:
    """Yield how to ask, and the flags that the program was started with."""
    text = {"model": MODEL, "slots": SLOTS, "threads": 0}
    gguf = {"engine": "llama-server", "server": str(program)}
    with quiet_pool(gguf=gguf, workers={"text": text}) as (_, client):
        client.run(_request("Hello", 1))
        (pid,) = (worker.pid for worker in client.status().workers if worker.modality == "text")
        (server,) = psutil.Process(pid).children(recursive=True)
        yield lambda request: _ask_pool(client, request), server.cmdline()[1:]


def _ask_pool(client: Client, request: Generate) -> float:
    started = time.perf_counter()
    events = client.run(request)
    assert isinstance(events[-1], Finished)  # a single token may be half a character
    return time.perf_counter() - started


def _defaults(flags: list[str]) -> list[str]:
    """Keep what must be alike: the model, the context, the slots."""
    kept = ("--host", "--model", "--ctx-size", "--parallel")
    return [word for flag in kept for word in (flag, flags[flags.index(flag) + 1])]


@contextmanager
def _alone(program: Path, flags: list[str], *, calm: bool) -> Iterator[Ask]:
    """Run the program by itself; `calm`: its threads wait as a worker's do."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/alone.sock"
        arguments = [str(program), *flags]
        arguments[arguments.index("--host") + 1] = path
        waits = wait_policy(usable_cores()) if calm else {}
        environ = {**os.environ, **waits, "LLAMA_API_KEY": KEY}
        process = subprocess.Popen(
            arguments, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait(path)
            yield lambda request: _ask_alone(path, request)
        finally:
            process.kill()
            process.wait()


def _wait(path: str) -> None:
    until = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < until:
        if Path(path).exists() and b" 200 " in _exchange(path, "GET", "/health", b""):
            return
        time.sleep(0.1)
    raise TimeoutError("the llama-server did not start")


def _ask_alone(path: str, request: Generate) -> float:
    body = json.dumps(body_of(request, ANY_SLOT)).encode()
    started = time.perf_counter()
    said = _exchange(path, "POST", "/v1/chat/completions", body)
    assert b"[DONE]" in said
    return time.perf_counter() - started


def _exchange(path: str, method: str, route: str, body: bytes) -> bytes:
    """The least that asking costs: a socket, and no reading of what comes."""
    head = (
        f"{method} {route} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(path)
        except OSError:
            return b""
        connection.sendall(head.encode() + body)
        said = b""
        while piece := connection.recv(1 << 16):
            said += piece
        return said
