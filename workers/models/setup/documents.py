"""Whether documents were indexed in a data folder: a collection belongs to the embedder that made it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from workers.models.disk_files import files_below

DATABASE = "chroma.sqlite3"
"""Source: Chroma's own name; its table `embeddings` has a row per passage."""


def has_documents(data_dir: Path) -> bool:
    """Whether any passage is kept; a database that cannot be read counts as one that has some."""
    files = files_below(data_dir / "collections")
    return any(_has_rows(path) for path in files if path.name == DATABASE)


def _has_rows(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return database.execute("SELECT 1 FROM embeddings LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return True
