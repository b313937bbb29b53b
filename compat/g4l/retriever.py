"""`DocumentRetriever`: g4l's retriever, a folder of documents searched by meaning.

    retriever = DocumentRetriever(files=["einstein-albert.txt"])
    for hit in retriever.retrieve("What is his theory about?"):
        print(hit.score, hit.node.text, hit.node.metadata["page_label"])

Files lie in `./files`; their index is kept, and only what has changed is indexed again.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import warnings
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from library.inputs import NoSuchFileError
from library.session import Quintet
from workers.messages import DocumentIndexed, Passage
from workers.messages.errors import NotFoundError, UnsupportedInputError

log = logging.getLogger("quintet.retriever")

Mode = Literal["subtle", "default", "aggressive", "very-aggressive"]
NUM_HITS: dict[str, int] = {"subtle": 1, "default": 2, "aggressive": 5, "very-aggressive": 10}
RULE = "-" * 21
INTRO = "These passages are the context:"
INSTRUCTION = "Answer the query from the context alone and without prior knowledge."


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A passage and where it is from."""

    text: str
    metadata: dict[str, str]
    """`page_label` ("1" for files without pages) and `file_name`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found."""

    score: float
    """Cosine similarity to the query, higher is better."""
    node: Node


class DocumentRetriever:
    """Some files of one folder, indexed when they are first asked about."""

    def __init__(
        self,
        files: Sequence[str] = (),
        embed_model: str | None = None,
        verbose: bool = False,
        mode: Mode = "default",
        reset_storage: bool = False,
        files_dir: str | Path = "files",
    ) -> None:
        """`files` are names inside `files_dir`; none of them: the whole folder.

        Raises: UnsupportedInputError for an unknown mode.
        """
        if mode not in NUM_HITS:
            raise UnsupportedInputError(
                f"No mode is called {mode!r}; known: {', '.join(NUM_HITS)}."
            )
        self._folder = Path(files_dir)
        self._files = tuple(files)
        self._num_hits = NUM_HITS[mode]
        self._is_verbose = verbose
        self._reset = reset_storage
        self._is_indexed = False
        self._embed_model = _known(embed_model)
        self._session: Quintet | None = None
        names = ":".join(
            [str(self._folder.resolve()), *self._files, f"!{embed_model or 'notset'}!"]
        )
        digest = hashlib.md5(names.encode(), usedforsecurity=False).hexdigest()
        self._collection = f"storage.{digest}"

    def retrieve(self, query: str) -> list[Hit]:
        """Return the passages nearest to a query, best first.

        Raises: FileNotFoundError if a file is missing; AppError.
        """
        if not self._is_indexed:
            self._index()
            self._is_indexed = True
        found = self._opened().search(self._collection, query, top_k=self._num_hits)
        return [_hit(passage) for passage in found]

    def retrieve_for_llm(self, query: str) -> str:
        """Return a prompt that asks a model to answer the query from what was found.

        Raises: as `retrieve`.
        """
        context = "".join(_quoted(hit) for hit in self.retrieve(query))
        lines = [INTRO, RULE, context, RULE, INSTRUCTION, f"Query: {query}", "Answer: "]
        return "\n".join(lines)

    def close(self) -> None:
        """Give the memory back; the index stays on disk, and a later question opens it again."""
        if self._session is not None:
            self._session = None
            self._give_back()

    def _opened(self) -> Quintet:
        if self._session is None:
            self._session = _SESSIONS.take(self._embed_model)
            # also when nobody closes it
            self._give_back = weakref.finalize(self, _SESSIONS.give_back, self._embed_model)
        return self._session

    def _index(self) -> None:
        """Index what is new, forget what is no longer among the files."""
        paths = self._paths()
        if self._reset:
            self._forget_all()
        self._say(f"indexing {len(paths)} files")
        session = self._opened()
        outcomes = session.index(self._collection, paths)
        for outcome in outcomes:
            self._say(f"{outcome.document.name}: {outcome.status} {outcome.reason}".rstrip())
        _check(outcomes)
        wanted = {outcome.document.document_id for outcome in outcomes}
        for document in session.documents(self._collection):
            if document.document_id not in wanted:
                session.delete_document(self._collection, document.document_id)

    def _paths(self) -> list[Path]:
        if not self._folder.is_dir():
            raise NoSuchFileError(f"There is no folder {self._folder.resolve()}.")
        if self._files:
            return [self._folder / name for name in self._files]
        inside = sorted(self._folder.iterdir())
        paths = [path for path in inside if path.is_file() and path.name[0] != "."]
        if not paths:
            raise NoSuchFileError(f"There are no files in {self._folder.resolve()}.")
        return paths

    def _forget_all(self) -> None:
        try:
            self._opened().delete_collection(self._collection)
        except NotFoundError:
            log.debug("nothing was indexed yet")

    def _say(self, what: str) -> None:
        log.log(logging.WARNING if self._is_verbose else logging.INFO, "%s", what)


def _known(embed_model: str | None) -> str | None:
    """Return the embedder's id if the catalogue has it; None: the usual one."""
    if embed_model is None:
        return None
    if any(card.id == embed_model and card.modality == "rag" for card in load_catalogue().values()):
        return embed_model
    warnings.warn(
        f"The embedder {embed_model} is not in the catalogue; the usual one takes its place.",
        stacklevel=3,
    )
    return None


class _Sessions:
    """One session per embedder, shared by the retrievers that are open, in a folder of their own.

    A folder of documents is open in one session at a time: a script's own `Quintet` has another.
    """

    def __init__(self) -> None:
        self._open: dict[str | None, tuple[Quintet, int]] = {}
        self._lock = threading.Lock()

    def take(self, embed_model: str | None) -> Quintet:
        with self._lock:
            session, num_users = self._open.get(embed_model) or (_new_session(embed_model), 0)
            self._open[embed_model] = (session, num_users + 1)
            return session

    def give_back(self, embed_model: str | None) -> None:
        with self._lock:
            session, num_users = self._open[embed_model]
            if num_users > 1:
                self._open[embed_model] = (session, num_users - 1)
                return
            del self._open[embed_model]
        session.close()


def _new_session(embed_model: str | None) -> Quintet:
    folder = load_settings("cpu").data_dir / "retriever" / (embed_model or "usual")
    workers = {"rag": {"model": embed_model}} if embed_model else {}
    return Quintet(data_dir=str(folder), workers=workers)


_SESSIONS = _Sessions()


def _check(outcomes: Sequence[DocumentIndexed]) -> None:
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if failed:
        reasons = " ".join(outcome.reason for outcome in failed)
        raise UnsupportedInputError(
            f"{len(failed)} of {len(outcomes)} files were not indexed: {reasons}"
        )


def _hit(passage: Passage) -> Hit:
    metadata = {"page_label": str(passage.page or 1), "file_name": passage.document_name}
    return Hit(score=passage.score, node=Node(text=passage.text, metadata=metadata))


def _quoted(hit: Hit) -> str:
    lines = [
        "content: ",
        hit.node.text,
        "----",
        f"page_label: {hit.node.metadata['page_label']}",
        f"file name: {hit.node.metadata['file_name']}",
        f"similarity score: {hit.score}",
        "---",
    ]
    return "\n".join(lines)
