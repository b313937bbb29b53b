"""`make docs`: start Quintet, use every tab with its example, and photograph it for the README."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDE = ViewportSize(width=1200, height=860)
PHONE = ViewportSize(width=390, height=844)
LONG_MS = 90_000


def main() -> int:
    """Write docs/images/*.png."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        app = subprocess.Popen(
            [sys.executable, "app.py", "--port", str(port), "--data-dir", folder], cwd=ROOT
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz")
            photograph(f"http://127.0.0.1:{port}")
        finally:
            app.terminate()
            app.wait()
    return 0


def wait_for(url: str) -> None:
    """Return when the address answers."""
    while True:
        try:
            urllib.request.urlopen(url).close()
        except OSError:
            time.sleep(0.2)
        else:
            return


def photograph(url: str) -> None:
    """Open each tab, use it, and save what it looks like."""
    browser_path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        for name, use in TABS.items():
            page = browser.new_page(viewport=WIDE, device_scale_factor=1)
            page.set_default_timeout(LONG_MS)
            page.goto(url)
            use(page)
            page.wait_for_timeout(500)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
        phone = browser.new_page(viewport=PHONE, color_scheme="dark")
        phone.goto(f"{url}/?__theme=dark")
        phone.get_by_role("tab", name="Speech out").click()
        phone.wait_for_timeout(1500)
        phone.screenshot(path=IMAGES / "phone.png")
        browser.close()


def open_tab(page: Page, title: str) -> None:
    """Choose a tab by its title."""
    page.get_by_role("tab", name=title, exact=True).click()


def use_text(page: Page) -> None:
    """Ask something and wait for the receipt."""
    open_tab(page, "Text")
    page.locator("#chat-input").fill("What is the capital of France? One short sentence.")
    page.keyboard.press("Enter")
    page.locator("#tab-text").get_by_text("tokens/s").first.wait_for()


def use_speech_in(page: Page) -> None:
    """Transcribe the example."""
    open_tab(page, "Speech in")
    page.get_by_role("button", name="Try the example").click()
    page.locator("#stt-save-srt").wait_for()


def use_speech_out(page: Page) -> None:
    """Speak an example and stop the clock in the middle."""
    open_tab(page, "Speech out")
    page.get_by_role("button", name="A story").click()
    page.locator("#tts-download").wait_for()


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
    """Show the catalogue, and the memory of all five above it."""
    open_tab(page, "Models")
    page.locator("#q-mem").click()
    page.locator("#memory-workers").get_by_text("expected").nth(2).wait_for()


TABS = {
    "speech-in": use_speech_in,
    "speech-out": use_speech_out,
    "vision": use_vision,
    "rag": use_rag,
    "models": use_models,
    "text": use_text,
}
"""In this order, so that the pictures of the README show all five workers awake."""

if __name__ == "__main__":
    sys.exit(main())
