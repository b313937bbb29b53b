"""What an update costs while an answer is written: in a chat of 500 long messages against one of 5.

Through the real page in Chromium: bytes of the stream of events, from the arrival of a piece to its paint,
and the processor time of the page's process. The words come from the fake model, at a set pace.
"""

from __future__ import annotations

import os
import secrets
import shutil
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workers.chats.exchange.portable import FILE, ChatsFile, WholeChat
from workers.chats.records import KeptChat, Message

from .harness import Measurement
from .served import Served, served

if TYPE_CHECKING:
    from playwright.sync_api import Page

SHORT, LONG = 5, 500
MESSAGE = "A sentence with **bold** words, `code` and a list:\n\n- one\n- two\n\n" * 25
"""1.7 kB."""
WORDS = 40
ASKED = "!slow {asked} " + " ".join(f"{{asked}}word{number}" for number in range(WORDS))
"""The fake says it back, ten words a second; `asked` tells it from what was asked before."""
FITTING = {"when_full": "drop"}
"""How the chat is answered: 500 messages are more than the fake takes."""
FIRST, LAST = "{asked}word3 ", f"{{asked}}word{WORDS - 5} "
"""Between these two, nothing but the answer changes."""
RUNS = 3
WAIT_MS = 120_000
WATCH = """(() => {
  const seen = window.seen = { sizes: [], all: 0, last: 0, paints: [] };
  const fetched = window.fetch;
  window.fetch = async (...given) => {
    const answer = await fetched(...given);
    if (!answer.body || !String(given[0]?.url ?? given[0]).includes("queue/data")) return answer;
    const decoder = new TextDecoder();
    let tail = "";
    const counted = new TransformStream({ transform(piece, out) {
      const events = (tail + decoder.decode(piece, { stream: true })).split("\\n\\n");
      tail = events.pop();
      for (const event of events) {
        seen.all += event.length;
        if (event.includes("process_generating")) seen.sizes.push(event.length);
      }
      seen.last = performance.now();
      out.enqueue(piece);
    } });
    return new Response(answer.body.pipeThrough(counted), answer);
  };
  let waits = false;
  const isLive = ({ target }) => (target.closest ? target : target.parentElement)?.closest("#chat-live");
  new MutationObserver((changes) => {
    if (waits || !changes.some(isLive)) return;
    waits = true;
    const at = seen.last;
    requestAnimationFrame(() => setTimeout(() => {
      waits = false;
      seen.paints.push(performance.now() - at);
    }));
  }).observe(document, { subtree: true, childList: true, characterData: true });
})()"""

UNTIL = """(words) => new Promise((resolve) => {
  const look = setInterval(() => {
    const said = [...document.querySelectorAll('#chat-live [data-testid="bot"] .prose')].at(-1);
    if (said?.textContent.includes(words)) resolve(clearInterval(look));
  }, 50);
})"""
"""Playwright's own waiting looks at the whole page again and again, which is what is to be measured."""
ENDED = """() => new Promise((resolve) => {
  const look = setInterval(() => {
    if (document.getElementById("chat-stop").hidden) resolve(clearInterval(look));
  }, 50);
})"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateCost:
    """What the updates of one answer cost."""

    num_bytes: int
    """Median of an update."""
    num_all_bytes: int
    """From the question's begin to the answer's end, with what both draw."""
    paint_ms: float
    """Median, from the arrival of a piece of the stream to its paint."""
    cpu_s: float
    """Of the page's process, meanwhile."""


def chat_file(num_messages: int) -> bytes:
    """Return an export that holds one chat of so many long messages, called by their number."""
    messages = tuple(
        Message(
            id=number,
            parent=number - 1 or None,
            role="user" if number % 2 else "assistant",
            text=f"Message {number:04}. {MESSAGE}",
            created_s=float(number),
            details={},
        )
        for number in range(1, num_messages + num_messages % 2 + 1)
    )
    chat = KeptChat(
        id="a", title=f"chat of {num_messages}", shown=messages[-1].id, settings=FITTING
    )
    whole = WholeChat(chat=chat, messages=messages)
    return bytes(FILE.dump_json(ChatsFile(chats=(whole,))))


def open_chat(page: Page, url: str, num_messages: int, folder: Path) -> None:
    """Bring a chat into a browser, and look at it."""
    page.add_init_script(WATCH)
    page.set_default_timeout(WAIT_MS)
    page.goto(url)
    file = folder / f"chat-{num_messages}.json"
    file.write_bytes(chat_file(num_messages))
    page.locator("#chat-list input[type=file]").set_input_files(str(file))
    page.locator("#chat-list li", has_text=f"chat of {num_messages}").click()
    page.locator("#chat-scroll").get_by_text(f"Message {num_messages:04}.").first.wait_for()


def cost_of_answer(page: Page, quintet: Served | None = None) -> UpdateCost:
    """Ask, and return what the updates of the answer cost."""
    asked = secrets.token_hex(2)
    page.evaluate("() => { seen.sizes = []; seen.all = 0; seen.paints = []; }")
    page.locator("#chat-input").fill(ASKED.format(asked=asked))
    page.keyboard.press("Enter")
    page.evaluate(UNTIL, FIRST.format(asked=asked))
    page.evaluate("() => { seen.sizes = []; seen.paints = []; }")
    before = quintet.cpu_s() if quintet else 0.0
    page.evaluate(UNTIL, LAST.format(asked=asked))
    seen = page.evaluate("() => ({ sizes: seen.sizes, paints: seen.paints })")
    cpu_s = quintet.cpu_s() - before if quintet else 0.0
    page.evaluate(ENDED)
    num_all = page.evaluate("seen.all")
    paint_ms = statistics.median(seen["paints"])
    return UpdateCost(
        num_bytes=int(statistics.median(seen["sizes"])),
        num_all_bytes=num_all,
        paint_ms=paint_ms,
        cpu_s=cpu_s,
    )


def measure() -> list[Measurement]:
    """Return the ratios, the long chat's cost over the short one's, measured in turn; [] without a browser."""
    with served("--engine", "fake") as quintet, _pages() as pages:
        if not pages:
            return []
        quintet.page_s()
        costs: dict[int, list[UpdateCost]] = {SHORT: [], LONG: []}
        with tempfile.TemporaryDirectory() as folder:
            for num_messages, page in zip(costs, pages, strict=True):
                open_chat(page, quintet.url, num_messages, Path(folder))
            for _ in range(RUNS):
                for num_messages, page in zip(costs, pages, strict=True):
                    page.bring_to_front()
                    costs[num_messages].append(cost_of_answer(page, quintet))
        return _rows(costs[SHORT], costs[LONG])


@contextmanager
def _pages() -> Iterator[list[Page]]:
    """Two tabs of a browser; none where there is no Chromium, or no Playwright."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
    if found is None:
        yield []
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        yield [context.new_page(), context.new_page()]
        browser.close()


def _rows(short: list[UpdateCost], long: list[UpdateCost]) -> list[Measurement]:
    bar, load = "≤ 1.5", f"load {os.getloadavg()[0]:.1f}"
    rows = []
    for what, key, unit in (
        ("bytes of an update", "num_bytes", "B"),
        ("bytes of a question with its answer", "num_all_bytes", "B"),
        ("event to paint", "paint_ms", "ms"),
        ("processor time of the page's process", "cpu_s", "s"),
    ):
        small, large = (
            statistics.median(getattr(cost, key) for cost in costs) for costs in (short, long)
        )
        note = f"{large:.3g} {unit} in {LONG} messages, {small:.3g} {unit} in {SHORT}; {load}"
        ratio = large / small if small else 0.0
        rows.append(
            Measurement(
                what=f"answer in a long chat ÷ in a short one: {what}",
                value=ratio, unit="ratio", bar=bar, runs=RUNS, note=note,
            )
        )  # fmt: skip
    return rows
