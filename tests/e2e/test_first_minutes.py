"""The card of the first minutes: one click fetches the set, each model is used when it is here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.downloads.local_hub import LocalHub
from tests.downloads.stand_ins import stand_in

from .test_choosing import BETTER, SOON_MS, Apps, chip, hub, open_page

pytestmark = pytest.mark.slow

__all__ = ["hub"]


@pytest.fixture
def apps(hub: LocalHub, tmp_path: Path) -> Iterator[Apps]:
    apps = Apps(tmp_path, hub)
    yield apps
    apps.stop()


def test_from_the_offer_to_a_better_model(
    apps: Apps,
    hub: LocalHub,
    browser: Browser,
) -> None:
    hub.faults.stall_after = len(stand_in()) * 40 // 100
    page = open_page(browser, apps.start())
    card = page.locator("#q-setup .q-first")
    expect(card).to_contain_text("A better model is one click away")
    expect(card.locator("li").first).to_contain_text(BETTER)
    expect(page.locator(".q-chat-empty h2")).to_be_hidden()  # one heading
    card.locator('[data-action="start"], [data-action="accept"]').click()
    expect(card).to_contain_text("Better models are on their way")
    expect(card).to_contain_text("Downloading")
    expect(page.locator("#tab-models-button")).to_have_attribute("data-tag", re.compile(r"\d+ %"))
    said_again = chip(page).locator(".q-model-coming")  # what the card says already
    expect(said_again).to_have_count(1, timeout=SOON_MS)
    expect(said_again).to_be_hidden()
    hub.faults.stall_after = None
    expect(chip(page).locator("summary")).to_contain_text(BETTER, timeout=SOON_MS)
    # Our hub has no more of the set.
    expect(card).to_contain_text("could not be fetched", timeout=SOON_MS)
    expect(card.locator('[role="alert"]')).not_to_be_empty()
    expect(card.locator('[data-action="retry"]')).to_have_text("Try again")
    card.locator('[data-action="decline"]').click()
    expect(card).to_have_count(0)
    expect(page.locator(".q-chat-empty h2")).to_be_visible()


def test_the_offer_leaves_the_questions_to_try_above_the_composer(
    apps: Apps, browser: Browser
) -> None:
    page = open_page(browser, apps.start())
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(page.locator("#q-setup .q-first h4")).to_be_visible(timeout=SOON_MS)
    expect(chip(page).locator(".q-better")).to_be_hidden()
    last = page.locator(".q-starters .q-b:visible").last.bounding_box()
    composer = page.locator("#chat-composer").bounding_box()
    assert last is not None
    assert composer is not None
    assert last["y"] + last["height"] <= composer["y"]


def test_choosing_singly_goes_to_the_models(
    apps: Apps,
    browser: Browser,
) -> None:
    page = open_page(browser, apps.start(), width=390)
    page.locator('#q-setup [data-action="models"]').click()
    expect(page.get_by_role("tab", name="Models", exact=True)).to_have_attribute(
        "aria-selected", "true"
    )
    expect(page.locator(".q-recommended .q-model").first).to_contain_text(BETTER)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
