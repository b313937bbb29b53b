"""Collections of documents: ledger and vectors kept in step.

The order of writes is the whole trick. Adding: note the document as unfinished, write its vectors,
then make it visible in one ledger transaction. Deleting: make it invisible first, then remove its
vectors. Whatever a kill -9 leaves behind is vectors that nothing points to, and `sweep` removes
them at the next start.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workers.errors import NotFoundError, UnsupportedInputError
from workers.messages import CollectionInfo, DocumentInfo

from .engine import Store
from .ledger import Chunk, Collection, Ledger

if TYPE_CHECKING:
    from .engine import FloatArray

_MAX_NAME_CHARS = 80


class Index:
    """The collections on disk, all in the vector space of one embedding model."""

    def __init__(self, ledger: Ledger, store: Store, model_id: str, dim: int) -> None:
        """`model_id` and `dim` are the loaded embedder's."""
        self.ledger = ledger
        self.store = store
        self._model_id = model_id
        self._dim = dim

    def sweep(self) -> None:
        """Remove what an interrupted process left behind. Call before any other work."""
        for collection in self.ledger.dropped():
            self.store.delete_space(collection.space)
            self.ledger.forget_dropped(collection)
        for collection, document_id in self.ledger.unfinished():
            self.discard(collection, document_id)

    def discard(self, collection: Collection, document_id: str) -> None:
        """Remove the vectors of a document that was not completed."""
        self.store.delete_document(collection.space, document_id)
        self.ledger.forget_unfinished(collection, document_id)

    # --- collections ---

    def open(self, name: str) -> Collection:
        """Return a collection. Raises: NotFoundError, UnsupportedInputError on another model."""
        name = _clean_name(name)
        collection = self.ledger.collection(name)
        if collection is None:
            raise NotFoundError(
                f"There is no collection called “{name}” yet.", hint="Add a document to it first."
            )
        if (collection.model_id, collection.dim) != (self._model_id, self._dim):
            raise UnsupportedInputError(
                f"The collection “{name}” was indexed with {collection.model_id} "
                f"({collection.dim} numbers per passage), but {self._model_id} "
                f"({self._dim}) is loaded: their numbers cannot be compared.",
                hint="Choose that model again, or add the documents to a new collection.",
            )
        return collection

    def open_or_create(self, name: str) -> Collection:
        """Return a collection, made if need be. Raises: UnsupportedInputError."""
        name = _clean_name(name)
        if self.ledger.collection(name) is None:
            return self.ledger.create_collection(name, self._model_id, self._dim)
        return self.open(name)

    def collections(self) -> tuple[CollectionInfo, ...]:
        """Return all collections, also those of other models."""
        return self.ledger.collections()

    def delete_collection(self, name: str) -> None:
        """Remove a collection, whichever model it was indexed with. Raises: NotFoundError."""
        name = _clean_name(name)
        collection = self.ledger.collection(name)
        if collection is None:
            raise NotFoundError(f"There is no collection called “{name}”.")
        self.ledger.drop_collection(collection)
        self.store.delete_space(collection.space)
        self.ledger.forget_dropped(collection)

    # --- documents ---

    def documents(self, name: str) -> tuple[DocumentInfo, ...]:
        """Return the documents of a collection. Raises: NotFoundError."""
        name = _clean_name(name)
        collection = self.ledger.collection(name)
        if collection is None:
            raise NotFoundError(f"There is no collection called “{name}”.")
        return self.ledger.documents(collection)

    def delete_document(self, name: str, document_id: str) -> None:
        """Remove a document and its vectors. Raises: NotFoundError."""
        collection = self.open(name)
        if self.ledger.document(collection, document_id) is None:
            raise NotFoundError(f"The collection “{collection.name}” has no such document.")
        self.ledger.remove(collection, document_id)
        self.discard(collection, document_id)

    def add_vectors(
        self, collection: Collection, chunks: Sequence[Chunk], vectors: FloatArray
    ) -> None:
        """Write vectors of one document, not visible yet."""
        chunk_ids = [chunk.chunk_id for chunk in chunks]
        self.store.add(collection.space, chunks[0].document_id, chunk_ids, vectors)

    def known_vectors(
        self, collection: Collection, chunks: Sequence[Chunk]
    ) -> dict[str, FloatArray]:
        """Return SHA-256 → vector for chunks whose text some document already has."""
        known = self.ledger.same_content(collection, [chunk.sha256 for chunk in chunks])
        rows = self.store.vectors(collection.space, list(known.values()))
        return {sha256: rows[chunk_id] for sha256, chunk_id in known.items() if chunk_id in rows}

    def close(self) -> None:
        """Release the files."""
        self.store.close()
        self.ledger.close()


def _clean_name(name: str) -> str:
    """Any script is welcome; equal-looking names are made equal. Raises: UnsupportedInputError."""
    clean = unicodedata.normalize("NFC", " ".join(name.split()))
    if not clean:
        raise UnsupportedInputError("A collection needs a name.")
    if len(clean) > _MAX_NAME_CHARS:
        raise UnsupportedInputError(
            f"The collection's name has {len(clean)} characters; at most {_MAX_NAME_CHARS} fit."
        )
    if not clean.isprintable():
        raise UnsupportedInputError("The collection's name contains control characters.")
    return clean
