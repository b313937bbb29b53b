"""`Gaigen`: Gai's one instance with its one model, local or remote, behind the same calls.

gen = Gaigen.GetInstance().load("mistral7b-exllama")
answer = gen.create(messages=[{"role": "USER", "content": "Tell me a story"},
{"role": "ASSISTANT", "content": ""}])
print(answer.choices[0].message.content)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator as PythonGenerator
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from workers.messages import Modality
from workers.messages.errors import RequestError, UnsupportedInputError

from .config import load_config
from .generators import GENERATORS, Generator, RagGenerator
from .rag import StatusUpdater, index, shared_session, to_table
from .wrappers import Wrapper, resolve

if TYPE_CHECKING:
    import pandas as pd

UNLOAD_TIMEOUT_S = 10.0


class GaigenTurn:
    """Lets one caller in at a time, for as long as its answer streams.

    A stream may be closed by another thread than the one that reads it, so this is no RLock; a
    thread that would wait for its own unread stream is told so instead.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold the turn. Raises: RequestError if this thread holds it already."""
        if self._owner == threading.get_ident():
            raise RequestError(
                "A stream of this Gaigen is still open in this thread.",
                "Read it to its end or close it first.",
            )
        with self._lock:
            self._owner = threading.get_ident()
            try:
                yield
            finally:
                self._owner = None


class Gaigen:
    """One model at a time. Calls wait for each other, also while an answer streams."""

    _instance: ClassVar[Gaigen | None] = None

    def __init__(self) -> None:
        """Raises: RequestError if there is an instance already; ConfigError."""
        if Gaigen._instance is not None:
            raise RequestError("There is one Gaigen already.", "Use Gaigen.GetInstance().")
        self._config = load_config()
        self._session = shared_session()
        models = self._session.client.models
        self._usual = {modality: models.default(modality).id for modality in models.modalities}
        self._turn = GaigenTurn()
        self._wrapper: Wrapper | None = None
        self._generator: Generator | None = None
        Gaigen._instance = self

    @staticmethod
    def GetInstance() -> Gaigen:  # noqa: N802 — Gai's name
        """Return the one instance."""
        return Gaigen._instance or Gaigen()

    def load(self, name: str) -> Gaigen:
        """Make a wrapper the loaded one; another one that is loaded is unloaded first.

        Its worker wakes in the background. Raises: UnknownModelError; LoadError if a remote
        wrapper's key is missing.
        """
        with self._turn.taken():
            if self._wrapper is not None and self._wrapper.name == name:
                return self
            client = self._session.client
            wrapper = resolve(name, self._config, client.models, self._session.settings.data_dir)
            self._put_away()
            client.models.add(wrapper.card)
            client.models.use(wrapper.modality, wrapper.card.id)
            client.warm(wrapper.modality)
            self._generator = GENERATORS[wrapper.modality](self._session, wrapper)
            self._wrapper = wrapper
        return self

    def unload(self) -> Gaigen:
        """Give the model's memory back."""
        with self._turn.taken():
            self._put_away()
        return self

    def create(self, *args: Any, **params: Any) -> Any:
        """Answer with the loaded wrapper; with `stream=True`, piece by piece.

        ttt and itt: `messages`; tts: `input`, `voice`, `language`; stt: `file`. Raises: AppError.
        """
        generator = self._loaded()
        with self._turn.taken():
            result = generator.create(*args, **params)
        return self._streamed(result) if isinstance(result, Iterator) else result

    async def index_async(
        self,
        collection_name: str,
        text: str,
        path_or_url: str,
        metadata: Mapping[str, Any] | None = None,
        status_updater: StatusUpdater | None = None,
        **chunking: Any,
    ) -> str:
        """Add a text to a collection (rag); returns the document's id.

        `status_updater` is called, and awaited if need be, with 0 to 100. Raises: AppError.
        """
        generator = self._rag()
        noted = {"source": "unknown"} if metadata is None else metadata
        return await index(
            generator.session, collection_name, (text, path_or_url, noted), status_updater, chunking
        )

    def retrieve(
        self, collection_name: str, query_texts: str, n_results: int | None = None
    ) -> pd.DataFrame | None:
        """Return the nearest passages as a table of documents, metadatas, distances and ids (rag).

        By rising distance; None if there are none. Raises: AppError.
        """
        generator = self._rag()
        with self._turn.taken():
            top_k = n_results or generator.num_results
            passages = generator.session.search(collection_name, query_texts, top_k=top_k)
        return to_table(passages)

    def token_count(self, text: str) -> int:
        """Raises: UnsupportedInputError: no category counts tokens, here as in Gai."""
        raise UnsupportedInputError(
            f"The tokens of {len(text)} characters cannot be counted beforehand.",
            "The answer's usage has the count.",
        )

    def get_token_ids(self, text: str) -> list[int]:
        """Raises: UnsupportedInputError: no category gives token ids, here as in Gai."""
        raise UnsupportedInputError(f"The token ids of {len(text)} characters are not given out.")

    def _streamed(self, stream: Iterator[Any]) -> PythonGenerator[Any, None, None]:
        with self._turn.taken():
            yield from stream

    def _loaded(self) -> Generator:
        if self._generator is None:
            raise RequestError("Nothing is loaded.", 'Call load("mistral7b-exllama") first.')
        return self._generator

    def _rag(self) -> RagGenerator:
        generator = self._loaded()
        if not isinstance(generator, RagGenerator):
            raise RequestError("The rag wrapper is not loaded.", 'Call load("rag") first.')
        return generator

    def _put_away(self) -> None:
        """Unload what is loaded, and the text model that may have answered about pictures."""
        if self._wrapper is None:
            return
        used: tuple[Modality, ...] = (self._wrapper.modality, "text")
        self._session.client.models.use(used[0], self._usual[used[0]])
        self._wrapper = self._generator = None
        for modality in used:
            self._session.client.sleep(modality)
        give_up = time.monotonic() + UNLOAD_TIMEOUT_S
        while time.monotonic() < give_up and any(
            worker.pid for worker in self._session.status().workers if worker.modality in used
        ):
            time.sleep(0.01)
