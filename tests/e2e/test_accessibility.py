"""axe-core finds nothing on any tab: wide and phone, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.running import App
from ui.blocks import TABS

from .conftest import opened

Scheme = Literal["light", "dark"]
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
SIZES: dict[str, tuple[int, int]] = {"wide": (1440, 900), "phone": (390, 844)}
LOOKS = [
    pytest.param("wide", "light", id="wide-light"),
    pytest.param("phone", "dark", id="phone-dark"),
    pytest.param("wide", "dark", id="wide-dark", marks=pytest.mark.slow),
    pytest.param("phone", "light", id="phone-light", marks=pytest.mark.slow),
]


def violations(page: Page) -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE)
    found = page.evaluate(
        "rules => axe.run(document, rules).then(found => found.violations)", RULES
    )
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found
    ]


@pytest.fixture
def context(browser: Browser, size: str, scheme: Scheme) -> Iterator[BrowserContext]:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    yield context
    context.close()


@pytest.mark.parametrize(("size", "scheme"), LOOKS)
def test_every_tab_is_clean(fake_app: App, context: BrowserContext) -> None:
    page = opened(context, fake_app.url)
    page.locator("#chat-input").fill("A question with `code`\n\n```python\nprint(1)\n```")
    page.keyboard.press("Enter")
    expect(page.locator("#chat-scroll .q-acts .q-receipt")).to_have_count(1)
    found: dict[str, list[str]] = {}
    for tab in TABS:
        page.get_by_role("tab", name=tab.title, exact=True).click()
        panel = page.locator(f"#tab-{tab.id}")
        expect(panel.locator("button, input").filter(visible=True).first).to_be_visible()
        found[tab.title] = violations(page)
    assert {tab: them for tab, them in found.items() if them} == {}


@pytest.mark.parametrize(("size", "scheme"), LOOKS[:1])
def test_the_sheet_of_personas_is_clean(fake_app: App, context: BrowserContext) -> None:
    page = opened(context, fake_app.url)
    page.locator('[data-act="personas"]').click()
    expect(page.locator("dialog.q-personas form")).to_be_visible()
    assert violations(page) == []
