"""What is searched for a question to documents that may go on from the one before. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from workers.messages import ChatMessage

SHORT_QUESTION_WORDS = 4
"""A shorter question ("and on Sundays?") is searched together with the one before it."""


def query_of(question: str, history: Sequence[ChatMessage]) -> str:
    """Return the question, with the one before it if it is short."""
    asked = [turn.text for turn in history if turn.role == "user"]
    if asked and len(question.split()) < SHORT_QUESTION_WORDS:
        return f"{asked[-1]} {question}"
    return question
