"""An engine on a program of its own: what it is received_by, who reaches it, how it streams, stops and ends."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.running import is_alive
from workers.engines.common.llamacpp.server import import_xllamacpp
from workers.engines.common.llamaserver import transport
from workers.engines.common.llamaserver.flags import flags_of
from workers.engines.contract import CancelToken
from workers.engines.rag.llama_server import LlamaServerReranker
from workers.engines.text.engine import Completion, Delta
from workers.engines.text.llama_server import LlamaServerEngine
from workers.engines.vision.llama_server import LlamaServerVisionEngine
from workers.messages import ChatMessage, Generate, Loading, SamplingParams
from workers.messages.errors import (
    AppError,
    EngineNotInstalledError,
    GenerationError,
    LoadError,
    OutOfMemoryError,
    UnsupportedInputError,
)
from workers.models.llama_server.asking import ask
from workers.models.weights import find_folder

from .conftest import Program, card_on, received_by, settings_for

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0


def wait_for(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


@contextmanager
def loaded(path: Path, data_dir: Path, **changes: Any) -> Iterator[LlamaServerEngine]:
    engine = LlamaServerEngine()
    asked = replace(settings_for(card_on(path), data_dir), **changes)
    engine.load(find_folder(asked.card, data_dir), asked, lambda loading: None)
    with closing(engine):
        yield engine


def say(text: str, **sampling: Any) -> Generate:
    turns = (ChatMessage(role="user", text=text),)
    return Generate(messages=turns, sampling=SamplingParams(**sampling))


def answer(engine: LlamaServerEngine, text: str) -> str:
    pieces = engine.generate(say(text), CancelToken())
    return "".join(piece.text for piece in pieces if isinstance(piece, Delta))


def common_params() -> Any:
    return import_xllamacpp("text").CommonParams()


def value_of(arguments: list[str], flag: str) -> str:
    return arguments[arguments.index(flag) + 1]


@pytest.mark.parametrize("sockets", [True, False], ids=["socket", "port"])
def test_it_answers_in_pieces_and_counts(program: Program, tmp_path: Path, sockets: bool) -> None:
    path = program(sockets=sockets)
    with loaded(path, tmp_path) as engine:
        pieces = list(engine.generate(say("one two three"), CancelToken()))
    texts = [piece.text for piece in pieces if isinstance(piece, Delta)]
    assert "".join(texts) == "one two three "  # those that come at once are joined
    assert isinstance(pieces[-1], Completion)
    assert pieces[-1].usage.completion_tokens == 3
    host = value_of(received_by(path)["arguments"], "--host")
    assert host.endswith(".sock") if sockets else host == "127.0.0.1"


def test_it_is_told_what_the_engine_in_the_process_would_be(
    program: Program, tmp_path: Path
) -> None:
    path = program()
    with loaded(path, tmp_path, slots=3, limits={"max_context_tokens": 512}) as engine:
        assert engine.context_length == 512
    arguments = received_by(path)["arguments"]
    assert value_of(arguments, "--model").endswith(".gguf")
    assert value_of(arguments, "--ctx-size") == "1536"
    assert value_of(arguments, "--parallel") == "3"
    assert value_of(arguments, "--reasoning-format") == "deepseek"
    assert value_of(arguments, "--gpu-layers") == "0"
    assert {"--jinja", "--offline", "--no-ui", "--no-kv-unified"} <= set(arguments)


def test_what_an_older_program_does_without_is_left_out(program: Program, tmp_path: Path) -> None:
    lacks = ("--no-kv-unified", "--cache-ram", "--offline", "--no-ui", "--no-slots", "--device")
    path = program(without=lacks)
    with loaded(path, tmp_path) as engine:
        assert answer(engine, "still here") == "still here "
    assert not set(lacks) & set(received_by(path)["arguments"])


def test_what_it_cannot_be_told_is_refused_and_not_lost(program: Program) -> None:
    asked, untouched = common_params(), common_params()
    known = ask(program())
    asked.yarn_orig_ctx = 4096
    with pytest.raises(LoadError, match="cannot be told: yarn_orig_ctx"):
        flags_of(asked, untouched, known)
    asked = common_params()
    asked.mmproj.path = "/p"
    old = ask(program("old", without=("--mmproj",)))
    with pytest.raises(EngineNotInstalledError, match="does not know --mmproj"):
        flags_of(asked, untouched, old)


def test_nobody_else_can_use_it(program: Program, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("LLAMA_ARG_HOST", "0.0.0.0")  # noqa: S104 — must not be heard
    monkeypatch.setenv("HF_TOKEN", "secret")
    path = program(sockets=False)
    with loaded(path, tmp_path) as engine:
        asked = received_by(path)
        key = asked["variables"]["LLAMA_API_KEY"]
        assert len(key) > 30
        assert key not in " ".join(psutil.Process(engine._server.pid).cmdline())
        assert not {"LLAMA_ARG_HOST", "HF_TOKEN"} & set(asked["variables"])
        port = value_of(asked["arguments"], "--port")
        body = {"messages": [{"role": "user", "content": "hello"}]}
        reply = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body)
        assert reply.status_code == 401


def test_its_socket_lies_where_only_this_user_may_enter(program: Program, tmp_path: Path) -> None:
    path = program()
    with loaded(path, tmp_path):
        folder = Path(value_of(received_by(path)["arguments"], "--host")).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_stop_ends_the_connection(program: Program, tmp_path: Path) -> None:
    path, cancel, seen = program(), CancelToken(), 0
    with loaded(path, tmp_path) as engine:
        for _ in engine.generate(say("!forever"), cancel):
            seen += 1
            cancel.cancel()
        assert seen == 1
        wait_for((path.parent / "left").exists)
        assert answer(engine, "free again") == "free again "


def test_a_refusal_and_a_failure_are_told_apart(program: Program, tmp_path: Path) -> None:
    with loaded(program(), tmp_path) as engine:
        with pytest.raises(UnsupportedInputError, match="no such thing"):
            answer(engine, "!refuse")
        with pytest.raises(GenerationError, match="it went wrong"):
            answer(engine, "so far !error")


@pytest.mark.parametrize(
    ("number", "error", "sentence"),
    [
        (signal.SIGABRT, LoadError, "could not load SmolLM2 135M Instruct .signal 6.: .*no model"),
        (signal.SIGKILL, OutOfMemoryError, "SmolLM2 135M Instruct does not fit: .*no model"),
    ],
)
def test_one_that_dies_loading_is_told_with_its_last_words(
    program: Program, tmp_path: Path, number: int, error: type[AppError], sentence: str
) -> None:
    path = program(dies_loading=int(number))
    with pytest.raises(error, match=sentence), loaded(path, tmp_path):
        pass


def test_what_it_died_of_may_stand_some_lines_back(program: Program, tmp_path: Path) -> None:
    lines = ["ggml: failed to allocate CPU buffer of size 9999", *[f"line {n}" for n in range(20)]]
    path = program(dies_loading=int(signal.SIGABRT), last_lines=lines)
    sentence = "does not fit: line 17 / line 18 / line 19"
    with pytest.raises(OutOfMemoryError, match=sentence), loaded(path, tmp_path):
        pass


def test_closing_leaves_nothing_behind(program: Program, tmp_path: Path) -> None:
    with loaded(program(), tmp_path) as engine:
        pid = engine._server.pid
    assert not psutil.pid_exists(pid)
    assert not [child for child in psutil.Process().children() if child.pid == pid]


WORKER = """
import sys, time
from pathlib import Path
from tests.llama_server.test_engine import loaded
with loaded(Path(sys.argv[1]), Path(sys.argv[2])) as engine:
    print(engine._server.pid, flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the pool ends the group")
def test_it_dies_with_its_worker_even_by_kill_9(program: Program, tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(program()), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as worker:
        assert worker.stdout is not None
        server = psutil.Process(int(worker.stdout.readline()))
        os.kill(worker.pid, signal.SIGKILL)
        wait_for(lambda: not is_alive(server.pid))


def test_loading_says_how_far_it_is(program: Program, tmp_path: Path) -> None:
    said: list[object] = []
    asked = settings_for(card_on(program()), tmp_path)
    engine = LlamaServerEngine()
    engine.load(find_folder(asked.card, tmp_path), asked, said.append)
    engine.close()
    fractions = [loading.fraction for loading in said if isinstance(loading, Loading)]
    assert fractions[0] is None
    assert all(fraction is not None and 0 < fraction <= 1 for fraction in fractions[1:])


@pytest.mark.parametrize(
    ("device", "listed", "options", "expected"),
    [
        ("cuda:0", ["CUDA0"], {}, ("999", "cuda:0")),
        ("cuda:0", ["CUDA0"], {"gpu_layers": 7}, ("7", "cuda:0")),
        ("cpu", ["CUDA0"], {}, ("0", "cpu")),
        ("cpu", ["Vulkan0"], {}, ("0", "cpu")),
        ("vulkan0", ["Vulkan0"], {}, ("999", "vulkan0")),
        ("mtl0", ["MTL0"], {"gpu_layers": 5}, ("5", "mtl0")),
        ("cpu", [], {}, ("0", "cpu")),
    ],
)
def test_layers_go_where_the_pool_has_said(
    program: Program, tmp_path: Path, device: str, listed: list[str], options: Any, expected: Any
) -> None:
    path = program(devices=listed)
    card = card_on(path, options=options)
    with loaded(path, tmp_path, card=card, device=device) as engine:
        assert (value_of(received_by(path)["arguments"], "--gpu-layers"), engine.device) == expected


def test_pictures_and_rerankers_are_told_too(program: Program) -> None:
    """Their engines load real files; here only what they say is translated."""
    params, known = common_params(), ask(program())
    params.mmproj.path, params.image_max_tokens, params.mmproj_use_gpu = "/p.gguf", 64, False
    flags = flags_of(params, common_params(), known)
    assert value_of(flags, "--mmproj") == "/p.gguf"
    assert value_of(flags, "--image-max-tokens") == "64"
    assert "--no-mmproj-offload" in flags
    params = common_params()
    kinds = import_xllamacpp("text").common_speculative_type
    params.speculative.types = [kinds.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE]
    params.speculative.ngram_simple.size_n = 4
    drafting = ask(program("drafts", more=("--spec-type", "--spec-ngram-simple-size-n")))
    flags = flags_of(params, common_params(), drafting)
    assert value_of(flags, "--spec-type") == "ngram-simple"
    assert value_of(flags, "--spec-ngram-simple-size-n") == "4"
    params.embedding, params.pooling_type, params.warmup = True, 4, False
    flags = flags_of(params, common_params(), known)
    assert value_of(flags, "--pooling") == "rank"
    assert {"--embeddings", "--reranking", "--no-warmup"} <= set(flags)
    assert "--spec-type" not in flags
    assert LlamaServerVisionEngine._open is LlamaServerReranker._open


STREAM = b'data: {"a": 1}\n\ndata: {"b": "\xc3\xa9"}\n\n: ping\n\nerror: {"code": 500}\n\ndata: [DONE]\n\n'


@settings(deadline=None)  # the machine may have other things to do
@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_a_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in pairwise(places)]
    expected = [{"a": 1}, {"b": "é"}, {"error": {"code": 500}}]
    assert list(transport._chunks(iter(pieces))) == expected
