"""Random actions of somebody at the page, against what should be seen: nothing lost, nothing mixed up.

TEST_SEED tries another run. The same with real processes and without a browser, and
with many more actions: tests/pool/chats.
"""

from __future__ import annotations

import logging
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.running import App

log = logging.getLogger(__name__)

NUM_ACTIONS = 24
SEEDS = [
    int(os.environ.get("TEST_SEED", "294525")),
    *(pytest.param(seed, marks=pytest.mark.slow) for seed in (12, 13, 14)),
]
"""The first found that words of one chat appeared in another, the second that two actions changed places."""
WORDS = " ".join(f"w{n}" for n in range(8))


@dataclass
class ExpectedExchange:
    """A question that is shown, and its answer: the fake says the question back."""

    question: str
    is_stopped: bool = False

    @property
    def answer(self) -> re.Pattern[str]:
        if self.is_stopped:
            return re.compile("^!slow")
        return re.compile(rf"^{re.escape(self.question)}\s*$")


@dataclass
class ExpectedChat:
    """One chat as it should be seen."""

    id: str
    shown: list[ExpectedExchange] = field(default_factory=list)


class Person:
    """Acts at the page, and knows what it should show."""

    def __init__(self, context: BrowserContext, url: str, chance: random.Random) -> None:
        self._context, self._url, self._chance = context, url, chance
        self._number = 0
        self.chats: list[ExpectedChat] = []
        self.open: ExpectedChat | None = None
        self.page = self._opened(url)

    def act(self) -> str:
        """Do something, wait until it is done, and look; returns what it was."""
        names = ["send", "send", "send_and_leave", "new", "reload", "second_tab", "other"]
        if self.open is not None:
            names += ["stop", "retry", "edit", "delete_and_undo", "versions"]
        name = self._chance.choice(names)
        getattr(self, name)()
        self.look()
        return name

    def look(self) -> None:
        """What is seen is what should be."""
        shown = self.open.shown if self.open is not None else []
        asked = self.page.locator("#chat-scroll .q-own")
        expect(asked).to_have_text([one.question for one in shown])
        expect(self.page.locator("#chat-scroll .q-acts .q-receipt")).to_have_count(len(shown))
        said = self.page.locator('#chat-scroll [data-testid="bot"] .prose')
        expect(said).to_have_text([one.answer for one in shown])

    def look_at_all(self) -> None:
        for chat in self.chats:
            self._go_to(chat)
            self.look()

    # --- actions ---

    def send(self) -> None:
        self._ask(self._new_question())

    def send_and_leave(self) -> None:
        """Look at another chat in the middle of an answer, which goes on."""
        self._ask(f"!slow {self._new_question()}")
        self.new()

    def stop(self) -> None:
        self._ask(f"!slow {self._new_question()} {WORDS} {WORDS} {WORDS}")
        said = self.page.locator('#chat-scroll [data-testid="bot"] .prose')
        assert self.open is not None
        expect(said).to_have_count(len(self.open.shown))  # its first words are there
        self.page.keyboard.press("Escape")
        expect(self.page.locator("#chat-live")).to_contain_text("Stopped here.")
        self.open.shown[-1].is_stopped = True

    def retry(self) -> None:
        assert self.open is not None
        self.page.locator('#chat-live [aria-label="Retry"]').last.click()
        self.open.shown[-1].is_stopped = False

    def versions(self) -> None:
        """To the version before and back, where there is one."""
        before = self.page.locator('#chat-live [aria-label="Previous version of the answer"]').last
        if before.count() and before.is_enabled():
            before.click()
            next_one = self.page.locator(
                '#chat-live [aria-label="Next version of the answer"]'
            ).last
            next_one.click()

    def edit(self) -> None:
        """Change the last question: what was said to the old one is another branch."""
        assert self.open is not None
        question = self._new_question()
        self.page.locator("#chat-input").focus()
        self.page.keyboard.press("ArrowUp")
        self.page.get_by_label("Edit the question", exact=True).and_(
            self.page.locator("textarea")
        ).fill(question)
        self.page.keyboard.press("Enter")
        self.open.shown[-1] = ExpectedExchange(question)

    def new(self) -> None:
        self.page.get_by_role("button", name="New chat", exact=True).click()
        self.open = None

    def other(self) -> None:
        if self.chats:
            self._go_to(self._chance.choice(self.chats))

    def reload(self) -> None:
        self.page.reload()
        expect(self.page.locator("#chat-input")).to_be_visible()

    def second_tab(self) -> None:
        """The same chat in another tab; the first is closed."""
        old, self.page = self.page, self._opened(self.page.url)
        self.look()
        old.close()

    def delete_and_undo(self) -> None:
        assert self.open is not None
        self.page.locator("#chat-menu [data-menu]").click()
        self.page.get_by_role("menuitem", name="Delete").click()
        expect(self.page.locator("#chat-empty")).to_be_visible()
        self.page.get_by_role("button", name="Undo").click()

    # --- within ---

    def _new_question(self) -> str:
        self._number += 1
        return f"number {self._number} {self._chance.choice(('alpha', 'beta', '$5 and $6'))}"

    def _ask(self, question: str) -> None:
        self.page.locator("#chat-input").fill(question)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#chat-input")).to_have_value("")
        if self.open is None:
            expect(self.page).to_have_url(re.compile("chat="))
            self.open = ExpectedChat(id=self.page.url.split("chat=")[1])
            self.chats.append(self.open)
        self.open.shown.append(ExpectedExchange(question))

    def _go_to(self, chat: ExpectedChat) -> None:
        self.page.locator(f'#chat-list .q-li[data-chat="{chat.id}"]').click()
        self.open = chat

    def _opened(self, url: str) -> Page:
        page = self._context.new_page()
        page.set_default_timeout(45_000)
        page.goto(url)
        expect(page.locator("#chat-input")).to_be_visible()
        return page


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_somebody_does_every_chat_shows_what_it_should(
    fake_app: App, context: BrowserContext, seed: int
) -> None:
    log.warning("TEST_SEED=%d", seed)
    person = Person(context, fake_app.url, random.Random(seed))
    for number in range(NUM_ACTIONS):
        log.warning("%d: %s", number, person.act())
    person.look_at_all()
