"""Quintet with a model that gives every question the answer that a test wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.remote.scripted import delta, serving, stream
from tests.running import App, start_app, stop_app

CARD = """id: scripted
name: Scripted
modality: text
engine: remote
source: remote:{url}/v1
files: {{}}
license: none
license_url: none
origin: tests
parameters_m: 0
context_length: 8192
memory_mib: 70
options: {{remote_model: scripted}}
"""
END = "End of the answer"
"""What an answer is to end with."""
LOG = "#chat-scroll"
"""Where questions and answers stand."""


@contextmanager
def app_that_says(folder: Path, answer: str) -> Iterator[App]:
    """Run it, with its data in a folder."""
    with serving(stream(delta(answer), delta("", "stop"), "[DONE]")) as model:
        cards = folder / "data" / "models.d"
        cards.mkdir(parents=True)
        (cards / "scripted.yaml").write_text(CARD.format(url=model.url))
        running = start_app(
            folder, QUINTET_WORKERS__TEXT__MODEL="scripted", QUINTET_POOL__WARM="[]"
        )
        try:
            yield running
        finally:
            stop_app(running)


def ask_in_chat(page: Page, question: str = "How is the valley?") -> None:
    """Ask in the Text tab, and wait for the end."""
    page.locator("#chat-input").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(LOG)).to_contain_text(END, timeout=60_000)
    expect(page.locator("#chat-send")).to_be_visible(timeout=60_000)
