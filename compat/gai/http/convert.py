"""Gai/Gen's bodies for text, speech and pictures → messages. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Sequence

from api.core.audio.convert import OPENAI_VOICES
from configs.catalogue import ModelCard
from workers.messages import (
    ChatMessage,
    Describe,
    Generate,
    Media,
    SamplingParams,
    Synthesize,
    Tool,
    ToolCall,
)
from workers.messages.errors import UnsupportedInputError
from workers.messages.sampling import sampling_for

from .generators import SPEAKS_WAV, WRAPPERS_VOICES
from .schemas import (
    ChatBody,
    Hyperparameters,
    ImagePart,
    Message,
    SpeechBody,
    TextPart,
    ToolChoice,
    VisionBody,
    VisionMessage,
)


def to_generate(body: ChatBody, card: ModelCard) -> Generate:
    """Return the request; what the body leaves out is the card's to say."""
    tools = tuple(
        Tool(
            name=tool.function.name,
            description=tool.function.description or "",
            parameters=json.dumps(tool.function.parameters),
        )
        for tool in body.tools or []
    )
    choice = body.tool_choice or "auto"
    return Generate(
        messages=_without_answer_slot([_message(turn) for turn in body.messages]),
        sampling=to_sampling(body, card),
        tools=tools,
        tool_choice=choice.function.name if isinstance(choice, ToolChoice) else choice,
        model=card.id,
    )


def to_describe(
    body: VisionBody, images: Sequence[Media], vision_card: ModelCard, text_card: ModelCard
) -> Describe:
    """Return the question; the pictures may stand in any turn."""
    turns = [ChatMessage(role=turn.role, text=_words(turn)) for turn in body.messages]
    return Describe(
        images=tuple(images),
        messages=_without_answer_slot(turns),
        sampling=to_sampling(body, text_card),
        model=vision_card.id,
    )


def image_urls(body: VisionBody) -> list[str]:
    """Return the addresses of all pictures, in order."""
    parts = [
        part for turn in body.messages if isinstance(turn.content, list) for part in turn.content
    ]
    return [part.image_url.url for part in parts if isinstance(part, ImagePart)]


def to_sampling(body: Hyperparameters, card: ModelCard) -> SamplingParams:
    """Return the sampling; Gai/Gen's ways to say "off" and "random" become ours."""
    given = body.model_dump(exclude_none=True, include=set(Hyperparameters.model_fields))
    given["logit_bias"] = tuple((body.logit_bias or {}).items()) or None
    if body.do_sample is False:
        given["temperature"] = 0.0
    if body.typical_p == 0:
        given["typical_p"] = 1.0
    if body.seed == -1:
        del given["seed"]
    return sampling_for(card, given)


def to_synthesize(body: SpeechBody, card: ModelCard, voices: Sequence[str]) -> Synthesize:
    """Return the request. `voices` are the model's; the wrappers' own names mean its first.

    Raises: UnsupportedInputError if no voice of the model speaks the language.
    """
    language = (body.language or "").lower().replace("_", "-").partition("-")[0]
    if language and language not in card.languages:
        raise UnsupportedInputError(
            f"{card.name} speaks {', '.join(card.languages)}, not {body.language!r}.",
            "Choose a model that speaks it, or leave out language.",
        )
    voice = body.voice or None
    if voice not in voices and voice in (*WRAPPERS_VOICES, *OPENAI_VOICES):
        voice = None
    return Synthesize(text=body.input, voice=voice, speed=body.speed, model=card.id)


def speech_format(body: SpeechBody) -> str:
    """Return the name of the file's format: xtts-2 spoke WAV, the others MP3 (GG14)."""
    return body.response_format or ("wav" if body.model in SPEAKS_WAV else "mp3")


def _message(turn: Message) -> ChatMessage:
    calls = tuple(
        ToolCall(call_id=c.id, name=c.function.name, arguments=c.function.arguments)
        for c in turn.tool_calls
    )
    return ChatMessage(
        role=turn.role, text=turn.content, tool_calls=calls, tool_call_id=turn.tool_call_id
    )


def _words(turn: VisionMessage) -> str:
    if isinstance(turn.content, str):
        return turn.content
    return "\n".join(part.text for part in turn.content if isinstance(part, TextPart))


def _without_answer_slot(turns: list[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Drop an empty last turn of the assistant: it is the place for the answer (GG10)."""
    last = turns[-1]
    is_slot = last.role == "assistant" and not last.text and not last.tool_calls
    return tuple(turns[:-1] if is_slot else turns)
