"""Collections of documents: document store and vectors kept in step.

The order of writes is the whole trick. Adding: note the document as unfinished, write its vectors,
then make it visible in one transaction of the store. Deleting: make it invisible first, then remove its
vectors. Whatever a kill -9 leaves behind is vectors that nothing points to, and `sweep` removes
them at the next start.
"""

from __future__ import annotations

import threading
import time
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workers.messages import Chunk, CollectionInfo, DocumentInfo, Metadata
from workers.messages.attached import is_hidden
from workers.messages.errors import (
    CollectionNotFoundError,
    DocumentNotFoundError,
    UnsupportedInputError,
)

from .document_store import Collection, DocumentStore
from .engine import Store
from .metadata import merged
from .originals import Originals

if TYPE_CHECKING:
    from .engine import FloatArray

_MAX_NAME_CHARS = 80


class CollectionIndex:
    """The collections on disk, all in the vector space of one embedding model."""

    def __init__(
        self,
        document_store: DocumentStore,
        store: Store,
        originals: Originals,
        model_id: str,
        dim: int,
    ) -> None:
        """`model_id` and `dim` are the loaded embedder's."""
        self.originals = originals
        self.document_store = document_store
        self.store = store
        self._model_id = model_id
        self._dim = dim
        self._noting = threading.Lock()

    def sweep(self) -> None:
        """Remove what an interrupted process left behind. Call before any other work."""
        for collection in self.document_store.dropped():
            self._drop(collection)
        for collection, document_id in self.document_store.unfinished():
            self.discard(collection, document_id)

    def discard(self, collection: Collection, document_id: str) -> None:
        """Remove the vectors of a document that was not completed."""
        self.originals.remove(collection.space, document_id)
        self.store.delete_document(collection.space, document_id)
        self.document_store.forget_unfinished(collection, document_id)

    # --- collections ---

    def open(self, name: str) -> Collection:
        """Return a collection of the loaded model's vector space.

        Raises: CollectionNotFoundError, UnsupportedInputError on another model.
        """
        collection = self._known(name)
        if (collection.model_id, collection.dim) != (self._model_id, self._dim):
            raise UnsupportedInputError(
                f"The collection “{collection.name}” was indexed with {collection.model_id} "
                f"({collection.dim} numbers per passage), but {self._model_id} "
                f"({self._dim}) is loaded: their numbers cannot be compared.",
                hint="Choose that model again, or add the documents to a new collection.",
            )
        return collection

    def _known(self, name: str) -> Collection:
        """Return a collection, whichever model it was indexed with."""
        name = _clean_name(name)
        collection = self.document_store.collection(name)
        if collection is None:
            raise CollectionNotFoundError(
                f"There is no collection called “{name}” yet.", hint="Add a document to it first."
            )
        return collection

    def open_or_create(self, name: str) -> Collection:
        """Return a collection, made if need be. Raises: UnsupportedInputError."""
        name = _clean_name(name)
        if self.document_store.collection(name) is None:
            return self.document_store.create_collection(name, self._model_id, self._dim)
        return self.open(name)

    def collections(self, *, is_attached: bool = False) -> tuple[CollectionInfo, ...]:
        """Return people's collections, or those of attached files; also those of other models."""
        found = self.document_store.collections()
        return tuple(one for one in found if is_hidden(one.name) == is_attached)

    def delete_collection(self, name: str) -> None:
        """Remove a collection, whichever model it was indexed with.

        Raises: CollectionNotFoundError.
        """
        collection = self._known(name)
        self.document_store.drop_collection(collection)
        self._drop(collection)

    def _drop(self, collection: Collection) -> None:
        self.originals.remove_space(collection.space)
        self.store.delete_space(collection.space)
        self.document_store.forget_dropped(collection)

    # --- documents ---

    def documents(self, name: str) -> tuple[DocumentInfo, ...]:
        """Return the documents of a collection. Raises: CollectionNotFoundError."""
        collection = self._known(name)
        return self.document_store.documents(collection)

    def find_document(self, document_id: str, name: str | None) -> tuple[Collection, DocumentInfo]:
        """Return a document of the named collection; None: of the first by name that holds it.

        Raises: CollectionNotFoundError, DocumentNotFoundError.
        """
        found = (self._known(name),) if name is not None else self._seen_with(document_id)
        for collection in found:
            document = self.document_store.document(collection, document_id)
            if document is not None:
                return collection, document
        raise _no_document(document_id, name)

    def choose_document(
        self, document_id: str, name: str | None
    ) -> tuple[Collection, DocumentInfo]:
        """Return a document that is to be changed: without a name only one collection may hold it.

        Raises: CollectionNotFoundError, DocumentNotFoundError, UnsupportedInputError.
        """
        found = self._seen_with(document_id)
        if name is None and len(found) > 1:
            raise UnsupportedInputError(
                f"{len(found)} collections hold this document: "
                f"{', '.join(f'“{collection.name}”' for collection in found)}.",
                hint="Say which one is meant.",
            )
        return self.find_document(document_id, name)

    def _seen_with(self, document_id: str) -> tuple[Collection, ...]:
        """Return people's collections that hold a document, by name."""
        found = self.document_store.collections_with(document_id)
        return tuple(one for one in found if not is_hidden(one.name))

    def update_document(
        self, document_id: str, name: str | None, metadata: Metadata
    ) -> tuple[Collection, DocumentInfo]:
        """Change a document's metadata and return it.

        Raises: CollectionNotFoundError, DocumentNotFoundError, UnsupportedInputError.
        """
        with self._noting:  # what two requests change at once is both kept
            collection, document = self.choose_document(document_id, name)
            changed = merged(document.metadata, metadata)
            self.document_store.note(collection, document_id, changed, time.time())
        return self.find_document(document_id, collection.name)

    def delete_document(self, document_id: str, name: str | None) -> Collection:
        """Remove a document and its vectors; returns the collection that held it.

        Raises: CollectionNotFoundError, DocumentNotFoundError, UnsupportedInputError.
        """
        collection, _ = self.choose_document(document_id, name)
        self.document_store.remove(collection, document_id)
        self.discard(collection, document_id)
        return collection

    def chunks(self, name: str, document_id: str | None) -> tuple[Chunk, ...]:
        """Return the chunks of a collection, or of one of its documents.

        Raises: CollectionNotFoundError, DocumentNotFoundError.
        """
        collection = self._known(name)
        if document_id is not None:
            self.find_document(document_id, collection.name)
        return self.document_store.chunks_of(collection, document_id)

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
        known = self.document_store.same_content(collection, [chunk.sha256 for chunk in chunks])
        rows = self.store.vectors(collection.space, list(known.values()))
        return {sha256: rows[chunk_id] for sha256, chunk_id in known.items() if chunk_id in rows}

    def close(self) -> None:
        """Release the files."""
        self.store.close()
        self.document_store.close()


def _no_document(document_id: str, name: str | None) -> DocumentNotFoundError:
    where = "No collection" if name is None else f"The collection “{name}”"
    verb = "has a" if name is None else "has no"
    return DocumentNotFoundError(f"{where} {verb} document with the id {document_id[:80]!r}.")


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
