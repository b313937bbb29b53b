"""What `create` does in each of Gai's categories: text, speech out, speech in, pictures.

Streams are generators: nothing is asked of a worker before their first step.
"""

from __future__ import annotations

import base64
import binascii
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from library.calls import FAITHFUL
from library.inputs import to_media, to_messages, to_tools
from library.openai_objects import Frame, chunks, completion
from library.results import speech, transcript
from library.session import Quintet
from library.sync_async import iterate
from workers.flows.pictures import ask_about_pictures
from workers.media import audio
from workers.messages import (
    AudioDelta,
    Describe,
    Event,
    Generate,
    Media,
    Synthesize,
    Transcribe,
    new_request_id,
)
from workers.messages.errors import UnknownModelError, UnsupportedInputError

from .hyperparameters import sampling_of
from .wrappers import Wrapper

if TYPE_CHECKING:
    from openai.types.audio import Transcription
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

Messages = Sequence[Mapping[str, Any]]
NUM_RESULTS = 3
"""Passages that the rag wrapper retrieves where `gai.json` says nothing."""


class Generator(Protocol):
    """One loaded wrapper."""

    def create(self, *args: Any, **params: Any) -> Any:
        """Answer once; an iterator if `stream` is set."""
        ...


class TextGenerator:
    """ttt and ttc: conversations."""

    def __init__(self, session: Quintet, wrapper: Wrapper) -> None:
        self._session = session
        self._wrapper = wrapper

    def create(
        self,
        messages: Messages,
        stream: bool = False,
        tools: Sequence[Mapping[str, Any]] | None = None,
        tool_choice: str | Mapping[str, Any] | None = None,
        **hyperparameters: Any,
    ) -> ChatCompletion | Iterator[ChatCompletionChunk]:
        """Continue a conversation. Raises: AppError."""
        hyperparameters.pop("model", None)
        wrapper = self._wrapper
        request = Generate(
            messages=to_messages(messages),
            sampling=sampling_of(wrapper.card, wrapper.entry, hyperparameters),
            tools=to_tools(tools or ()),
            tool_choice=_choice(tool_choice),
            model=wrapper.card.id,
        )
        frame = Frame(id=f"chatcmpl-{request.request_id}", model=wrapper.name)
        if stream:
            return self._stream(request, frame)
        return completion(self._session.client.run(request), frame)

    def _stream(self, request: Generate, frame: Frame) -> Iterator[ChatCompletionChunk]:
        with closing(self._session.client.stream(request)) as events:
            yield from chunks(events, frame)


def _choice(choice: str | Mapping[str, Any] | None) -> str:
    if choice is None or isinstance(choice, str):
        return choice or "auto"
    return str(choice.get("function", choice).get("name", "auto"))


class PictureGenerator:
    """itt: conversations about pictures."""

    def __init__(self, session: Quintet, wrapper: Wrapper) -> None:
        self._session = session
        self._wrapper = wrapper

    def create(
        self, messages: Messages, stream: bool = False, **hyperparameters: Any
    ) -> ChatCompletion | Iterator[ChatCompletionChunk]:
        """Answer about pictures, which are `image_url` parts with `data:` addresses.

        Raises: AppError.
        """
        hyperparameters.pop("model", None)
        hyperparameters.setdefault("repeat_penalty", FAITHFUL["repeat_penalty"])
        wrapper = self._wrapper
        request = Describe(
            images=tuple(_pictures(messages)),
            messages=to_messages([{**turn, "content": _words(turn)} for turn in messages]),
            sampling=sampling_of(wrapper.card, wrapper.entry, hyperparameters),
            model=wrapper.card.id,
        )
        frame = Frame(id=f"chatcmpl-{request.request_id}", model=wrapper.name)
        if stream:
            return self._stream(request, frame)
        with closing(iterate(ask_about_pictures(self._session.client, request))) as events:
            return completion(events, frame)

    def _stream(self, request: Describe, frame: Frame) -> Iterator[ChatCompletionChunk]:
        with closing(iterate(ask_about_pictures(self._session.client, request))) as events:
            yield from chunks(events, frame)


def _parts(turn: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = turn.get("content") or ""
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def _words(turn: Mapping[str, Any]) -> str:
    return "\n".join(str(part["text"]) for part in _parts(turn) if part.get("type") == "text")


def _pictures(messages: Messages) -> Iterator[Media]:
    parts = [part for turn in messages for part in _parts(turn) if part.get("type") == "image_url"]
    if not parts:
        raise UnsupportedInputError("There is no picture in the messages.")
    for number, part in enumerate(parts, start=1):
        address = part.get("image_url")
        url = str(address.get("url") if isinstance(address, Mapping) else address)
        head, _, data = url.partition(";base64,")
        if not head.startswith("data:image/"):
            raise UnsupportedInputError(
                f"Picture {number} has no data: address.",
                "Send data:image/jpeg;base64,… with the picture itself.",
            )
        try:
            picture = base64.b64decode(data, validate=True)
        except binascii.Error as err:
            raise UnsupportedInputError(f"Picture {number} is not base64: {err}.") from err
        yield Media(name=f"picture {number}", data=picture)


class SpeechGenerator:
    """tts: speech out. The file is WAV, from OpenAI's wrapper MP3."""

    def __init__(self, session: Quintet, wrapper: Wrapper) -> None:
        self._session = session
        self._wrapper = wrapper
        self._format = "mp3" if wrapper.is_remote else "wav"

    def create(
        self,
        input: str,
        voice: str | None = None,
        language: str | None = None,
        stream: bool = False,
        speed: float = 1.0,
    ) -> bytes | Iterator[bytes]:
        """Speak a text: the whole file, or its pieces, the header first. Raises: AppError."""
        card = self._wrapper.card
        if language and card.languages and language.lower() not in card.languages:
            raise UnsupportedInputError(
                f"{card.name} does not speak {language!r}; it speaks {', '.join(card.languages)}."
            )
        request = Synthesize(text=input, voice=voice, speed=speed, model=card.id)
        if stream:
            return self._stream(request)
        spoken = speech(tuple(self._events(request)))
        return spoken.encode(self._format)

    def _stream(self, request: Synthesize) -> Iterator[bytes]:
        encoder = None
        for event in self._events(request):
            if not isinstance(event, AudioDelta):
                continue
            encoder = encoder or audio.StreamEncoder(self._format, event.sample_rate)
            for piece in audio.slices(event.pcm, event.sample_rate, seconds=1.0):
                if data := encoder.feed(piece):
                    yield data
        if encoder is not None and (rest := encoder.finish()):
            yield rest

    def _events(self, request: Synthesize) -> Iterator[Event]:
        """A voice of the wrapper's own model is not known to the one that stands in for it."""
        try:
            yield from self._session.client.stream(request)
        except UnknownModelError as err:
            if not self._wrapper.is_substitute or request.voice is None:
                raise
            warnings.warn(f"{err.message} The usual voice speaks.", stacklevel=2)
            again = replace(request, voice=None, request_id=new_request_id())
            yield from self._session.client.stream(again)


class HearingGenerator:
    """stt: speech in."""

    def __init__(self, session: Quintet, wrapper: Wrapper) -> None:
        self._session = session
        self._wrapper = wrapper

    def create(
        self, file: str | Path | bytes | BinaryIO, language: str | None = None
    ) -> dict[str, Any] | Transcription:
        """Write down a recording: `{text, chunks}`; an object with `.text` from OpenAI's wrapper.

        Raises: AppError, FileNotFoundError.
        """
        content = file if isinstance(file, (str, Path, bytes)) else file.read()
        request = Transcribe(
            audio=to_media(content, "recording"), language=language, model=self._wrapper.card.id
        )
        heard = transcript(self._session.client.run(request))
        if self._wrapper.is_remote:
            from openai.types.audio import Transcription

            return Transcription(text=heard.text)
        chunks = [
            {"timestamp": [segment.start_s, segment.end_s], "text": segment.text}
            for segment in heard.segments
        ]
        return {"text": heard.text, "chunks": chunks}


class RagGenerator:
    """rag: answers nothing by itself."""

    def __init__(self, session: Quintet, wrapper: Wrapper) -> None:
        self.num_results = int(wrapper.entry.chromadb.get("n_results", NUM_RESULTS))
        self.session = session

    def create(self, *_args: Any, **_params: Any) -> Any:
        """Raises: UnsupportedInputError, always."""
        raise UnsupportedInputError(
            "The rag wrapper creates nothing.", "Use index_async and retrieve."
        )


GENERATORS: dict[str, type[Any]] = {
    "text": TextGenerator,
    "vision": PictureGenerator,
    "tts": SpeechGenerator,
    "stt": HearingGenerator,
    "rag": RagGenerator,
}
"""Which class answers for which modality."""
