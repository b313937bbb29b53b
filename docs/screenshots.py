"""`make docs`: start Quintet, use every tab with its example, and photograph it for the documents."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from docs import walk
from docs.pictures import (
    BROWSER,
    FLAGS,
    IMAGES,
    LONG_MS,
    LOOKS,
    ROOT,
    WIDE,
    free_port,
    running_quintet,
    take,
)


def main() -> int:
    """Write docs/images/*.png."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_quintet(Path(folder), free_port()) as url,
    ):
        photograph(url)
    return walk.main()


def photograph(url: str) -> None:
    """Open each tab, use it, and save what it looks like: wide and phone, light and dark."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        for name, use in TABS.items():
            page = browser.new_page(viewport=WIDE, reduced_motion="reduce")
            page.set_default_timeout(LONG_MS)
            page.goto(url)
            use(page)
            for ending, (size, scheme) in LOOKS.items():
                page.set_viewport_size(size)
                page.emulate_media(color_scheme=scheme)
                take(page, f"{name}{ending}")
            page.close()
        browser.close()


def open_tab(page: Page, title: str) -> None:
    """Choose a tab by its title."""
    page.get_by_role("tab", name=title, exact=True).click()


def use_text(page: Page) -> None:
    """Ask about an attached document, with a chat before it in the list."""
    open_tab(page, "Text")
    ask(page, "What is the capital of France? One short sentence.")
    page.locator("#chat-list").get_by_role("button", name="New chat", exact=True).click()
    page.locator("#chat-empty").wait_for()
    page.locator(".q-attach-input").set_input_files(ROOT / "assets" / "example-handbook.pdf")
    page.locator(".q-chips .q-file").get_by_text("by retrieval").or_(
        page.locator(".q-chips .q-file").get_by_text("read whole")
    ).first.wait_for()
    ask(page, "How high is the tower?")


def ask(page: Page, question: str) -> None:
    """Send a question and wait for the answer's receipt."""
    receipts = page.locator("#chat-scroll .q-acts .q-receipt")
    before = receipts.count()
    page.locator("#chat-input").fill(question)
    page.locator("#chat-send").click()
    receipts.nth(before).wait_for()


def use_speech_in(page: Page) -> None:
    """Transcribe the example."""
    open_tab(page, "Speech in")
    page.get_by_role("button", name="Try the example").click()
    page.locator("#stt-save-srt").wait_for()


def use_speech_out(page: Page) -> None:
    """Speak an example."""
    open_tab(page, "Speech out")
    page.get_by_role("button", name="A story").click()
    page.locator("#tts-download").get_by_text("Download mp3 ·").wait_for()


def use_vision(page: Page) -> None:
    """Ask about the example receipt."""
    open_tab(page, "Vision")
    page.get_by_role("button", name="Receipt: what is the total?").click()
    page.locator("#vision-after .q-rec").wait_for()


def use_rag(page: Page) -> None:
    """Index the handbook and ask about it."""
    open_tab(page, "RAG")
    page.locator("#rag-example").click()
    page.get_by_role("button", name="How high is the tower?").click()
    page.locator("#rag-after .q-rec").wait_for()


def use_models(page: Page) -> None:
    """Measure the model that answers in the chat."""
    open_tab(page, "Models")
    page.locator(".q-models-search").fill("SmolLM2 135M")
    page.get_by_role("button", name="Benchmark SmolLM2 135M").first.click()
    page.locator('.q-model [data-action="benchmark"]').first.click()
    page.locator(".q-bench-table").first.wait_for()


def use_memory(page: Page) -> None:
    """Show the memory of all five workers."""
    open_tab(page, "Models")
    page.locator(".q-model").first.wait_for()
    page.locator("#q-mem").click()
    page.locator("#memory-workers").get_by_text("expected").nth(2).wait_for()


TABS = {
    "speech-in": use_speech_in,
    "speech-out": use_speech_out,
    "vision": use_vision,
    "rag": use_rag,
    "text": use_text,
    "memory": use_memory,
    "models": use_models,
}
"""In this order, so that the pictures of the README show all five workers awake."""

if __name__ == "__main__":
    sys.exit(main())
