"""The real embedding model, loaded once, and a worker with a fresh index where a test needs one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from tests.rag.material import handbook_pdf
from workers.engines.contract import CancelToken
from workers.engines.rag.onnx_embedder import OnnxEmbedder
from workers.engines.rag.worker import RagWorker
from workers.messages import DocumentIndexed, Event, Finished, Ingest, Media, Request
from workers.messages.process_spec import WorkerSettings

LIMITS = {"max_file_mib": 4.0, "max_pages": 60.0}


def worker_settings(data_dir: Path) -> WorkerSettings:
    return WorkerSettings(
        card=load_catalogue()["all-minilm-l6-v2"],
        threads=2,
        slots=2,
        data_dir=data_dir,
        limits=LIMITS,
    )


def ask(worker: RagWorker, request: Request) -> list[Event]:
    """Run a request to its end; returns what came before the end, which some requests say themselves."""
    events = list(worker.handle(request, CancelToken()))
    if events and isinstance(events[-1], Finished):
        events.pop()
    assert not any(isinstance(event, Finished) for event in events)
    return events


def add(worker: RagWorker, collection: str, **files: bytes) -> list[DocumentIndexed]:
    """Index files, given as name_suffix=bytes, and return what became of each."""
    documents = tuple(Media(name=n.replace("__", "."), data=d) for n, d in files.items())
    events = ask(worker, Ingest(collection=collection, documents=documents))
    return [event for event in events if isinstance(event, DocumentIndexed)]


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rag")


@pytest.fixture(scope="session")
def worker(data_dir: Path) -> Iterator[RagWorker]:
    worker = RagWorker(OnnxEmbedder())
    worker.load(worker_settings(data_dir), lambda loading: None)
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def handbook(worker: RagWorker) -> str:
    """The name of a collection that holds the 25-page handbook."""
    (indexed,) = add(worker, "handbook", handbook__pdf=handbook_pdf())
    assert indexed.status == "added", indexed.reason
    return "handbook"


@pytest.fixture
def collection(request: pytest.FixtureRequest) -> str:
    """A name nobody else uses."""
    return f"of {request.node.name}"[:80]


@pytest.fixture
def open_worker() -> Iterator[Callable[[Path], RagWorker]]:
    """Load further workers, closed after the test."""
    opened: list[RagWorker] = []

    def load(folder: Path) -> RagWorker:
        worker = RagWorker(OnnxEmbedder())
        worker.load(worker_settings(folder), lambda loading: None)
        opened.append(worker)
        return worker

    yield load
    for worker in opened:
        worker.close()
