"""A person at the Models tab, with a hub on this machine: fetch, pause, restart, use, remove."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.downloads.local_hub import LocalHub, serve
from tests.downloads.stand_ins import say_its_size, stand_in
from tests.running import App, start_app, stop_app

from .conftest import expect_answer

pytestmark = pytest.mark.slow

MODEL, DEFAULT, LIMITED = "smollm2-360m-instruct", "smollm2-135m-instruct", "llama-3.2-1b-instruct"
FILE = "smollm2-360m-instruct-q8_0.gguf"
LIMITED_FILE = "Llama-3.2-1B-Instruct-Q4_K_M.gguf"
"""On our hub both are the packaged smaller sister, which knows the capital of France, too."""
PHONE = 390


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    repositories = {
        "HuggingFaceTB/SmolLM2-360M-Instruct-GGUF": {FILE: stand_in()},
        "bartowski/Llama-3.2-1B-Instruct-GGUF": {LIMITED_FILE: stand_in()},
        "maker/Tiny-Chat-GGUF": {"Tiny-Chat.Q4_1.gguf": stand_in()},
        "maker/pickled": {"config.json": b"{}", "pytorch_model.bin": b"x"},
    }
    large = {FILE, LIMITED_FILE, "Tiny-Chat.Q4_1.gguf"}
    with serve(LocalHub(repositories, large=large)) as hub:
        yield hub


class Apps:
    """Starts Quintet on one folder, again and again."""

    def __init__(self, folder: Path, hub: LocalHub) -> None:
        self._folder = folder
        self._hub = hub
        self.running: App | None = None

    def start(self) -> App:
        environment = {"QUINTET_HUB__ENDPOINT": self._hub.url, "QUINTET_POOL__WARM": "[]"}
        self.running = start_app(self._folder, **environment)
        return self.running

    def kill(self) -> None:
        assert self.running is not None
        self.running.process.send_signal(signal.SIGKILL)
        self.running.process.wait(60)


@pytest.fixture
def apps(hub: LocalHub, tmp_path: Path) -> Iterator[Apps]:
    say_its_size(tmp_path / "data", MODEL, LIMITED)
    apps = Apps(tmp_path, hub)
    yield apps
    if apps.running is not None:
        stop_app(apps.running)


def open_models(browser: Browser, app: App, width: int = 1280) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.set_default_timeout(45_000)
    page.goto(app.url)
    page.get_by_role("tab", name="Models", exact=True).click()
    page.locator(".q-model").first.wait_for()
    return page


def find(page: Page, words: str) -> None:
    """Search: most models are folded."""
    page.locator(".q-models-search").fill(words)


def row(page: Page, model_id: str) -> Locator:
    return page.locator(f'#models-list .q-model[data-id="{model_id}"]')


def button(page: Page, model_id: str, action: str) -> Locator:
    """By its action: the name "Use" is also in "Pause"."""
    return row(page, model_id).locator(f'[data-action="{action}"]')


def press(page: Page, model_id: str, action: str) -> None:
    button(page, model_id, action).click()


def test_downloaded_paused_killed_resumed_used_and_removed(
    apps: Apps, hub: LocalHub, browser: Browser
) -> None:
    hub.faults.stall_after = len(stand_in()) * 372 // 1000
    page = open_models(browser, apps.start())
    expect(row(page, MODEL)).to_be_hidden()
    find(page, MODEL)
    expect(row(page, MODEL)).to_contain_text("free")
    press(page, MODEL, "download")
    expect(row(page, MODEL)).to_contain_text("downloading 37 %", timeout=60_000)
    other = open_models(browser, apps.running)  # type: ignore[arg-type]
    expect(row(other, MODEL)).to_contain_text("downloading 37 %")
    expect(other.locator("#models-list")).to_contain_text("go on if this page is closed")
    press(page, MODEL, "pause")
    expect(row(page, MODEL)).to_contain_text("paused at 37 %")
    apps.kill()
    hub.faults.stall_after = None

    page = open_models(browser, apps.start())
    expect(row(page, MODEL)).to_contain_text("paused at 37 %")
    press(page, MODEL, "resume")
    expect(button(page, MODEL, "use")).to_be_visible(timeout=60_000)
    assert hub.gets(FILE)[-1].range is not None
    press(page, MODEL, "use")
    expect(row(page, MODEL)).to_contain_text("in use", timeout=20_000)

    page.get_by_role("tab", name="Text", exact=True).click()
    page.locator("#chat-input").fill("What is the capital of France? Answer briefly.")
    page.keyboard.press("Enter")
    expect_answer(page)

    page.get_by_role("tab", name="Models", exact=True).click()
    press(page, DEFAULT, "use")
    page.once("dialog", lambda dialog: dialog.accept())
    press(page, MODEL, "remove")
    find(page, MODEL)
    expect(button(page, MODEL, "download")).to_be_visible()
    expect(page.locator("#models-status")).to_contain_text("GB are free again")
    expect(page.locator("#models-list")).not_to_contain_text("go on if this page is closed")


def test_a_licence_is_read_before_the_yes_by_keyboard_alone(
    apps: Apps, hub: LocalHub, browser: Browser
) -> None:
    hub.faults.stall_after = 10_000_000
    page = open_models(browser, apps.start(), PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    page.locator(".q-models-search").fill("llama 3.2 1b")
    expect(page.locator(".q-model:visible")).to_have_count(1)
    assert hub.requests == []
    row(page, LIMITED).locator(".q-licence > summary").focus()
    page.keyboard.press("Enter")
    accept = button(page, LIMITED, "accept")
    expect(row(page, LIMITED)).to_contain_text("Read it before you say yes")
    expect(accept).to_be_visible()
    accept.focus()
    page.keyboard.press("Enter")
    expect(row(page, LIMITED)).to_contain_text("downloading")
    hub.faults.stall_after = None
    expect(button(page, LIMITED, "use")).to_be_visible(timeout=60_000)


def test_a_model_is_added_by_its_name_on_the_hub(apps: Apps, browser: Browser) -> None:
    page = open_models(browser, apps.start())
    page.get_by_role("button", name="Add a model", exact=True).first.click()
    what = page.locator("#models-what textarea, #models-what input").first
    what.fill("maker/pickled")
    page.keyboard.press("Enter")
    expect(page.locator("#models-found")).to_contain_text("Look for the same model as GGUF")
    expect(page.locator("#models-add-it")).to_be_hidden()
    what.fill("maker/Tiny-Chat-GGUF")
    page.keyboard.press("Enter")
    expect(page.locator("#models-found")).to_contain_text(
        "This is a model for Text", timeout=20_000
    )
    expect(page.locator("#models-found")).to_contain_text("fits now")
    page.locator("#models-add-it").click()
    find(page, "tiny-chat")
    expect(button(page, "tiny-chat-q4-1", "download")).to_be_visible()
    press(page, "tiny-chat-q4-1", "download")
    expect(button(page, "tiny-chat-q4-1", "use")).to_be_visible(timeout=60_000)


def test_a_failed_download_says_why_and_offers_to_try_again(
    apps: Apps, hub: LocalHub, browser: Browser
) -> None:
    content = hub.repositories["HuggingFaceTB/SmolLM2-360M-Instruct-GGUF"].pop(FILE)
    page = open_models(browser, apps.start())
    find(page, MODEL)
    press(page, MODEL, "download")
    expect(row(page, MODEL).locator('[role="alert"]')).to_contain_text(
        f"has no file {FILE}", timeout=60_000
    )
    again = button(page, MODEL, "resume")
    expect(again).to_have_text("Try again")
    expect(row(page, MODEL)).not_to_contain_text("Remove")
    expect(page.locator("#tab-models")).not_to_contain_text("if this page is closed")
    hub.repositories["HuggingFaceTB/SmolLM2-360M-Instruct-GGUF"][FILE] = content
    again.click()
    expect(button(page, MODEL, "use")).to_be_visible(timeout=60_000)
