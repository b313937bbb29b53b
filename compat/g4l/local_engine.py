"""`LocalEngine`: g4l's engine, a folder of GGUF files behind the calls of OpenAI's client.

    engine = LocalEngine(gpu_layers=-1, cores=0)
    answer = engine.chat.completions.create(
        model="orca-mini-3b-gguf2-q4_0", messages=[{"role": "user", "content": "Hello"}])
    print(answer.choices[0].message.content)

Models lie in `./models`. One is kept in memory between calls; it gives way to the next that is
named.
"""

from __future__ import annotations

import re
import secrets
import string
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, overload

from typing_extensions import Unpack

from library.gguf_model import gguf_card
from library.inputs import to_messages
from library.openai_objects import Frame, chunks, completion
from library.session import Quintet
from workers.messages import ChatMessage, Constraint, Event, Generate
from workers.messages.sampling import NAMES, sampling_for
from workers.pool.threads import usable_cores

from .retriever import DocumentRetriever

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

TEMPERATURE = 0.8
ID_CHARS = 28
_FENCED = re.compile(r"```\w*\s*\n(.*?)```", re.DOTALL)


class MemoryOptions(TypedDict, total=False):
    """How llama.cpp holds the weights, with its own defaults."""

    use_mmap: bool
    use_mlock: bool
    offload_kqv: bool


class G4lSampling(TypedDict, total=False):
    """See `workers.messages.SamplingParams`."""

    max_tokens: int | None
    stop: str | Sequence[str] | None
    temperature: float
    top_p: float
    top_k: int
    min_p: float
    repeat_penalty: float
    seed: int | None
    frequency_penalty: float
    presence_penalty: float


class LocalEngine:
    """GGUF models of one folder, run by llama.cpp in a process of their own."""

    def __init__(
        self,
        gpu_layers: int = 0,
        cores: int | None = None,
        context_window: int = 4900,
        document_retriever: DocumentRetriever | None = None,
        models_dir: str | Path = "models",
        **options: Unpack[MemoryOptions],
    ) -> None:
        """Start nothing yet.

        `gpu_layers` of the model go to the graphics card, -1 for all. `cores`: 0 for all, None for
        what fits the model and the machine. `context_window` is in tokens.
        """
        held = {"use_mmap": True, "use_mlock": False, "offload_kqv": True}
        _warn_of(options.keys() - held.keys(), "LocalEngine")
        held |= {name: bool(value) for name, value in options.items() if name in held}
        self.chat = Chat(self)
        self.document_retriever = document_retriever
        self._models_dir = Path(models_dir)
        self._options: dict[str, Any] = {
            **held,
            "gpu_layers": gpu_layers,
            "context_tokens": context_window,
            "slots": 1,
            "threads": cores or 0,
            **({} if cores is None else {"decode_threads": cores or usable_cores()}),
        }
        self._session = Quintet()

    def events(self, model: str, request: Mapping[str, Any]) -> Generator[Event, None, None]:
        """Yield the events of one request, whose fields are `Generate`'s.

        Raises: FileNotFoundError if the folder has no such model; AppError.
        """
        path = self._models_dir / f"{model}.gguf"
        card = gguf_card(path, model.replace("/", "--"), self._options)
        client = self._session.client
        client.models.add(card)
        fields = {**request, "sampling": sampling_for(card, request["sampling"])}
        return client.stream(Generate(**fields, model=card.id))

    def close(self) -> None:
        """Give the memory back."""
        self._session.close()


class Chat:
    """The path to `completions`, as in OpenAI's client."""

    def __init__(self, engine: LocalEngine) -> None:
        self.completions = Completions(engine)


class Completions:
    """Answers conversations."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine

    @overload
    def create(
        self,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        stream: Literal[False] = False,
        response_format: Mapping[str, Any] | None = None,
        **sampling: Unpack[G4lSampling],
    ) -> ChatCompletion: ...

    @overload
    def create(
        self,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        stream: Literal[True],
        response_format: Mapping[str, Any] | None = None,
        **sampling: Unpack[G4lSampling],
    ) -> Iterator[ChatCompletionChunk]: ...

    def create(
        self,
        model: str,
        messages: Sequence[Mapping[str, Any]],
        stream: bool = False,
        response_format: Mapping[str, Any] | None = None,
        **sampling: Unpack[G4lSampling],
    ) -> ChatCompletion | Iterator[ChatCompletionChunk]:
        """Answer a conversation; `model` is the name of a GGUF file without its ending.

        `response_format={"type": "json_object"}` makes the answer JSON. The caller's messages are
        not changed. Raises: FileNotFoundError, in a stream on its first step; AppError.
        """
        _warn_of(sampling.keys() - NAMES, "create")
        frame = Frame(id=_new_id(), model=model, extra={"provider": None})
        is_json = (response_format or {}).get("type") == "json_object"
        request = {
            "messages": self._prompt(messages),
            "sampling": {"temperature": TEMPERATURE, **sampling},
            "constraint": Constraint(kind="json") if is_json else None,
        }
        if stream:
            return self._stream(model, request, frame)
        with closing(self._engine.events(model, request)) as events:
            answer = completion(events, frame)
        if is_json:
            message = answer.choices[0].message
            message.content = _first_block(message.content or "")
        return answer

    def _stream(
        self, model: str, request: Mapping[str, Any], frame: Frame
    ) -> Iterator[ChatCompletionChunk]:
        with closing(self._engine.events(model, request)) as events:
            yield from chunks(events, frame, has_role=False)

    def _prompt(self, messages: Sequence[Mapping[str, Any]]) -> tuple[ChatMessage, ...]:
        """With a retriever, the last message becomes a prompt around what it finds."""
        said = to_messages(messages)
        retriever = self._engine.document_retriever
        if retriever is None or not said:
            return said
        prompt = retriever.retrieve_for_llm(said[-1].text)
        return (*said[:-1], ChatMessage(role=said[-1].role, text=prompt))


def _first_block(text: str) -> str:
    """Return the content of the first fenced block, or the text if there is none."""
    block = _FENCED.search(text)
    return block[1].strip() if block else text


def _new_id() -> str:
    letters = string.ascii_letters + string.digits
    return "chatcmpl-" + "".join(secrets.choice(letters) for _ in range(ID_CHARS))


def _warn_of(names: set[str], where: str) -> None:
    if names:
        listed = ", ".join(sorted(names))
        warnings.warn(f"{where} has no use for {listed}.", stacklevel=3)
