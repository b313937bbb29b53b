"""Every verb of the library, once: from arguments to a `LibraryCall`. `library.sync_async` runs them.

A function here takes a client and what the caller said, and returns what to ask for, what the
events add to a stream, and what they amount to. It never waits, so that the sync and the async
library are made from the same functions. `timeout_s` everywhere: see `library.options`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from typing_extensions import Unpack

from workers.client import Client
from workers.flows.pictures import ask_about_pictures
from workers.flows.turns.ways import WAYS
from workers.messages import (
    AudioDelta,
    Describe,
    Embed,
    Event,
    Generate,
    PictureRead,
    SegmentDelta,
    Synthesize,
    Thinking,
    Tool,
    Transcribe,
)
from workers.messages.consent import check_consent
from workers.messages.sampling import sampling_for
from workers.personas.asking import PersonaAsk

from . import results
from .flow_call import flow_call, is_flow
from .inputs import File, Messages, Schema, to_constraint, to_files, to_media, to_messages, to_tools
from .library_call import (
    LibraryCall,
    OnProgress,
    OnText,
    deadline_of,
    each,
    no_piece,
    only,
    progress_of_event,
    text_of_event,
)
from .options import ChatOptions, ListenOptions, SpeakOptions, TalkOptions, check_names
from .persona_calls import persona_ask
from .results import ChatResult, Description, Speech, Transcript
from .tool_calls import with_tools

FAITHFUL = {"temperature": 0.0, "repeat_penalty": 1.0, "max_tokens": 256}
"""The likeliest token, and no penalty: an answer from a text or a picture has to repeat it."""


def chat(
    client: Client,
    /,
    messages: Messages,
    *,
    system: str = "",
    tools: Iterable[Tool | Mapping[str, Any]] = (),
    schema: Schema | None = None,
    on_text: OnText | None = None,
    **options: Unpack[TalkOptions],
) -> LibraryCall[ChatResult, str]:
    """Answer a question, or continue a conversation of `{"role": …, "content": …}`.

    A `persona` (or its id) brings a system prompt, a model, sampling and whether it thinks; what is
    said here besides counts before it, and `.notes` says what it does without.
    `tools` are functions in OpenAI's shape; what the model wants called is in `.tool_calls`. With
    `run_tools` the model calls those of this machine, and `.calls` says which and what came of it. With a
    `schema` the answer is JSON that matches it (`.parsed()`). `on_text` gets each piece as it
    comes. `flow` is route, plan, compare or article, with `stronger`, `other`, `collections`, `style`;
    what it did is in `.flow`. Raises: AppError.
    """
    check_names(options, TalkOptions)
    is_bound = bool(tools) or schema is not None or bool(options.get("run_tools"))
    asked = persona_ask(client, options.get("persona"), () if is_bound else WAYS)
    turns = to_messages(messages, system or asked.system)
    if asked.flow and "flow" not in options:
        options = {"collections": asked.collections, **options, "flow": asked.flow}
    if is_flow(options, is_bound=is_bound):
        call = flow_call(client, turns, options, asked)
    else:
        bound = Generate(messages=turns, constraint=to_constraint(schema), tools=to_tools(tools))
        call = _ask_one(client, bound, options, asked)
    watched, tell = call.watch, each(text_of_event, on_text)
    return replace(call, watch=lambda event: (watched(event), tell(event)))


def _ask_one(
    client: Client, bound: Generate, options: TalkOptions, asked: PersonaAsk
) -> LibraryCall[ChatResult, str]:
    """Return the call of one model; what was said counts before what the persona says."""
    thinking = options.get("thinking")
    model = options.get("model") or asked.model
    card = client.models.get(model, "text") if model else client.card("text")
    wish = Thinking(is_on=asked.thinking if thinking is None else thinking)
    request = replace(
        bound,
        sampling=sampling_for(card, {**asked.sampling, **options}, wish),
        thinking=wish,
        tool_choice=options.get("tool_choice", "auto"),
        model=model,
    )
    source, watch = with_tools(client, request, options)
    return LibraryCall(
        source=source,
        result=lambda events: results.chat_result(events, asked.notes),
        piece=text_of_event,
        watch=watch,
        deadline=deadline_of(options.get("timeout_s")),
    )


def transcribe(
    client: Client,
    /,
    audio: File,
    *,
    on_progress: OnProgress | None = None,
    **options: Unpack[ListenOptions],
) -> LibraryCall[Transcript, SegmentDelta]:
    """Write down a recording: the path or the bytes of any audio or video file.

    `language` is an ISO 639-1 code (without it, it is detected), `translate` asks for English,
    `words` for the time of each word; `on_progress` counts seconds. Raises: AppError,
    FileNotFoundError.
    """
    check_names(options, ListenOptions)
    request = Transcribe(
        audio=to_media(audio, "recording"),
        language=options.get("language"),
        translate=options.get("translate", False),
        word_timestamps=options.get("words", False),
        model=options.get("model"),
    )
    return LibraryCall(
        source=request,
        result=results.transcript,
        piece=only(SegmentDelta),
        watch=each(progress_of_event, on_progress),
        deadline=deadline_of(options.get("timeout_s")),
    )


def speak(
    client: Client,
    /,
    text: str,
    *,
    voice: str | None = None,
    on_progress: OnProgress | None = None,
    **options: Unpack[SpeakOptions],
) -> LibraryCall[Speech, AudioDelta]:
    """Speak a text. `speed` is in [0.5, 2]; `on_progress` counts characters.

    `clip` is a recording of 3 to 30 s whose voice a model that clones takes on; `consent` says that
    it is your own voice, or that its owner has agreed. Raises: AppError, FileNotFoundError.
    """
    check_names(options, SpeakOptions)
    clip = options.get("clip")
    request = Synthesize(
        text=text,
        voice=voice,
        speed=options.get("speed", 1.0),
        model=options.get("model"),
        voice_clip=None if clip is None else to_media(clip, "clip"),
        has_consent=options.get("consent", False),
    )
    check_consent(request)
    return LibraryCall(
        source=request,
        result=results.speech,
        piece=only(AudioDelta),
        watch=each(progress_of_event, on_progress),
        deadline=deadline_of(options.get("timeout_s")),
    )


def read(
    client: Client,
    /,
    images: File | Iterable[File],
    *,
    model: str | None = None,
    timeout_s: float | None = None,
) -> LibraryCall[Description, PictureRead]:
    """Read the text in one picture or several: paths or bytes. Raises: AppError."""
    return LibraryCall(
        source=Describe(images=to_files(images), model=model),
        result=results.description,
        piece=only(PictureRead),
        deadline=deadline_of(timeout_s),
    )


def describe(
    client: Client,
    /,
    images: File | Iterable[File],
    question: str,
    *,
    on_text: OnText | None = None,
    **options: Unpack[ChatOptions],
) -> LibraryCall[Description, str]:
    """Answer a question about pictures: paths or bytes. Raises: AppError."""
    check_names(options, ChatOptions)
    request = Describe(
        images=to_files(images),
        messages=to_messages(question),
        sampling=sampling_for(client.card("text"), {**FAITHFUL, **options}),
        model=options.get("model"),
    )

    def source(client: Client) -> AsyncGenerator[Event, None]:
        return ask_about_pictures(client, request)

    return LibraryCall(
        source=source,
        result=results.description,
        piece=text_of_event,
        watch=each(text_of_event, on_text),
        deadline=deadline_of(options.get("timeout_s")),
    )


def embed(
    client: Client,
    /,
    texts: str | Sequence[str],
    *,
    model: str | None = None,
    timeout_s: float | None = None,
) -> LibraryCall[list[list[float]], Event]:
    """Return one vector of length 1 per text. Raises: AppError."""
    listed = (texts,) if isinstance(texts, str) else tuple(texts)
    return LibraryCall(
        source=Embed(texts=listed, model=model),
        result=results.vectors,
        piece=no_piece,
        deadline=deadline_of(timeout_s),
    )
