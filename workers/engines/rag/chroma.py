"""The default store: Chroma on disk, one Chroma collection per space, cosine distance.

Only this file knows chromadb. It keeps vectors and the id of their document; the texts are kept in
the document store, which alone says what is complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.messages.errors import EngineNotInstalledError, GenerationError

from .disk import disk_errors, require_room
from .engine import StoreHit

if TYPE_CHECKING:
    from .engine import FloatArray


_SEARCHED = 400
"""Neighbours that are looked at for a question (HNSW's ef_search); Chroma's 100 lose some of the 200 wanted."""


class ChromaStore:
    """Vectors in a folder that Chroma owns."""

    def __init__(self, folder: Path) -> None:
        """Raises: EngineNotInstalledError, DiskFullError."""
        try:
            import chromadb
            from chromadb.config import Settings
            from chromadb.errors import ChromaError, NotFoundError
        except ImportError as err:
            raise EngineNotInstalledError(
                f"Keeping documents needs the package {err.name}, which is not installed.",
                hint="Run: pip install chromadb",
            ) from err
        self._not_found = NotFoundError
        self._chroma_error = ChromaError
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with disk_errors(folder):
            self._client: Any = chromadb.PersistentClient(
                path=folder, settings=Settings(anonymized_telemetry=False)
            )

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            with disk_errors(self._folder):
                yield
        except self._not_found:
            raise
        except self._chroma_error as err:
            raise GenerationError(f"The document index failed: {err}.") from err

    def _find(self, space: str) -> Any | None:
        try:
            return self._client.get_collection(space, embedding_function=None)
        except self._not_found:
            return None

    def add(
        self, space: str, document_id: str, chunk_ids: Sequence[str], vectors: FloatArray
    ) -> None:
        """Keep the rows; ids that are already there are overwritten."""
        require_room(self._folder)
        with self._guarded():
            collection = self._client.get_or_create_collection(
                space,
                configuration={"hnsw": {"space": "cosine", "ef_search": _SEARCHED}},
                embedding_function=None,
            )
            collection.upsert(
                ids=list(chunk_ids),
                embeddings=vectors,
                metadatas=[{"document_id": document_id}] * len(chunk_ids),
            )

    def nearest(self, space: str, vector: FloatArray, top_k: int) -> list[StoreHit]:
        """Return at most `top_k` hits, best first."""
        with self._guarded():
            collection = self._find(space)
            if collection is None:
                return []
            if (
                collection.configuration_json["hnsw"]["ef_search"] < _SEARCHED
            ):  # of an earlier version
                collection.modify(configuration={"hnsw": {"ef_search": _SEARCHED}})
            found = collection.query(
                query_embeddings=[vector], n_results=top_k, include=["distances"]
            )
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [StoreHit(chunk_id=chunk_id, score=1.0 - float(far)) for chunk_id, far in pairs]

    def vectors(self, space: str, chunk_ids: Sequence[str]) -> dict[str, FloatArray]:
        """Return the rows of those ids that are there."""
        with self._guarded():
            collection = self._find(space)
            if collection is None or not chunk_ids:
                return {}
            found = collection.get(ids=list(chunk_ids), include=["embeddings"])
        return dict(zip(found["ids"], found["embeddings"], strict=True))

    def delete_document(self, space: str, document_id: str) -> None:
        """Remove the rows of one document."""
        with self._guarded():
            collection = self._find(space)
            if collection is not None:
                collection.delete(where={"document_id": document_id})

    def delete_space(self, space: str) -> None:
        """Remove a space and all its rows."""
        with self._guarded():
            if self._find(space) is not None:
                self._client.delete_collection(space)

    def close(self) -> None:
        """Release the files."""
        self._client.close()
