"""What can be done about a conversation that did not fit the model's context. Pure."""

from __future__ import annotations

from html import escape

from workers.chats.records import Message

from .markup import act_button


def too_long_html(answer: Message) -> str:
    """Return the choices of a question that did not fit; "" for any other failure."""
    if not answer.details.get("is_too_long"):
        return ""
    words = "Or go on with less of it; this chat then does so from now on."
    buttons = (
        act_button("Leave out the oldest", "shorten", message=answer.id, how="drop"),
        act_button("Sum up the oldest", "shorten", message=answer.id, how="summarise"),
    )
    return f'<p class="q-line q-note">{escape(words)}</p><div class="q-next-steps">{"".join(buttons)}</div>'
