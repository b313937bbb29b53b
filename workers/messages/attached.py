"""Names of the collections in which files attached to chats are searched: nobody's but those chats'.

They are in no list of collections, and no question about all collections finds what is in them.
"""

from __future__ import annotations

import os
import re
import uuid

KEPT = "kept"
"""Scope of the chats in the data folder; a chat that nothing is to remain of has its process's."""
_ID_DIGITS = 32
"""Of a file's SHA-256: a name has 80 characters at most."""
_HIDDEN = re.compile(r"attached:([a-z0-9]+):[0-9a-f]{32}")


def hidden_name(scope: str, file_id: str) -> str:
    """Return the collection of one attached file; `file_id` is its SHA-256, hexadecimal."""
    return f"attached:{scope}:{file_id[:_ID_DIGITS]}"


def scope_of(collection: str) -> str:
    """Return whose a hidden collection is; "" for any other collection."""
    match = _HIDDEN.fullmatch(collection)
    return match[1] if match else ""


def is_hidden(collection: str) -> bool:
    """Return whether a collection is that of an attached file."""
    return bool(scope_of(collection))


def passing_scope() -> str:
    """Return a scope for chats that end with this process, and are no other store's."""
    return f"{_process(os.getpid())}r{uuid.uuid4().hex[:8]}"


def is_alive(scope: str, pid: int) -> bool:
    """Return whether a scope is of chats that are kept, or of a process that runs: the one with this number.

    Raises: psutil.NoSuchProcess.
    """
    return scope == KEPT or scope.startswith(f"{_process(pid)}r")


def _process(pid: int) -> str:
    """Its start counts beside its number, which is used again, and the same in each new container."""
    import psutil

    return f"p{pid}t{int(psutil.Process(pid).create_time() * 100)}"
