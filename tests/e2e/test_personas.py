"""Personas on the page: made, used, kept over a reload, given away, taken in, deleted and brought back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.running import App

from .conftest import opened, switch_of

COUNT = "one two three four five"
"""The fake says it back; one word is one token."""


@pytest.fixture(scope="module")
def app(fake_app: App) -> App:
    return fake_app


def sheet_of(page: Page) -> Locator:
    page.locator("#chat-list").get_by_role("button", name="Personas", exact=True).click()
    sheet = page.locator("dialog.q-personas")
    expect(sheet).to_be_visible()
    return sheet


def do(sheet: Locator, what: str) -> None:
    sheet.locator(f"form [data-do={what}]").click()


def titled(sheet: Locator, name: str) -> None:
    expect(sheet.locator("form h3")).to_have_text(name)


def make_terse(page: Page) -> Locator:
    """A persona of one's own that says three words at most."""
    sheet = sheet_of(page)
    sheet.locator("[data-do=new]").click()
    titled(sheet, "New persona")
    sheet.get_by_label("Name", exact=True).fill("Terse")
    sheet.locator("[name=system]").fill("Say little.\n<b>Nothing else.</b>")
    sheet.get_by_role("button", name="Precise").click()
    expect(sheet.locator("[name=temperature]")).to_have_value("0.1")
    sheet.locator("[name=max_tokens]").fill("3")
    do(sheet, "save")
    titled(sheet, "Terse")
    expect(sheet.locator(".q-personas-said")).to_have_text("Terse is kept.")
    return sheet


def expect_answers_as(page: Page, name: str) -> None:
    expect(page.locator(".q-switch[data-key=persona]")).to_contain_text(name)
    expect(page.locator(".q-line-of-chat")).to_contain_text(f"{name} persona")


def ask(page: Page, said: str) -> None:
    expect(page.locator("dialog.q-personas")).to_be_hidden()  # nobody can type behind it
    page.locator("#chat-input").fill(COUNT)
    page.locator("#chat-input").press("Enter")
    answers = page.locator('#chat-scroll [data-testid="bot"] .prose')
    expect(answers.last).to_have_text(said)


def test_a_persona_is_made_used_and_kept(page: Page) -> None:
    do(make_terse(page), "use")
    expect(page.locator("dialog.q-personas")).to_be_hidden()
    expect(page.locator("#chat-input")).to_be_focused()
    expect_answers_as(page, "Terse")
    ask(page, "one two three ")
    page.reload()
    expect_answers_as(page, "Terse")
    switch_of(page, "persona").click()
    page.locator(".q-choice[data-value=plain]").click()
    expect_answers_as(page, "Plain")
    ask(page, COUNT + " ")


def test_a_change_of_the_persona_counts_for_the_next_answer_and_its_end_is_said(page: Page) -> None:
    sheet = make_terse(page)
    do(sheet, "use")
    ask(page, "one two three ")
    sheet = sheet_of(page)
    titled(sheet, "Terse")
    sheet.locator("[name=max_tokens]").fill("2")
    do(sheet, "save")
    expect(sheet.locator(".q-personas-said")).to_have_text("Terse is kept.")
    page.keyboard.press("Escape")
    ask(page, "one two ")
    sheet = sheet_of(page)
    do(sheet, "delete")
    expect(sheet.locator(".q-personas-said")).to_contain_text("Deleted “Terse”.")
    page.keyboard.press("Escape")
    line = page.locator(".q-line-of-chat")
    expect(line).to_contain_text(
        "The persona Terse was deleted; this chat goes on with what it said."
    )
    ask(page, "one two ")


def test_one_is_deleted_and_brought_back(page: Page) -> None:
    sheet = make_terse(page)
    do(sheet, "delete")
    row = sheet.locator("[data-do=open][data-id=terse]")
    expect(row).to_have_count(0)
    sheet.get_by_role("button", name="Undo").click()
    titled(sheet, "Terse")
    expect(row).to_have_count(1)


def test_one_is_given_away_and_taken_in(page: Page, tmp_path: Path) -> None:
    sheet = make_terse(page)
    with page.expect_download() as download:
        do(sheet, "export")
    assert download.value.suggested_filename == "terse.persona.yaml"
    given = tmp_path / "given.persona.yaml"
    download.value.save_as(given)
    assert "<b>Nothing else.</b>" in given.read_text("utf-8")
    sheet.locator("[data-do=import]").first.wait_for()
    page.locator("#chat-personas input[type=file]").set_input_files(given)
    titled(sheet, "Terse 2")
    expect(sheet.locator("[name=system]")).to_have_value("Say little.\n<b>Nothing else.</b>")
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: X\nsystm: y\n", "utf-8")
    page.locator("#chat-personas input[type=file]").set_input_files(bad)
    said = sheet.locator(".q-personas-said")
    expect(said).to_contain_text("unknown key 'systm', did you mean 'system'?")


def test_what_is_wrong_is_said_and_what_was_typed_stays(page: Page) -> None:
    sheet = sheet_of(page)
    sheet.locator("[data-do=open][data-id=coder]").click()
    titled(sheet, "Coder")
    expect(sheet.locator("[name=system]")).to_be_disabled()
    do(sheet, "copy")
    titled(sheet, "Coder 2")
    sheet.locator("[name=temperature]").fill("9")
    sheet.get_by_label("Name", exact=True).fill("Hot coder")
    do(sheet, "save")
    expect(sheet.locator(".q-personas-said")).to_contain_text("temperature is 9.0; it must lie in")
    expect(sheet.get_by_label("Name", exact=True)).to_have_value("Hot coder")
    page.once("dialog", lambda question: question.dismiss())
    page.keyboard.press("Escape")
    expect(sheet).to_be_visible()


def test_presets_set_the_knobs_and_are_kept_under_a_name(page: Page) -> None:
    page.locator("[data-drawer=open]").click()
    drawer = page.locator("#chat-options")
    drawer.get_by_role("button", name="Creative").click()
    temperature = drawer.get_by_label("number input for Temperature")
    expect(temperature).to_have_value("1.1")
    drawer.get_by_role("button", name="Save as …").click()
    drawer.get_by_label("Name of the preset").fill("Mine")
    page.keyboard.press("Enter")
    mine = drawer.get_by_role("button", name="Mine", exact=True)
    expect(mine).to_have_attribute("aria-pressed", "true")
    drawer.get_by_role("button", name="Model's own", exact=True).click()
    expect(mine).to_have_attribute("aria-pressed", "false")
    page.reload()
    page.locator("[data-drawer=open]").click()
    mine.click()
    expect(temperature).to_have_value("1.1")
    drawer.get_by_role("button", name="Delete Mine").click()
    expect(mine).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(mine).to_have_count(1)


def test_another_browser_sees_none_of_it(app: App, browser: Browser, page: Page) -> None:
    make_terse(page)
    other = browser.new_context()
    sheet = sheet_of(opened(other, app.url))
    expect(sheet.locator("[data-do=open]").first).to_be_visible()
    assert "Yours" not in sheet.inner_text()
    other.close()


def test_a_phone_shows_the_list_then_the_editor(app: App, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = opened(context, app.url)
    page.locator("#q-menu").click()
    sheet = sheet_of(page)
    expect(sheet.locator("form")).to_be_hidden()
    sheet.locator("[data-do=open][data-id=tutor]").click()
    titled(sheet, "Tutor")
    expect(sheet.locator("nav")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    sheet.get_by_role("button", name="All personas").click()
    expect(sheet.locator("nav")).to_be_visible()
    sheet.locator("[data-do=open][data-id=tutor]").click()
    do(sheet, "use")
    expect(page.locator(".q-line-of-chat")).to_contain_text("Tutor persona")
    context.close()
