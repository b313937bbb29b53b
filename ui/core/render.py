"""Events → HTML for the page's status lines. Pure: no gradio, no state; everything is escaped."""

from __future__ import annotations

from html import escape

from workers.flows.receipt import Receipt
from workers.messages import Event, Finished, Progress, Queued, Started
from workers.messages.amounts import memory_words, pace_words
from workers.messages.errors import AppError

ENDINGS = {"cancelled": "stopped", "length": "cut at the token limit"}
"""What a receipt says about an end that is not the answer's own."""


def note_html(text: str) -> str:
    """A neutral line: an empty state, a remark."""
    return f'<div class="q-line q-note">{escape(text)}</div>'


def error_html(error: BaseException) -> str:
    """An error line: the sentence, then what to do. An unforeseen error is shown with its own text."""
    if isinstance(error, AppError):
        hint = f' <span class="q-hint">{escape(error.hint)}</span>' if error.hint else ""
        body = f"{escape(error.message)}{hint}"
    else:
        body = f"Something unexpected happened: {escape(str(error) or type(error).__name__)}"
    return f'<div class="q-line q-error" role="alert">{body}</div>'


def status_html(event: Event) -> str:
    """The line for an event that says how far the work is; "" for any other event."""
    if isinstance(event, Queued):
        return busy_html(event.reason)
    if isinstance(event, Started):
        return busy_html("working")
    if isinstance(event, Progress):
        return progress_html(event)
    if isinstance(event, Finished) and event.reason == "cancelled":
        return note_html("Stopped.")
    return ""


def busy_html(text: str) -> str:
    """A line with a pulse: something is happening, for an unknown time."""
    return f'<div class="q-line q-busy" role="status"><i></i>{escape(text)}</div>'


def progress_html(event: Progress) -> str:
    """A bar with the numbers beside it."""
    share = min(1.0, event.done / event.total) if event.total > 0 else 0.0
    label = f"{_number(event.done)} of {_number(event.total)} {event.unit}"
    what = f"{escape(event.what)}: " if event.what else ""
    return (
        '<div class="q-line q-progress" role="status">'
        f'<progress max="1" value="{share:.3f}" aria-label="{escape(label)}"></progress>'
        f"<span>{what}{escape(label)}</span></div>"
    )


def receipt_parts(receipt: Receipt) -> list[str]:
    """The receipt as short phrases, the most telling first."""
    usage = receipt.usage
    parts = [
        ENDINGS.get(receipt.reason or "", ""),
        f"{receipt.tokens_per_s:.0f} tokens/s" if receipt.tokens_per_s else "",
        pace_words(1 / receipt.real_time_factor) if receipt.real_time_factor else "",
        f"first after {seconds(receipt.first_s)}" if receipt.first_s is not None else "",
        f"total {seconds(receipt.total_s)}",
        f"queued {seconds(receipt.queued_s)}",
        f"loaded {seconds(receipt.loaded_s)}" if receipt.loaded_s else "",
        f"{usage.prompt_tokens} + {usage.completion_tokens} tokens" if usage.prompt_tokens else "",
        f"{usage.cached_tokens} reused" if usage.cached_tokens else "",
        f"{usage.image_tokens} for pictures" if usage.image_tokens else "",
        f"audio {seconds(usage.audio_s)}" if usage.audio_s else "",
        f"passages ordered by {receipt.reranker}" if receipt.reranker else "",
        f"peak {memory_words(receipt.peak_mib)}" if receipt.peak_mib else "",
    ]
    return [part for part in parts if part]


def seconds(value: float) -> str:
    """0.042 → "42 ms", 3.21 → "3.2 s", 75 → "1:15"."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 60:
        return f"{value:.1f} s"
    return clock(value)


def clock(value: float) -> str:
    """75.4 → "1:15", 3675 → "1:01:15"."""
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
