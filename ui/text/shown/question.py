"""A question as it is shown: literally what was typed, its files, and what can be done with it."""

from __future__ import annotations

from ui.core.icons import icon_button
from ui.core.written import question_html as literal_html
from ui.text.exchanges import Exchange

from .markup import versions_html
from .table import ABOVE_QUESTION, rendered


def question_html(exchange: Exchange) -> str:
    """Return the question of an exchange as HTML; "" where it has none."""
    question = exchange.question
    if question is None:
        return ""
    text = literal_html(question.text)
    said = f'<div class="q-own" data-own="{question.id}">{text}</div>' if text else ""
    versions = versions_html(exchange.question_versions, "question")
    acts = (
        f"{versions}"
        f"{icon_button('copy', 'Copy the question', copy=question.id)}"
        f"{icon_button('edit', 'Edit the question', edit=question.id, how='question')}"
    )
    row = "q-acts q-own-acts q-versioned" if versions else "q-acts q-own-acts"
    return (
        f'<div class="q-said" data-message="{question.id}">{rendered(ABOVE_QUESTION, question)}'
        f'<div class="q-own-row"><div class="{row}">{acts}</div>{said}</div></div>'
    )
