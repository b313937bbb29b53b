"""Answers in the page: money, code blocks with their buttons, and what may run in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Locator, Page, expect

from tests.security.gradio_door import Listener, listening

from .conftest import App
from .scripted_app import END, app_that_says, ask_in_chat

PYTHON = 'def rows(x):\n    # two\n    return x["a"] + 1.5'
HTML = """<!doctype html><title>t</title><h1>Hello there</h1>
<script>
console.log("said", {{a: 1}});
const at = "{url}";
fetch(at + "/fetch").catch(() => console.log("fetch refused"));
navigator.sendBeacon(at + "/beacon", "x");
new Image().src = at + "/image.png";
new EventSource(at + "/events");
try {{ new WebSocket(at.replace("http", "ws") + "/socket"); }} catch (err) {{}}
document.head.insertAdjacentHTML("beforeend", `<link rel=prefetch href="${{at}}/prefetch"><link rel=stylesheet href="${{at}}/css">`);
document.body.insertAdjacentHTML("beforeend", `<iframe src="${{at}}/frame"></iframe><form action="${{at}}/form"><input name=a></form>`);
document.forms[0].submit();
for (const touch of [() => parent.document.title, () => top.location.href, () => localStorage.length, () => document.cookie]) {{
  try {{ touch(); console.log("reached " + touch); }} catch (err) {{ console.log("kept out"); }}
}}
open(at + "/window");
setTimeout(() => {{ console.log("leaving"); location.href = at + "/left"; }}, 200);
</script>"""
ANSWER = f"""It costs $5 and $6, and \\(b^2\\).

```python
{PYTHON}
```

```html
{HTML}
```

```js
document.body.textContent = "drawn " + (6 * 7);
console.log("<b>literal</b>", "</script>");
null.missing;
```

```js
for (;;) ;
```

```svg
<svg xmlns="http://www.w3.org/2000/svg" width="60" height="300"><rect width="60" height="300"/></svg>
```

{END}."""


@pytest.fixture(scope="module")
def foreign_site() -> Iterator[Listener]:
    with listening(b"never") as listener:
        yield listener


@pytest.fixture(scope="module")
def coding_app(tmp_path_factory: pytest.TempPathFactory, foreign_site: Listener) -> Iterator[App]:
    answer = ANSWER.replace("{{", "{").replace("}}", "}").replace("{url}", foreign_site.url)
    with app_that_says(tmp_path_factory.mktemp("coding"), answer) as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser, coding_app: App) -> Iterator[Page]:
    """The answer, once for all tests here: nothing that one does changes another's blocks."""
    context = browser.new_context(
        accept_downloads=True, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    page.set_default_timeout(45_000)
    page.goto(coding_app.url)
    ask_in_chat(page)
    expect(page.locator("#chat-scroll .q-code-bar")).to_have_count(5)
    yield page
    context.close()


def block(page: Page, index: int) -> Locator:
    return page.locator("#chat-scroll .q-code").nth(index)


def run(page: Page, index: int) -> Frame:
    pressed = block(page, index)
    pressed.get_by_role("button", name="Run").click()
    handle = pressed.locator("iframe").element_handle()
    frame = handle.content_frame()
    assert frame is not None
    return frame


def test_one_dollar_is_money_and_formulas_are_drawn(page: Page) -> None:
    said = page.locator("#chat-scroll .md").filter(has_text=END)
    expect(said).to_contain_text("It costs $5 and $6, and ")
    expect(said.locator(".katex")).to_have_count(1)


def test_a_block_names_its_language_and_is_coloured(page: Page) -> None:
    bars = page.locator("#chat-scroll .q-code-bar > span")
    assert bars.all_inner_texts() == ["python", "html", "js", "js", "svg"]
    expect(block(page, 0).locator(".token.keyword").first).to_have_text("def")
    expect(block(page, 0).get_by_role("button", name="Run")).to_have_count(0)


def test_a_block_is_copied_and_saved(page: Page, tmp_path: Path) -> None:
    copy = block(page, 0).get_by_role("button", name="Cop")
    copy.click()
    expect(copy).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == PYTHON
    with page.expect_download() as saved:
        block(page, 0).get_by_role("button", name="Save").click()
    assert saved.value.suggested_filename == "code.py"
    saved.value.save_as(tmp_path / "code.py")
    assert (tmp_path / "code.py").read_text() == f"{PYTHON}\n"


def test_what_runs_reaches_nobody_and_not_the_page(page: Page, foreign_site: Listener) -> None:
    with page.expect_console_message(lambda message: "frame-src 'none'" in message.text):
        run(page, 1)
    said = block(page, 1).locator(".said").first
    for words in (
        'said {"a":1}',
        "fetch refused",
        "kept out",
        "No network here",
        "Forms are not sent",
        "leaving",
    ):
        expect(said).to_contain_text(words)
    expect(said).not_to_contain_text("reached")
    expect(block(page, 1).get_by_role("button", name="Stop")).to_have_count(1)
    assert foreign_site.heard == []
    assert len(page.context.pages) == 1
    block(page, 1).get_by_role("button", name="Stop").click()
    expect(block(page, 1).locator("iframe")).to_have_count(0)


def test_javascript_draws_says_and_fails_below_the_block(page: Page) -> None:
    frame = run(page, 2)
    expect(frame.locator("body")).to_have_text("drawn 42")
    said = block(page, 2).locator(".said").first
    expect(said).to_contain_text("<b>literal</b> </script>")
    expect(said.locator(".error")).to_contain_text("null")
    block(page, 2).get_by_role("button", name="Stop").click()
    expect(block(page, 2).get_by_role("button", name="Run")).to_have_count(1)


def test_a_picture_is_as_high_as_it_is(page: Page) -> None:
    frame = run(page, 4)
    expect(frame.locator("rect")).to_be_visible()
    expect(block(page, 4).locator("iframe")).to_have_css("height", "304px")
    block(page, 4).get_by_role("button", name="Stop").click()


CONTRAST = """() => {
    const parse = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number);
    const light = (colour) => {
        const [r, g, b] = parse(colour).map((value) => {
            const part = value / 255;
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const page = light(getComputedStyle(document.querySelector("#chat-scroll .q-code > pre")).backgroundColor);
    return [...document.querySelectorAll("#chat-scroll .q-code .token, #chat-scroll .q-code-bar *")].map((element) => {
        const ink = light(getComputedStyle(element).color);
        const ratio = (Math.max(page, ink) + 0.05) / (Math.min(page, ink) + 0.05);
        let pales = 1;
        for (let one = element; one; one = one.parentElement) pales *= getComputedStyle(one).opacity;
        return [element.className, pales < 1 ? 0 : ratio];
    });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_colour_can_be_read(page: Page, scheme: str) -> None:
    page.evaluate(f"document.body.classList.toggle('dark', {json.dumps(scheme == 'dark')})")
    pale = [(name, ratio) for name, ratio in page.evaluate(CONTRAST) if ratio < 4.5]
    assert pale == []


def test_an_endless_loop_is_ended_by_stop_and_by_the_next_preview(page: Page) -> None:
    """Last: the browser's remote control waits for the frame that hangs, the page does not."""
    loop, drawn = block(page, 3), block(page, 2)
    for is_stopped in (True, False):
        loop.get_by_role("button", name="Run").click()
        expect(loop.locator(".state")).to_have_text("It does not answer. Stop ends it.")
        if is_stopped:
            loop.get_by_role("button", name="Stop").click()
            expect(loop.locator("iframe")).to_have_count(0)
        drawn.get_by_role("button", name="Run").click()
        expect(drawn.locator(".said").first).to_contain_text("<b>literal</b>")
        expect(loop.locator("iframe")).to_have_count(0)
        drawn.get_by_role("button", name="Stop").click()
