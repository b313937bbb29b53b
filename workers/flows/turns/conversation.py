"""From a path through a chat to the conversation that a model gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from workers.chats.records import Message
from workers.flows.citations import without_marks
from workers.messages import ChatMessage

from .calls import as_turns
from .recalled import in_words, recalled

NO_OTHER_WORDS: Mapping[int, str] = MappingProxyType({})


def conversation_of(
    path: Sequence[Message],
    system: str,
    said: Mapping[int, str] = NO_OTHER_WORDS,
    *,
    is_calling: bool = False,
) -> tuple[ChatMessage, ...]:
    """Return the turns: the system prompt, then questions and answers, ending with what is to be answered.

    Questions without an answer stay out, but for the last: one that was too long would fail every later
    one. An answer at the end is one to be gone on with. `said`: what the model gets in the place of a
    question's words, by id: with what was attached. The numbers of citations name passages that are not
    in this conversation, so they stay out. `is_calling`: whether the model may call tools now; then it gets
    its earlier calls and their results as such, else in words with the question that they were for.
    """
    turns = [ChatMessage(role="system", text=system)] if system.strip() else []
    for index, message in enumerate(path):
        is_last = index == len(path) - 1
        if message.role == "assistant":
            if message.text:
                text = message.text if is_last else _uncited(message)
                if is_calling and (calls := recalled(message)):
                    turns += as_turns("", calls)
                turns.append(ChatMessage(role="assistant", text=text))
        elif is_last or _is_answered(path, index):
            text = said.get(message.id, message.text)
            if not is_last and not is_calling and (words := in_words(recalled(path[index + 1]))):
                text = f"{text}\n\n{words}"
            turns.append(ChatMessage(role="user", text=text))
    return tuple(turns)


def _uncited(answer: Message) -> str:
    return without_marks(answer.text) if answer.details.get("sources") else answer.text


def _is_answered(path: Sequence[Message], question: int) -> bool:
    following = path[question + 1]
    is_last = question + 1 == len(path) - 1
    return following.role == "assistant" and (bool(following.text) or is_last)
