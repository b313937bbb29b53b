"""A newcomer's walk, photographed for docs/walk.md: from the first page to a kept and exported chat.

The packaged models answer. The smallest of them calls no tool by itself, so that for this step Quintet
is started anew with the fake engine, on the same data folder: the chat is there, too.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, sync_playwright

from docs.pictures import BROWSER, FLAGS, LONG_MS, ROOT, WIDE, free_port, running_quintet, take

CALL = '!call calculator {"expression": "41 * 3.28"}'


def main() -> int:
    """Write docs/images/walk-*.png, and say how long the walk took."""
    port = free_port()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        context = browser.new_context(viewport=WIDE, reduced_motion="reduce")
        with running_quintet(folder, port) as url:
            walk_to_a_persona(opened(context, url))
        # The calculator usually runs without asking: here its call is to be seen waiting.
        with running_quintet(folder, port, "--engine", "fake", QUINTET_TOOLS__UNASKED="[]") as url:
            walk_from_a_tool(opened(context, url))
        browser.close()
    sys.stdout.write(f"The walk took {time.monotonic() - started:.0f} s.\n")
    return 0


def opened(context: BrowserContext, url: str) -> Page:
    """Return the page, ready to be written in."""
    page = context.new_page()
    page.set_default_timeout(LONG_MS)
    page.goto(url)
    page.locator("#chat-input").wait_for()
    return page


def ask(page: Page, question: str) -> None:
    """Send a question and wait for the answer's receipt."""
    receipts = page.locator("#chat-scroll .q-acts .q-receipt")
    before = receipts.count()
    page.locator("#chat-input").fill(question)
    page.locator("#chat-send").click()
    receipts.nth(before).wait_for()


def walk_to_a_persona(page: Page) -> None:
    """The first page, a question, a document, a persona."""
    page.locator("#chat-empty").wait_for()
    take(page, "walk-1-first")
    ask(page, "What is the capital of France? One short sentence.")
    take(page, "walk-2-question")
    page.locator("#chat-list").get_by_role("button", name="New chat", exact=True).click()
    page.locator("#chat-empty").wait_for()
    page.locator(".q-attach-input").set_input_files(ROOT / "assets" / "example-handbook.pdf")
    page.locator(".q-chips .q-file").get_by_text("example-handbook.pdf").wait_for()
    page.wait_for_function("!document.querySelector('.q-chips .q-file progress')")
    page.locator("#chat-input").fill("How high is the tower?")
    take(page, "walk-3-attached")
    ask(page, "How high is the tower?")
    take(page, "walk-4-document")
    page.locator("#chat-list").get_by_role("button", name="Personas", exact=True).click()
    sheet = page.locator("dialog.q-personas")
    sheet.locator("[data-do=new]").click()
    sheet.get_by_label("Name", exact=True).fill("Harbour pilot")
    sheet.locator("[name=system]").fill("You answer ships' crews. One short sentence.")
    sheet.get_by_role("button", name="Precise").click()
    sheet.locator("form [data-do=save]").click()
    sheet.locator(".q-personas-said").get_by_text("is kept").wait_for()
    take(page, "walk-5-persona")
    sheet.locator("form [data-do=use]").click()
    page.locator(".q-line-of-chat").get_by_text("Harbour pilot").wait_for()
    page.close()


def walk_from_a_tool(page: Page) -> None:
    """A call that is allowed, the chat after a reload, the chat as a file."""
    page.locator("#chat-list [data-act=open]").first.click()
    receipts = page.locator("#chat-scroll .q-acts .q-receipt")
    receipts.nth(0).wait_for()
    page.locator(".q-switch[data-key=tools]").click()
    page.locator('.q-switch-menu [data-value="calculator"]').click()
    page.locator("#chat-input").click()
    page.locator("#chat-input").fill(CALL)
    page.locator("#chat-send").click()
    leave = page.locator(".q-leave")
    leave.wait_for()
    take(page, "walk-6-asked")
    leave.get_by_role("button", name="Allow once").click()
    receipts.nth(1).wait_for()
    take(page, "walk-7-called")
    page.reload()
    receipts.nth(1).wait_for()
    take(page, "walk-8-kept")
    page.locator("#chat-list [aria-current] + .q-row-menu").click()
    page.locator("[data-export=md]").last.wait_for()
    take(page, "walk-9-export")
    with page.expect_download():
        page.get_by_role("menuitem", name="Export as Markdown").click()


if __name__ == "__main__":
    sys.exit(main())
