"""A benchmark against real processes: each load is one, a busy worker is left alone, Stop stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from workers.assembly import build_pool
from workers.client import Client, StopSwitch
from workers.flows.benchmark.measuring import REPEATS, Benchmark, Stopped
from workers.flows.benchmark.running import BenchmarkRunner
from workers.messages import MODALITIES, ChatMessage, Finished, Generate, LoadModel, Modality
from workers.messages.errors import AppError, ResourceError, UnsupportedInputError
from workers.models.benchmarks.book import BenchmarkBook

from .watching import wait_for

SLOW = Generate(messages=(ChatMessage(role="user", text="!slow " + "word " * 600),))


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    settings = load_settings("fake", {"data_dir": str(tmp_path), "log_level": "ERROR"})
    pool, client = build_pool(settings, load_catalogue())
    pool.start()
    yield client
    pool.close()


@pytest.mark.parametrize("modality", MODALITIES)
def test_a_model_of_any_modality_is_loaded_and_asked_several_times(
    client: Client, modality: Modality
) -> None:
    card = client.card(modality)
    steps: list[tuple[int, int]] = []
    pids = set()

    def report(what: str, done: int, total: int) -> None:
        steps.append((done, total))
        worker = next(w for w in client.status().workers if w.modality == modality)
        pids.update({worker.pid} - {None})

    found = Benchmark(client, card, report, StopSwitch()).measure()
    assert len(found.runs) == REPEATS
    assert steps[-1] == (9, 9)
    assert steps == sorted(steps)
    for run in found.runs:
        assert run.load_s > 0
        assert run.read > 0
        assert run.total_s > 0
        assert 0 < run.first_s <= run.total_s
        assert run.pace > 0
        assert run.peak_mib > 0
    wait_for(lambda: client.loaded(modality) is None)  # it slept before


def test_the_default_model_is_back_afterwards(client: Client) -> None:
    client.run(LoadModel(modality="text"))
    other = client.models.get("fake-text-2")
    found = Benchmark(client, other, lambda *_: None, StopSwitch()).measure(repeats=1)
    assert found.model_id == "fake-text-2"
    wait_for(lambda: (card := client.loaded("text")) is not None and card.id == "fake-text")


def test_a_busy_worker_is_not_put_to_sleep(client: Client, tmp_path: Path) -> None:
    with_work = client.stream(SLOW)
    next(with_work)
    wait_for(lambda: any(worker.num_running for worker in client.status().workers))
    runner = BenchmarkRunner(client, BenchmarkBook(tmp_path))
    with pytest.raises(ResourceError, match=r"at work: 1 running") as caught:
        runner.start("fake-text")
    assert "puts it to sleep first" in caught.value.hint
    assert runner.state is None
    with_work.close()


def test_sleep_that_is_only_for_the_idle_cancels_nothing(client: Client) -> None:
    quick = Generate(messages=(ChatMessage(role="user", text="!slow one two three four five"),))
    with_work = client.stream(quick)
    next(with_work)
    client.sleep("text", only_idle=True)
    *_, end = with_work
    assert isinstance(end, Finished)
    assert end.reason == "stop"
    wait_for(lambda: not any(worker.num_running for worker in client.status().workers))
    client.sleep("text", only_idle=True)
    wait_for(lambda: client.loaded("text") is None)


def test_the_runner_keeps_results_refuses_a_second_and_stops(
    client: Client, tmp_path: Path
) -> None:
    book = BenchmarkBook(tmp_path)
    runner = BenchmarkRunner(client, book)
    runner.start("fake-text")
    with pytest.raises(ResourceError, match="is being measured"):
        runner.start("fake-tts")
    wait_for(lambda: runner.state is not None and not runner.state.is_running)
    assert runner.state is not None
    assert runner.state.problem == ""
    assert [one.model_id for one in book.all()] == ["fake-text"]
    runner.start("fake-text-slow")
    runner.stop()
    wait_for(lambda: runner.state is not None and not runner.state.is_running)
    assert runner.state.is_stopped
    assert len(book.all()) == 1


def test_what_fails_says_why_and_is_not_kept(client: Client, tmp_path: Path) -> None:
    book = BenchmarkBook(tmp_path)
    runner = BenchmarkRunner(client, book)
    runner.start("fake-text-broken")
    wait_for(lambda: runner.state is not None and not runner.state.is_running)
    assert runner.state is not None
    assert runner.state.problem
    assert book.all() == ()
    with pytest.raises(UnsupportedInputError, match="beside the embedder"):
        runner.start("bge-reranker-v2-m3")
    with pytest.raises(AppError):
        runner.start("no-such-model")


def test_stop_is_heard_between_steps(client: Client) -> None:
    stop = StopSwitch()
    begun = threading.Event()

    def report(what: str, done: int, total: int) -> None:
        begun.set()
        stop.press()

    with pytest.raises(Stopped):
        Benchmark(client, client.card("text"), report, stop).measure()
    assert begun.is_set()
