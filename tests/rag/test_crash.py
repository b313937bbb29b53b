"""A worker killed in the middle, and a disk that is full, leave an index that works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rag.conftest import add, ask
from tests.rag.material import MARKDOWN, handbook_pdf, word_file
from tests.rag.test_worker import find, num_vectors
from workers.engines.rag.worker import RagWorker
from workers.messages import Collections, Embed, ListCollections
from workers.messages.errors import DiskFullError, FolderInUseError

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
INDEX_UNTIL_KILLED = """
import sys
from pathlib import Path
from tests.rag.conftest import worker_settings
from tests.rag.material import MARKDOWN, handbook_pdf
from workers.messages import Ingest, Media
from workers.engines.rag.worker import RagWorker
from workers.engines.rag.onnx_embedder import OnnxEmbedder
from workers.engines.contract import CancelToken

worker = RagWorker(OnnxEmbedder())
worker.load(worker_settings(Path(sys.argv[1])), lambda loading: None)
documents = (
    Media(name="small.md", data=MARKDOWN.encode()), Media(name="big.pdf", data=handbook_pdf(50)),
)
for event in worker.handle(Ingest(collection="c", documents=documents), CancelToken()):
    done = getattr(event, "done", 0) if getattr(event, "unit", "") == "chunks" else 0
    print(int(done), getattr(event, "what", ""), flush=True)
"""


def test_kill_in_the_middle_of_a_file(
    open_worker: Callable[[Path], RagWorker], tmp_path: Path
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", INDEX_UNTIL_KILLED, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        done, _, what = line.strip().partition(" ")
        if what == "big.pdf" and int(done) >= 34:  # one batch of vectors is written
            break
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()

    worker = open_worker(tmp_path)
    assert [d.name for d in worker._index.documents("c")] == ["small.md"]
    assert num_vectors(worker, "c") == 1
    assert find(worker, "c", "How hot is the oven?")[0].document_name == "small.md"
    assert add(worker, "c", small__md=MARKDOWN.encode())[0].status == "unchanged"
    (again,) = add(worker, "c", big__pdf=handbook_pdf(50))
    assert again.status == "added"
    assert num_vectors(worker, "c") == 1 + again.document.num_chunks


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose collections lie on a disk of 48 MiB."""
    folder = tmp_path / "collections"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield tmp_path
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(data_dir: Path, free_mib: float) -> Path:
    """Leave so much room on the disk."""
    ballast = data_dir / "collections" / "ballast"
    room = os.statvfs(ballast.parent)
    ballast.write_bytes(bytes(room.f_bavail * room.f_frsize - int(free_mib * 2**20)))
    return ballast


def test_full_disk_is_reported_and_earlier_documents_stay(
    small_disk: Path, open_worker: Callable[[Path], RagWorker]
) -> None:
    cramped = open_worker(small_disk)
    assert add(cramped, "c", garden__docx=word_file())[0].status == "added"
    ballast = fill(small_disk, free_mib=4)
    with pytest.raises(DiskFullError, match=r"4\.2 MB are free") as caught:
        add(cramped, "c", big__pdf=handbook_pdf(5))
    assert "what was indexed before is kept" in caught.value.hint
    assert find(cramped, "c", "When are tomatoes watered?")[0].document_name == "garden.docx"
    assert [d.name for d in cramped._index.documents("c")] == ["garden.docx"]
    ballast.unlink()
    assert add(cramped, "c", big__pdf=handbook_pdf(5))[0].status == "added"


def test_disk_filled_by_others_is_reported_and_harms_nothing(
    small_disk: Path, open_worker: Callable[[Path], RagWorker]
) -> None:
    cramped = open_worker(small_disk)
    assert add(cramped, "c", garden__docx=word_file())[0].status == "added"
    ballast = fill(small_disk, free_mib=0)
    with pytest.raises(DiskFullError):
        add(cramped, "c", a__md=b"# Herons\n\nThey stand on one leg.")
    ballast.unlink()
    assert find(cramped, "c", "When are tomatoes watered?")[0].document_name == "garden.docx"
    assert add(cramped, "c", a__md=b"# Herons\n\nThey stand on one leg.")[0].status == "added"
    assert find(cramped, "c", "Which bird stands on one leg?")[0].document_name == "a.md"


def test_a_second_program_is_reported_and_harms_nothing(
    open_worker: Callable[[Path], RagWorker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.engines.rag.lock.TIMEOUT_S", 0.1)
    first = open_worker(tmp_path)
    (indexed,) = add(first, "c", small__md=MARKDOWN.encode())
    assert indexed.status == "added"
    second = open_worker(tmp_path)
    assert ask(second, Embed(texts=("words",)))
    with pytest.raises(FolderInUseError, match="Another Quintet has the documents"):
        ask(second, ListCollections())
    assert [d.name for d in first._index.documents("c")] == ["small.md"]
    first.close()
    (listed,) = ask(second, ListCollections())
    assert isinstance(listed, Collections)
    assert [collection.num_documents for collection in listed.collections] == [1]
