"""Files and documents in a chat, in a real browser: attached, read, cited, still there after a reload."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.running import ROOT, App

HANDBOOK = ROOT / "assets" / "example-handbook.pdf"
RECEIPT = ROOT / "assets" / "example-receipt.png"
WORDS = "word " * 1300
"""The fake's context holds 4,096 words, and it says each question back: the third does not fit."""
PASTE = """(text) => {
  const data = new DataTransfer();
  const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  data.items.add(new File([bytes], "pasted.png", { type: "image/png" }));
  const box = document.getElementById("chat-input");
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
DROP = """() => {
  const data = new DataTransfer();
  data.items.add(new File(["The key is under the blue pot."], "notes.txt", { type: "text/plain" }));
  const place = document.getElementById("chat-scroll");
  for (const kind of ["dragover", "drop"]) {
    place.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture(scope="module")
def app(fake_app: App) -> App:
    return fake_app


def attach(page: Page, *files: Path) -> None:
    page.locator(".q-attach-input").set_input_files([str(file) for file in files])


def ask(page: Page, text: str, number: int = 1) -> None:
    """Ask, and wait until so many answers have ended."""
    page.locator("#chat-input").fill(text)
    page.locator("#chat-send").click()
    expect(page.locator("#chat-input")).to_have_value("")
    expect(page.locator("#chat-scroll .q-receipt")).to_have_count(number, timeout=60_000)


def test_a_pdf_is_read_and_seen_again_after_a_reload(page: Page) -> None:
    attach(page, HANDBOOK)
    chip = page.locator(".q-chips .q-file")
    expect(chip).to_contain_text("by retrieval")
    ask(page, "How high is the tower?")
    expect(chip).to_have_count(0)
    sent = page.locator("#chat-scroll .q-files .q-file")
    expect(sent).to_contain_text("read whole")
    expect(page.locator("#chat-scroll")).to_contain_text("The tower is 41 metres high")
    expect(page.locator(".q-line-of-chat")).to_contain_text("of 4,096 tokens used")
    page.reload()
    expect(sent).to_contain_text("example-handbook.pdf")
    expect(sent).to_contain_text("read whole")
    address = sent.locator("a").get_attribute("href")
    assert address is not None
    served = page.request.get(f"{page.url.partition('?')[0]}{address}")
    assert served.body() == HANDBOOK.read_bytes()


def test_a_picture_is_shown_small_to_its_owner_alone(
    page: Page, app: App, browser: Browser
) -> None:
    attach(page, RECEIPT)
    expect(page.locator(".q-chips .q-file")).to_contain_text("seen by Fake eye")
    ask(page, "What does it cost?")
    picture = page.locator("#chat-scroll .q-files img")
    expect(page.locator("#chat-scroll .q-files")).to_contain_text("seen by Fake eye")
    expect(picture).to_have_js_property("complete", value=True)
    assert picture.evaluate("(one) => one.naturalWidth") > 0
    address = f"{app.url}/{picture.get_attribute('src')}"
    other = browser.new_context()
    assert page.request.get(address).status == 200
    assert other.request.get(address).status == 404
    other.close()


def test_files_are_dropped_pasted_and_taken_out_again(page: Page) -> None:
    import base64

    page.evaluate(PASTE, base64.b64encode(RECEIPT.read_bytes()).decode())
    page.evaluate(DROP)
    chips = page.locator(".q-chips .q-file")
    expect(chips).to_contain_text(["pasted.png", "notes.txt"])
    chips.first.get_by_role("button", name="Remove pasted.png").click()
    expect(chips).to_have_count(1)
    ask(page, "Where is the key?")
    expect(page.locator("#chat-scroll")).to_contain_text("under the blue pot")


def test_what_cannot_be_read_says_why_in_its_chip(page: Page, tmp_path: Path) -> None:
    empty, broken = tmp_path / "empty.txt", tmp_path / "broken.pdf"
    empty.touch()
    broken.write_bytes(b"%PDF-1.7\n" + b"nonsense " * 50)
    attach(page, empty)
    expect(page.locator(".q-chips .q-bad")).to_contain_text("empty (0 bytes)")
    expect(page.locator("#chat-send")).to_be_disabled()
    attach(page, broken)
    ask(page, "What is it?")
    expect(page.locator("#chat-scroll .q-files .q-bad")).to_contain_text("is a damaged PDF")
    expect(page.locator(".q-chips .q-bad")).to_contain_text("empty.txt")


def test_a_chosen_collection_is_cited_and_a_chip_opens_its_passage(page: Page) -> None:
    page.get_by_role("tab", name="RAG", exact=True).click()
    page.locator(".q-drop input").first.set_input_files(str(HANDBOOK))
    indexed = page.locator("#tab-rag").get_by_text(re.compile(r"\d+ passages"))
    expect(indexed.first).to_be_visible()
    page.get_by_role("tab", name="Text", exact=True).click()
    switch = page.locator('.q-switch[data-key="collections"]')
    switch.click()
    page.locator(".q-switch-menu .q-choice").first.click()
    expect(switch).to_have_class(re.compile(r"\bon\b"))
    page.keyboard.press("Escape")
    ask(page, "When does the boat leave the old harbour?")
    chip = page.locator('#chat-scroll a[href*="#source-"]').first
    expect(chip).to_contain_text("example-handbook.pdf")
    chip.click()
    expect(page.locator(".q-sources .q-shown blockquote")).to_be_visible()
    page.reload()
    expect(page.locator(".q-sources")).to_be_attached()
    expect(switch).to_have_class(re.compile(r"\bon\b"))


def test_a_full_context_offers_to_leave_out_the_oldest(page: Page) -> None:
    for number in (1, 2):
        ask(page, WORDS, number)
    page.locator("#chat-input").fill(f"third {WORDS}")
    page.locator("#chat-send").click()
    page.get_by_role("button", name="Leave out the oldest").click()
    expect(page.locator("#chat-scroll")).to_contain_text("were left out", timeout=60_000)
