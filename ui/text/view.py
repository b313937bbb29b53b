"""What one chat is, and what can be done to it. Pure: no gradio, no engine.

A chat is a tuple of exchanges: a question and the versions of its answer. Every function returns a
new chat; the page keeps the latest in `gr.State` and draws it with `rows`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from workers.messages import ChatMessage, Event, Finished, FinishReason
from workers.messages.context_offer import ContextOffer
from workers.messages.folds import text_of, thought_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatAnswer:
    """One version of an answer, possibly still being written."""

    text: str = ""
    thought: str = ""
    """What the model thought before it; shown folded, never sent to the model again."""
    thinking_s: float = 0.0
    """How long that took; 0 while it thinks."""
    state: FinishReason | Literal["running", "failed"] = "running"
    offer: ContextOffer | None = None
    """Of a longer context, to a question that did not fit."""
    footer_html: str = ""
    """Receipt or error; shown below the answer, never sent to the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question and every answer that was given to it."""

    question: str
    answers: tuple[ChatAnswer, ...] = (ChatAnswer(),)
    shown: int = 0

    @property
    def answer(self) -> ChatAnswer:
        """The version that is shown, and that later turns build on."""
        return self.answers[self.shown]


Chat = tuple[Exchange, ...]


def ask(chat: Chat, question: str) -> Chat:
    """Add a question; its answer is running."""
    return (*chat, Exchange(question=question))


def ask_again(chat: Chat) -> Chat:
    """Add a version to the last answer; one that brought no word is replaced instead."""
    last = chat[-1]
    kept = tuple(answer for answer in last.answers if answer.text)
    return (*chat[:-1], replace(last, answers=(*kept, ChatAnswer()), shown=len(kept)))


def ask_differently(chat: Chat, index: int, question: str) -> Chat:
    """Change a question; what came after it was built on the old one and goes."""
    return ask(chat[:index], question)


def write_answer(chat: Chat, answer: ChatAnswer) -> Chat:
    """Replace the answer that is shown last."""
    return edit_answer(chat, len(chat) - 1, answer)


def edit_answer(chat: Chat, index: int, answer: ChatAnswer) -> Chat:
    """Replace the shown answer of one exchange; everything else stays."""
    old = chat[index]
    answers = (*old.answers[: old.shown], answer, *old.answers[old.shown + 1 :])
    return (*chat[:index], replace(old, answers=answers), *chat[index + 1 :])


def undo(chat: Chat) -> tuple[Chat, str]:
    """Take the last exchange back; returns its question, for the input box."""
    return (chat[:-1], chat[-1].question) if chat else (chat, "")


def advanced(answer: ChatAnswer, batch: Sequence[Event], receipt_html: str) -> ChatAnswer:
    """Return the answer with the text of a batch of events, and the receipt once it has ended."""
    answer = replace(
        answer, text=answer.text + text_of(batch), thought=answer.thought + thought_of(batch)
    )
    if isinstance(batch[-1], Finished):
        thinking_s = batch[-1].usage.thinking_s
        return replace(
            answer, state=batch[-1].reason, footer_html=receipt_html, thinking_s=thinking_s
        )
    return answer


def turn_page(chat: Chat, step: int) -> Chat:
    """Show the version before (-1) or after (+1) of the last answer; stays within bounds."""
    if not chat:
        return chat
    last = chat[-1]
    shown = min(max(last.shown + step, 0), len(last.answers) - 1)
    return (*chat[:-1], replace(last, shown=shown))


def version_label(chat: Chat) -> str:
    """Return "2 / 3" if the last answer has several versions, else ""."""
    if not chat or len(chat[-1].answers) < 2:
        return ""
    return f"{chat[-1].shown + 1} / {len(chat[-1].answers)}"


def reload_label(chat: Chat) -> str:
    """Return what the button says that loads the model with a longer context; "" if there is no use in it."""
    offer = chat[-1].answer.offer if chat else None
    return f"Reload with {offer.tokens:,} tokens" if offer is not None and offer.fits else ""


def can_continue(chat: Chat) -> bool:
    """Whether the last answer broke off after some words."""
    return bool(chat) and chat[-1].answer.state in ("length", "cancelled") and has_text(chat)


def can_retry(chat: Chat) -> bool:
    """Whether the last answer failed or was stopped before it said anything."""
    return bool(chat) and chat[-1].answer.state in ("failed", "cancelled") and not has_text(chat)


def is_running(chat: Chat) -> bool:
    """Whether the last answer is still being written."""
    return bool(chat) and chat[-1].answer.state == "running"


def has_text(chat: Chat) -> bool:
    """Whether the last answer says anything."""
    return bool(chat[-1].answer.text.strip())


def to_messages(chat: Chat, system: str) -> tuple[ChatMessage, ...]:
    """Return the conversation for the model: no footers, no other versions.

    Earlier questions that got no answer stay out: one that was too long would fail every later one.
    """
    turns = [ChatMessage(role="system", text=system)] if system.strip() else []
    answered = [exchange for exchange in chat[:-1] if exchange.answer.text]
    for exchange in (*answered, *chat[-1:]):
        turns.append(ChatMessage(role="user", text=exchange.question))
        if exchange.answer.text:
            turns.append(ChatMessage(role="assistant", text=exchange.answer.text))
    return tuple(turns)


def thought_title(answer: ChatAnswer) -> str:
    """Return what stands over a thought that is folded."""
    if answer.state == "running" and not answer.text:
        return "Thinking …"
    return f"Thought for {answer.thinking_s:.0f} s" if answer.thinking_s >= 1 else "Thought"


WAITING_HTML = '<div class="q-line q-busy" role="status"><i></i>thinking</div>'


def rows(chat: Chat) -> list[dict[str, Any]]:
    """Return the chat as messages for the page; a footer is a row of its own, marked as such."""
    return [row for _, row in _numbered_rows(chat)]


def exchange_of_row(chat: Chat, row: int) -> int:
    """Return which exchange a row of `rows` belongs to."""
    return [index for index, _ in _numbered_rows(chat)][row]


def _numbered_rows(chat: Chat) -> list[tuple[int, dict[str, Any]]]:
    found: list[tuple[int, dict[str, Any]]] = []
    for index, exchange in enumerate(chat):
        answer = exchange.answer
        found.append((index, {"role": "user", "content": exchange.question}))
        if answer.thought:
            thought = {"content": answer.thought, "thought": thought_title(answer)}
            found.append((index, {"role": "assistant", **thought}))
        if answer.text:
            found.append((index, {"role": "assistant", "content": answer.text}))
        footer = answer.footer_html
        if not answer.text and not answer.thought and answer.state == "running":
            footer = footer or WAITING_HTML
        if footer:
            found.append((index, {"role": "assistant", "footer": footer}))
    return found
