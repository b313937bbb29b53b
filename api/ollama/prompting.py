"""The body of /api/generate → a conversation, or a text that goes on as it stands."""

from __future__ import annotations

from dataclasses import replace

from configs.catalogue import ModelCard
from workers.messages import ChatMessage, Complete, Generate, Thinking
from workers.messages.errors import UnsupportedInputError
from workers.templates.conversation import inserts, render_insert
from workers.templates.go import TemplateError, render

from .context import decoded
from .convert import to_constraint, to_generate
from .durations import seconds_of
from .options import sampling_of
from .schemas import GenerateBody

Prompted = Generate | Complete


def to_request(body: GenerateBody, card: ModelCard) -> Prompted:
    """Return the request: before a suffix, raw, within a template of the body's own, or as a conversation.

    Raises: UnsupportedInputError for keys that do not go together, a template that cannot be rendered, a
    suffix that the model can do nothing with.
    """
    if body.suffix:
        return _complete(body, card, inserted(body, card))
    if body.raw:
        return _complete(body, card, _raw(body))
    if body.template:
        return _complete(body, card, rendered(body, card))
    return to_generate(body, card, _turns(body))


def inserted(body: GenerateBody, card: ModelCard) -> str:
    """Return the prompt that asks for what stands between the prompt and the suffix.

    Raises: UnsupportedInputError if the model cannot, or for keys that do not go together with it.
    """
    if card.templates is None or not inserts(card.templates):
        raise UnsupportedInputError(
            f"{body.model!r} does not support insert: it writes nothing before a suffix.",
            "Ask for it in words with /api/chat, or choose a model that has the capability.",
        )
    both = [name for name in ("raw", "template", "system", "context") if getattr(body, name)]
    if both or body.images:
        raise UnsupportedInputError(
            f"A suffix does not go together with {(both or ['images'])[0]}."
        )
    return render_insert(card.templates, body.prompt, body.suffix)


def _raw(body: GenerateBody) -> str:
    both = [name for name in ("template", "system", "context") if getattr(body, name)]
    if both or body.images:
        raise UnsupportedInputError(
            f"raw does not go together with {(both or ['images'])[0]}: the prompt is sent as it is."
        )
    return body.prompt


def rendered(body: GenerateBody, card: ModelCard) -> str:
    """Return the prompt within the body's template, in Go's language with Ollama's fields.

    Raises: UnsupportedInputError.
    """
    if body.images:
        raise UnsupportedInputError("A template of your own does not go together with images.")
    earlier = decoded(body.context) if body.context else []
    system = _system_of(body, card)
    turns = [*earlier, ChatMessage(role="user", text=body.prompt)]
    values = {
        "System": system,
        "Prompt": body.prompt,
        "Response": "",
        "Suffix": "",
        "First": not earlier,
        "Think": False,
        "ThinkLevel": "",
        "IsThinkSet": False,
        "Tools": [],
        "Messages": [_message(turn) for turn in turns],
    }
    try:
        return render(body.template, values, "template")
    except TemplateError as err:
        raise UnsupportedInputError(f"The template cannot be used: {err}") from err


def _message(turn: ChatMessage) -> dict[str, object]:
    return {
        "Role": turn.role,
        "Content": turn.text,
        "Thinking": "",
        "ToolCalls": [],
        "ToolName": "",
    }


def _system_of(body: GenerateBody, card: ModelCard) -> str:
    own = next((turn.text for turn in card.opening if turn.role == "system"), "")
    return own if body.system is None else body.system


def _complete(body: GenerateBody, card: ModelCard, prompt: str) -> Complete:
    if body.think:
        raise UnsupportedInputError(
            "think needs the model's own format of a chat: leave out raw, template and suffix."
        )
    sampling = sampling_of(body.options, card, Thinking(is_on=False))
    if body.logprobs:
        sampling = replace(sampling, num_logprobs=body.top_logprobs)
    return Complete(
        prompt=prompt,
        sampling=sampling,
        constraint=to_constraint(body),
        model=card.id,
        keep_s=seconds_of(body.keep_alive),
    )


def _turns(body: GenerateBody) -> list[ChatMessage]:
    """Return what was said, the system's words of this body in place of earlier ones."""
    earlier = decoded(body.context) if body.context else []
    if body.system is not None:
        earlier = [turn for turn in earlier if turn.role != "system"]
        system = [ChatMessage(role="system", text=body.system)] if body.system else []
        earlier = [*system, *earlier]
    return [*earlier, ChatMessage(role="user", text=body.prompt)]
