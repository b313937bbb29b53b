"""Speech in the chat: what is dictated comes into the box, an answer is read aloud and falls silent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.running import App


@pytest.fixture
def page(fake_app: App, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(permissions=["microphone"])
    page = context.new_page()
    page.set_default_timeout(45_000)
    page.goto(fake_app.url)
    expect(page.locator("#chat-input")).to_be_visible()
    yield page
    context.close()


def test_what_is_dictated_comes_into_the_box(page: Page) -> None:
    box = page.locator("#chat-input")
    box.fill("Before:")
    page.get_by_role("button", name="Dictate", exact=True).click()
    expect(page.locator("#chat-composer")).to_contain_text("Listening")
    page.wait_for_function("() => document.querySelector('.q-dictate').ariaPressed === 'true'")
    with page.expect_response(lambda answer: "upload" in answer.url):
        page.get_by_role("button", name="Dictate", exact=True).click()
    expect(page.get_by_role("button", name="Dictate", exact=True)).to_be_enabled()
    page.wait_for_function(
        "() => document.querySelector('#chat-input').value.length > 'Before:'.length"
        " || document.querySelector('#chat-notice').innerText.trim() !== ''"
    )
    assert box.input_value().startswith("Before:")


def test_an_answer_is_read_aloud_and_silenced(page: Page) -> None:
    page.locator("#chat-input").fill("Read this to me.")
    page.keyboard.press("Enter")
    aloud = page.get_by_role("button", name="Read aloud")
    with page.expect_response(lambda answer: answer.url.endswith(".mp3")) as spoken:
        aloud.click()
    assert spoken.value.status in (200, 206)
    assert spoken.value.headers["content-type"] == "audio/mpeg"
    page.get_by_role("button", name="Read aloud").focus()
    page.keyboard.press("Escape")
    expect(aloud).not_to_have_attribute("aria-pressed", "true")
