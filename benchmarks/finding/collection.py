"""The corpora as one collection, made by the code that makes everybody's, and kept for the next run.

Vectors are kept by the SHA-256 of their text in a cache folder, so a second run embeds only what changed.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs.catalogue import load_catalogue
from workers.engines.contract import CancelToken
from workers.engines.rag.chroma import ChromaStore
from workers.engines.rag.collection_index import CollectionIndex
from workers.engines.rag.document_store import DocumentStore
from workers.engines.rag.documents.reader import DocumentLimits
from workers.engines.rag.ingest import Ingestion
from workers.engines.rag.originals import Originals
from workers.messages import Chunk, DocumentIndexed, Ingest, Media
from workers.messages.process_spec import WorkerSettings
from workers.models.weights import find_folder
from workers.pool.threads import usable_cores, wait_policy

from .corpora import source_files

if TYPE_CHECKING:
    from workers.engines.rag.engine import FloatArray

MODEL = "all-minilm-l6-v2"
ALL = "all"
"""The collection with the files of all corpora; each corpus has one of its own beside it."""
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "quintet-benchmarks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Indexed corpora, ready to be asked."""

    index: CollectionIndex
    embedder: CachedEmbedder

    def chunks(self, collection: str) -> tuple[Chunk, ...]:
        """Return the passages of a collection."""
        return self.index.chunks(collection, None)


class CachedEmbedder:
    """The default embedder, which remembers what it has embedded."""

    def __init__(self) -> None:
        """Load the model, and the vectors of the last run."""
        import numpy as np

        os.environ.update(wait_policy(usable_cores()))
        from workers.engines.rag.onnx_embedder import OnnxEmbedder

        self._engine: Any = OnnxEmbedder()
        with tempfile.TemporaryDirectory() as folder:
            card = load_catalogue()[MODEL]
            settings = WorkerSettings(
                card=card, threads=usable_cores(), slots=1, data_dir=Path(folder), limits={}
            )
            self._engine.load(find_folder(card, settings.data_dir), settings, lambda loading: None)
        self._path = CACHE / f"{MODEL}.npz"
        self._known: dict[str, FloatArray] = {}
        if self._path.exists():
            with np.load(self._path) as kept:
                self._known = dict(zip(kept["keys"].tolist(), kept["rows"], strict=True))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def embed(self, texts: Sequence[str], prompt: str = "") -> FloatArray:
        """Return the rows of the texts; new ones are computed."""
        import numpy as np

        keys = [hashlib.sha256(f"{prompt}\0{text}".encode()).hexdigest() for text in texts]
        new = [at for at, key in enumerate(keys) if key not in self._known]
        if new:
            rows = self._engine.embed([texts[at] for at in new], prompt)
            self._known |= {keys[at]: row for at, row in zip(new, rows, strict=True)}
        return np.stack([self._known[key] for key in keys])

    def save(self) -> None:
        """Keep the vectors for the next run."""
        import numpy as np

        CACHE.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(f".{os.getpid()}.npz")
        keys, rows = np.array(list(self._known)), np.stack(list(self._known.values()))
        np.savez(unfinished, keys=keys, rows=rows)
        unfinished.replace(self._path)


@contextmanager
def prepared() -> Iterator[Prepared]:
    """Yield the collections, indexed in a folder that goes afterwards. Raises: RuntimeError."""
    embedder = CachedEmbedder()
    with tempfile.TemporaryDirectory() as name:
        index = CollectionIndex(
            DocumentStore(Path(name) / "ledger.sqlite3"),
            ChromaStore(Path(name) / "vectors"),
            Originals(Path(name) / "originals"),
            MODEL,
            embedder.dim,
        )
        ingestion = Ingestion(index, embedder, DocumentLimits())
        try:
            for source in source_files():
                media = Media(name=source.name, data=source.path.read_bytes())
                for collection in (source.corpus, ALL):
                    _add(ingestion, collection, media)
            embedder.save()
            yield Prepared(index=index, embedder=embedder)
            embedder.save()
        finally:
            index.close()


def _add(ingestion: Ingestion, collection: str, media: Media) -> None:
    request = Ingest(collection=collection, documents=(media,))
    for event in ingestion.run(request, CancelToken()):
        if isinstance(event, DocumentIndexed) and event.status != "added":
            raise RuntimeError(f"{media.name} could not be indexed: {event.reason}")
