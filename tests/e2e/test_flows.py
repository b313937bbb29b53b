"""Flows in a browser: steps while they are written, Stop inside, reload, a vote, the article's file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.running import App

from .conftest import switch_of

SLOW_PLAN = "!slow 1. boil the water 2. add the leaves"
SLOW = "!slow " + " ".join(f"word{number}" for number in range(200))
FORMULAS = (
    r"It costs $5 and $6, \(\pi r^2\) is the area, $$a = b$$ holds. "
    "![a cat](https://pictures.example/cat.png)"
)
OTHER = "Second fake chat"
RUNNING, STOPPED = re.compile("q-is-running"), re.compile("q-is-stopped")


@pytest.fixture(scope="module")
def app(fake_app: App) -> App:
    return fake_app


@pytest.fixture(params=[1280, 390], ids=["wide", "phone"])
def page(app: App, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    size: ViewportSize = {"width": request.param, "height": 844}
    context = browser.new_context(viewport=size, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(45_000)
    page.goto(app.url)
    expect(page.locator("#chat-input")).to_be_visible()
    yield page
    context.close()


def choose(page: Page, key: str, label: str) -> None:
    switch = switch_of(page, key)
    switch.click()
    page.get_by_role("menuitemradio", name=label).click()
    expect(switch.locator("span").first).to_have_text(label)


def ask(page: Page, text: str) -> None:
    page.locator("#chat-input").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("#chat-input")).to_have_value("")


def test_a_plan_is_followed_stopped_inside_and_found_after_a_reload(page: Page) -> None:
    choose(page, "flow", "Plan")
    ask(page, SLOW_PLAN)
    steps = page.locator(".q-step")
    expect(steps.nth(1)).to_have_class(RUNNING)
    expect(steps.nth(1).locator(".q-step-text")).to_contain_text("!slow 1.")  # unfolded
    page.locator(".q-stop").click()
    flow = page.locator("details.q-flow")
    expect(flow.locator("> summary")).to_contain_text("Plan · 3 steps")
    page.reload()
    expect(flow).to_have_count(1)
    flow.locator("> summary").click()
    expect(steps.nth(1)).to_have_class(STOPPED)
    expect(steps.nth(2)).to_have_class(STOPPED)
    expect(page.locator("#chat-scroll")).to_contain_text("Solutions")
    expect(page.locator("#chat-scroll")).to_contain_text("Stopped at step 1 of 2")


def test_two_answers_stand_side_by_side_and_the_vote_is_kept(page: Page) -> None:
    choose(page, "flow", "Compare")
    choose(page, "second", OTHER)
    ask(page, "!model")
    sides = page.locator(".q-side-answer")
    better = page.get_by_role("button", name="This one is better")
    expect(better).to_have_count(2)
    expect(sides.nth(0)).to_contain_text("fake-text")
    expect(sides.nth(1)).to_contain_text("fake-text-2")
    first, second = (sides.nth(place).bounding_box() for place in range(2))
    assert first is not None
    assert second is not None
    if page.viewport_size == {"width": 390, "height": 844}:
        assert second["y"] >= first["y"] + first["height"]
    else:
        assert second["x"] >= first["x"] + first["width"]
    better.nth(1).click()
    expect(sides.nth(1)).to_contain_text("You chose this one")
    page.reload()
    expect(sides.nth(1)).to_contain_text("You chose this one")
    message = page.locator("[data-act=vote]").first.get_attribute("data-message")
    address = page.url.partition("?chat=")
    chosen = page.request.get(f"{address[0]}chats/{address[2].partition('&')[0]}/{message}.md")
    assert chosen.text().strip() == "fake-text-2"


def test_formulas_in_parts_are_set_and_pictures_not_loaded(page: Page) -> None:
    choose(page, "flow", "Compare")
    choose(page, "second", OTHER)
    ask(page, FORMULAS)
    sides = page.locator(".q-side-answer")
    for side in (sides.nth(0), sides.nth(1)):
        expect(side).to_contain_text("costs $5 and $6")
        expect(side.locator(".katex")).to_have_count(2)
        expect(side.locator(".katex-display")).to_have_count(1)
        for hidden in side.locator(".katex-mathml").all():  # for screen readers alone
            expect(hidden).to_have_css("position", "absolute")
        expect(side.locator("img.q-remote")).to_have_count(1)


def test_a_comparison_stopped_in_the_first_answer_asks_no_second(page: Page) -> None:
    choose(page, "flow", "Compare")
    ask(page, SLOW)
    sides = page.locator(".q-side-answer")
    expect(sides.first).to_contain_text("word1")
    page.locator(".q-stop").click()
    expect(page.get_by_role("button", name="This one is better")).to_have_count(1)
    expect(sides.nth(1)).to_contain_text("stopped")
    page.reload()
    expect(sides.first).to_contain_text("word1")


def test_an_article_is_saved_as_a_file(page: Page) -> None:
    choose(page, "flow", "Article")
    choose(page, "style", "For children")
    ask(page, "1. Flour 2. Ovens")
    button = page.get_by_role("button", name=re.compile("Download .*md"))
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename.endswith(".md")
    text = Path(download.value.path()).read_text("utf-8")
    assert "## Flour" in text
    assert "for children" in text  # the fake says back what it was asked
    expect(page.locator("#chat-scroll")).to_contain_text("without sources")


def test_an_article_is_begun_from_the_documents(page: Page) -> None:
    page.get_by_role("tab", name="RAG", exact=True).click()
    article = page.locator("#rag-article")
    if page.viewport_size == {"width": 390, "height": 844}:  # the library is in a drawer
        page.locator("#q-menu").click()
    article.click()
    expect(article).to_be_hidden()
    page.locator("#chat-input").click()
    expect(page.locator("#chat-input")).to_be_visible()
    expect(page.locator('.q-switch[data-key="flow"] span').first).to_have_text("Article")
    expect(page.locator('.q-switch[data-key="collections"]')).to_have_class(re.compile(r"\bon\b"))
