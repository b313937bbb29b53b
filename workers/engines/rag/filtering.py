"""Which chunks a filter leaves: documents by name, kind and day, chunks by page."""

from __future__ import annotations

from fnmatch import fnmatchcase

from workers.messages import DocumentInfo, PassageFilter
from workers.messages.errors import UnsupportedInputError

from .document_store import Collection, DocumentStore


def fits(document: DocumentInfo, only: PassageFilter) -> bool:
    """Return whether a document is one of those that are looked into."""
    name = document.name.lower()
    added_s = document.added_s or 0.0
    return (
        (not only.files or any(fnmatchcase(name, pattern.lower()) for pattern in only.files))
        and (not only.types or any(name.endswith(f".{end.lower()}") for end in only.types))
        and (only.since_s is None or added_s >= only.since_s)
        and (only.until_s is None or added_s < only.until_s)
    )


def allowed(store: DocumentStore, collection: Collection, only: PassageFilter) -> list[str]:
    """Return the ids of the chunks that a filter leaves. Raises: UnsupportedInputError if there are none."""
    documents = store.documents(collection)
    fitting = [document.document_id for document in documents if fits(document, only)]
    ids = store.chunk_ids(collection, fitting, only.pages)
    if ids:
        return ids
    which = f"{len(fitting)} documents that fit has such a page" if fitting else ""
    raise UnsupportedInputError(
        f"In the collection “{collection.name}” none of the "
        f"{which or f'{len(documents)} documents fits'}.",
        hint="Look for the names with: quintet collections, or leave the filter out.",
    )
