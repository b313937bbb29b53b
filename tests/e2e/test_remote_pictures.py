"""What a model or a document writes makes the browser ask nobody but Quintet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.security.gradio_door import Listener, listening

from .conftest import App
from .scripted_app import app_that_says, ask_in_chat

ANSWER = """The valley is quiet [1]. End of the answer.

![a map]({url}/markdown.png?secret)

<img src="{url}/html.png?secret"><video src="{url}/film.mp4"></video>

<p style="background:url({url}/style.png)">Styled.</p>

<img srcset="{url}/set.png 1x"><picture><source srcset="{url}/source.png"><img></picture>
<video poster="{url}/poster.png"></video><svg><image href="{url}/svg.png"/></svg>
<iframe src="{url}/frame"></iframe><object data="{url}/object"></object>
<link rel="prefetch" href="{url}/prefetch"><link rel="stylesheet" href="{url}/sheet.css">
<style>@import url({url}/import.css);</style>

![through the server](/gradio_api/file={url}/roundabout.png)

![by reference][x]

[x]: {url}/reference.png
"""


WRITTEN_ANEW = """picture => {
    const kept = ["src", "alt"];
    for (const { name } of [...picture.attributes]) if (!kept.includes(name)) picture.removeAttribute(name);
    picture.alt = "a map";
}"""
"""What Gradio does to the elements of an answer that goes on: they are as the server wrote them."""


@dataclass
class Watched:
    """A page, and what it asked for and complained of."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def foreign_site() -> Iterator[Listener]:
    """Another server, to which answers point."""
    with listening(b"never") as listener:
        yield listener


@pytest.fixture(scope="module")
def poisoned_app(tmp_path_factory: pytest.TempPathFactory, foreign_site: Listener) -> Iterator[App]:
    """Quintet with a model that writes pictures of another server into every answer."""
    folder = tmp_path_factory.mktemp("poisoned")
    with app_that_says(folder, ANSWER.format(url=foreign_site.url)) as running:
        yield running


@pytest.fixture
def watch(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(45_000)
    watched = Watched(page)

    def hear(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            watched.complaints.append(message.text)

    page.on("console", hear)
    page.on("request", lambda request: watched.hosts.add(urlsplit(request.url).netloc))
    yield watched
    context.close()


def expect_marked(page: Page, where: str) -> None:
    picture = page.locator(f"{where} img.q-remote").first
    expect(picture).to_be_visible(timeout=30_000)
    expect(picture).to_have_attribute("alt", re.compile("a map.* not loaded"))


def expect_sets_marked(page: Page) -> None:
    """Pictures that are named by `srcset` alone."""
    for picture in ("img[srcset]", "picture img"):
        shown = page.locator(f"#chat-scroll {picture}").first
        expect(shown).to_have_attribute("alt", re.compile("Picture at .* not loaded"))


def ask_documents(page: Page, foreign_site: Listener, folder: Path) -> None:
    note = folder / "valley.md"
    note.write_text(f"# Valley\n\nThe valley is quiet. ![map]({foreign_site.url}/document.png)\n")
    page.get_by_role("tab", name="RAG", exact=True).click()
    page.set_input_files("#rag-files input[type=file]", str(note))
    expect(page.locator("#rag-documents")).to_contain_text("1 passage", timeout=120_000)
    page.locator("#rag-question textarea").fill("Is it quiet?")
    page.locator("#rag-ask").click()
    expect(page.locator("#rag-answer")).to_contain_text("End of the answer", timeout=60_000)
    expect(page.locator("#rag-after .q-rec")).to_be_visible(timeout=60_000)


def test_pictures_of_other_servers_are_not_loaded(
    poisoned_app: App, watch: Watched, foreign_site: Listener, tmp_path: Path
) -> None:
    page = watch.page
    page.goto(poisoned_app.url)
    ask_in_chat(page)
    expect_marked(page, "#chat-scroll")
    expect_sets_marked(page)
    ask_documents(page, foreign_site, tmp_path)
    expect_marked(page, "#rag-answer")
    page.locator("#rag-answer img").first.evaluate(WRITTEN_ANEW)
    expect_marked(page, "#rag-answer")
    assert foreign_site.heard == []


def test_a_click_opens_the_picture_and_tells_nothing_else(
    poisoned_app: App, watch: Watched, foreign_site: Listener
) -> None:
    page = watch.page
    page.goto(poisoned_app.url)
    ask_in_chat(page)
    foreign_site.heard.clear()
    with page.context.expect_page() as opened:
        page.locator("#chat-scroll img.q-remote").first.click()
    opened.value.wait_for_load_state()
    assert urlsplit(opened.value.url).path == "/markdown.png"
    assert [path for path in foreign_site.heard if "favicon" not in path] == [
        "/markdown.png?secret"
    ]
    assert opened.value.evaluate("[document.referrer, window.opener]") == ["", None]


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_keeps_to_its_own_policy(app: App, watch: Watched, path: str) -> None:
    page = watch.page
    page.goto(f"{app.url}{path}")
    if path == "/docs":
        page.locator(".opblock").first.wait_for()
    else:
        page.locator("#chat-input").fill("Say hello.")
        page.keyboard.press("Enter")
        expect(page.locator("#chat-scroll")).to_contain_text("tokens/s", timeout=90_000)
        for tab in ("Speech in", "Speech out", "Vision", "RAG", "Models"):
            page.get_by_role("tab", name=tab, exact=True).click()
    assert watch.complaints == []
    assert watch.hosts <= {urlsplit(app.url).netloc, ""}


def test_another_site_cannot_show_the_page_inside_its_own(
    app: App, watch: Watched, tmp_path: Path
) -> None:
    with listening(f'<iframe src="{app.url}"></iframe>'.encode()) as other:
        watch.page.goto(other.url)
        watch.page.wait_for_load_state("networkidle")
        assert any("frame-ancestors" in complaint for complaint in watch.complaints)
        frame = watch.page.frames[1]
        assert frame.locator("#chat-input").count() == 0
