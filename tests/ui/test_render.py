"""Status lines say the numbers and escape what users wrote."""

from __future__ import annotations

import pytest

from ui.core.asking import costs_html
from ui.core.render import clock, error_html, note_html, seconds, status_html
from workers.flows.receipt import Receipt
from workers.messages import Finished, Progress, Queued, Started, TextDelta, Usage
from workers.messages.errors import UnsupportedInputError


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0421, "42 ms"), (3.21, "3.2 s"), (75, "1:15"), (3675, "1:01:15")],
)
def test_durations_are_readable(value: float, text: str) -> None:
    assert seconds(value) == text


def test_clock_of_a_short_recording() -> None:
    assert clock(5.9) == "0:05"


def test_user_text_is_escaped() -> None:
    assert "<script>" not in note_html("<script>") + error_html(ValueError("<script>"))


def test_an_error_shows_sentence_and_hint() -> None:
    html = error_html(UnsupportedInputError("The file is empty.", hint="Choose another."))
    assert "The file is empty." in html
    assert "Choose another." in html
    assert 'role="alert"' in html


def test_status_lines() -> None:
    assert "2 ahead" in status_html(Queued(request_id="r", num_ahead=2, reason="2 ahead"))
    progress = Progress(request_id="r", done=1500, total=3000, unit="chunks", what="a.pdf")
    assert "a.pdf: 1,500 of 3,000 chunks" in status_html(progress)
    assert 'value="0.500"' in status_html(progress)
    assert "Stopped" in status_html(Finished(request_id="r", reason="cancelled"))
    assert status_html(TextDelta(request_id="r", text="x")) == ""


def test_a_receipt_adds_up() -> None:
    receipt = Receipt()
    receipt.see(Started(request_id="r", queue_wait_s=1.5, load_s=1.0))
    receipt.see(TextDelta(request_id="r", text="x"))
    usage = Usage(prompt_tokens=20, cached_tokens=5, completion_tokens=50, decode_s=0.5)
    receipt.see(Finished(request_id="r", usage=usage, peak_mib=300))
    html = costs_html(receipt)
    for part in ("queued 500 ms", "loaded 1.0 s", "100 tokens/s", "20 + 50 tokens", "peak 0.3 GB"):
        assert part in html
