"""Tools in the page's chat: chosen, asked for, allowed and refused, kept; answers as tables."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.running import App

FILE = '''
def shout(text: str) -> str:
    """Say it loudly."""
    return text.upper()
'''
ROWS = {
    "type": "array",
    "minItems": 2,
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "number": {"type": "integer"}},
        "required": ["name", "number"],
    },
}


@pytest.fixture(scope="module")
def app(fake_app: App) -> Iterator[App]:
    """With a Python file of tools, and one that is broken; files are found without a restart."""
    folder = fake_app.data_dir / "tools"
    folder.mkdir(exist_ok=True)
    files = {"loud.py": FILE, "broken.py": "def x(:"}
    for name, text in files.items():
        (folder / name).write_text(text)
    yield fake_app
    for name in files:
        (folder / name).unlink()


def choose(page: Page, *tools: str) -> None:
    page.locator(".q-switch[data-key=tools]").click()
    for tool in tools:
        page.locator(f'.q-switch-menu [data-value="{tool}"]').click()
        expect(page.locator(f'.q-switch-menu [data-value="{tool}"]')).to_have_attribute(
            "aria-checked", "true"
        )
    expect(page.locator('.q-switch-menu [data-value="broken/"]')).to_contain_text("invalid syntax")
    page.locator("#chat-input").click()
    expect(page.locator(".q-switch-menu")).to_have_count(0)
    expect(page.locator(".q-switch[data-key=tools]")).to_have_text(f"Tools {len(tools)}")


def ask(page: Page, text: str) -> None:
    page.locator("#chat-input").fill(text)
    page.keyboard.press("Enter")


def shout(page: Page, text: str) -> None:
    ask(page, f'!call shout {{"text": "{text}"}}')


def ended(page: Page, number: int) -> None:
    expect(page.locator("#chat-scroll .q-acts .q-receipt")).to_have_count(number)


def test_a_call_is_asked_for_allowed_refused_and_kept(page: Page) -> None:
    choose(page, "loud/shout", "calculator")
    shout(page, "hello")
    card = page.get_by_role("group", name="May the model call loud/shout?")
    expect(card).to_contain_text('"text": "hello"')
    card.get_by_role("button", name="Allow once").click()
    ended(page, 1)
    expect(page.locator(".q-call")).to_contain_text("shout(hello) → HELLO")
    expect(page.locator('#chat-scroll [data-testid="bot"] .prose')).to_contain_text(["HELLO"])
    shout(page, "again")
    page.get_by_role("button", name="No", exact=True).click()
    ended(page, 2)
    expect(page.locator(".q-call")).to_contain_text(["→ HELLO", "was not allowed"])
    page.reload()
    expect(page.locator(".q-call")).to_contain_text(["→ HELLO", "was not allowed"])
    expect(page.locator(".q-switch[data-key=tools]")).to_have_text("Tools 2")


def test_leave_for_the_chat_lasts_and_harmless_tools_need_none(page: Page) -> None:
    choose(page, "loud/shout", "calculator")
    ask(page, '!call calculator {"expression": "2*3"}')
    ended(page, 1)
    expect(page.locator(".q-call")).to_contain_text("calculator(2*3) → 6")
    shout(page, "one")
    page.get_by_role("button", name="For this chat").click()
    ended(page, 2)
    shout(page, "two")
    ended(page, 3)
    expect(page.locator(".q-call")).to_contain_text(["→ 6", "→ ONE", "→ TWO"])


def test_a_tool_that_has_gone_is_said_below_the_composer(app: App, page: Page) -> None:
    path = app.data_dir / "tools" / "passing.py"
    path.write_text(FILE)
    choose(page, "passing/shout")
    ask(page, "hello")
    ended(page, 1)
    path.unlink()
    page.reload()
    line = page.locator(".q-line-of-chat")
    expect(line).to_contain_text("There is no tool 'passing/shout': answers go without")
    page.locator(".q-switch[data-key=tools]").click()
    page.locator('.q-switch-menu [data-value="passing/shout"]').click()
    expect(line).not_to_contain_text("There is no tool")


def test_stop_ends_a_call_that_waits(page: Page) -> None:
    choose(page, "loud/shout")
    shout(page, "never")
    expect(page.locator(".q-leave")).to_be_visible()
    page.locator(".q-stop").click()
    ended(page, 1)
    expect(page.locator(".q-call")).to_contain_text("Stopped before it had ended")


def test_an_answer_in_a_format_is_a_table_to_save(page: Page) -> None:
    page.locator(".q-switch[data-key=format]").click()
    page.get_by_role("menuitem", name="Paste or choose").click()
    box = page.locator(".q-schema textarea")
    box.fill("{")
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#chat-notice")).to_contain_text("no JSON")
    page.locator(".q-switch[data-key=format]").click()
    page.get_by_role("menuitem", name="Paste or choose").click()
    box.fill(json.dumps(ROWS))
    page.get_by_role("button", name="Use it").click()
    expect(page.locator("#chat-notice")).to_contain_text("obey your schema")
    ask(page, "list them")
    ended(page, 1)
    expect(page.locator(".q-data th")).to_have_text(["name", "number"])
    with page.expect_download() as download:
        page.get_by_text("Save as CSV").click()
    assert download.value.path().read_text().splitlines()[0] == "name,number"
    page.reload()
    expect(page.locator(".q-data tbody tr")).to_have_count(2)
