"""A person who chooses models: with the chip of a tab, with the offer's Undo, and after a restart."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from configs.catalogue import ModelCard, load_catalogue
from configs.sets import load_sets
from tests.downloads.conftest import make_card
from tests.downloads.local_hub import LocalHub, serve
from tests.downloads.stand_ins import stand_in
from tests.running import App, start_app, stop_app
from workers.models.importing.saved import save
from workers.models.setup.choices import read_choices

from .conftest import expect_answer

pytestmark = pytest.mark.slow

FILE, REPOSITORY = "Better-Chat.Q4_1.gguf", "maker/Better-Chat-GGUF"
BETTER, DEMO = "Better Chat", "SmolLM2 135M Instruct"
SAMPLING = {"temperature": 0.65, "top_p": 0.8, "presence_penalty": 1.5}
SOON_MS = 60_000


def better(model_id: str) -> ModelCard:
    """The first choice of some machine, which on our hub is the packaged small one."""
    return make_card(
        id=model_id,
        name=BETTER,
        source=f"hf:{REPOSITORY}@main",
        files={FILE: None},
        file_bytes={FILE: len(stand_in())},
        download_mib=98,
        context_length=8192,
        memory_mib=940,
        shape=load_catalogue()["smollm2-135m-instruct"].shape,
        recommended=True,
        thinks="off",
        sampling=SAMPLING,
    )


def deaf(model_id: str) -> ModelCard:
    """A recogniser that hears only the sound; what it is made of is nothing, and it is never asked."""
    return make_card(
        id=model_id,
        name="Only Sound",
        modality="stt",
        engine="onnxasr",
        source="hf:maker/sound@main",
        files={"sound.onnx": None},
        languages=["de", "en"],
        recommended=True,
    )


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    repositories = {REPOSITORY: {FILE: stand_in()}, "maker/sound": {"sound.onnx": b"nothing"}}
    with serve(LocalHub(repositories, large={FILE, "sound.onnx"})) as hub:
        yield hub


class Apps:
    """Starts Quintet on one folder, where the first choices of all machines are small ones."""

    def __init__(self, folder: Path, hub: LocalHub) -> None:
        self.folder = folder
        self._hub = hub
        self._running: App | None = None
        for one in load_sets():
            save(better(one.text), folder / "data")
            save(deaf(one.stt), folder / "data")

    def start(self, **environment: str) -> App:
        self.stop()
        given = {"QUINTET_HUB__ENDPOINT": self._hub.url, "QUINTET_POOL__WARM": "[]", **environment}
        self._running = start_app(self.folder, **given)
        return self._running

    def kill(self) -> None:
        assert self._running is not None
        self._running.process.send_signal(signal.SIGKILL)
        self._running.process.wait(60)
        self._running = None

    def stop(self) -> None:
        if self._running is not None:
            stop_app(self._running)
        self._running = None


@pytest.fixture
def apps(hub: LocalHub, tmp_path: Path) -> Iterator[Apps]:
    apps = Apps(tmp_path, hub)
    yield apps
    apps.stop()


def open_page(browser: Browser, app: App, width: int = 1280) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.set_default_timeout(45_000)
    page.goto(app.url)
    chip(page).wait_for()
    return page


def chip(page: Page, modality: str = "text") -> Locator:
    return page.locator(f"#q-model-chip-{modality}")


def choose(page: Page, name: str, modality: str = "text") -> None:
    chip(page, modality).locator("summary").click()
    chip(page, modality).locator(".q-option", has_text=name).first.click()


def ask(page: Page, number: int = 1) -> None:
    page.locator("#chat-input").fill("What is the capital of France? Answer briefly.")
    page.keyboard.press("Enter")
    expect_answer(page, number)


def test_one_click_gets_and_uses_and_a_kill_forgets_nothing(
    apps: Apps, hub: LocalHub, browser: Browser
) -> None:
    hub.faults.stall_after = len(stand_in()) * 40 // 100
    page = open_page(browser, apps.start(), width=390)
    expect(page.locator('#q-head [data-pace="idle"]')).to_have_count(1, timeout=SOON_MS)
    chip(page).locator("summary").click()
    options = chip(page).locator(".q-option")
    expect(options.nth(0)).to_contain_text(f"{DEMO}fits now")
    expect(options.nth(1)).to_contain_text(BETTER)
    expect(options.last).to_contain_text("More models")
    options.nth(1).click()
    expect(chip(page).locator(".q-model-line")).to_contain_text("39 %", timeout=SOON_MS)
    models = page.locator("#tab-models-button")
    expect(models).to_have_attribute("data-tag", "39 %")
    expect(models).to_have_accessible_description(re.compile("then Text uses it"))
    expect(page.locator('#q-head [data-pace="busy"]')).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    hub.faults.stall_after = None
    expect(chip(page).locator("summary")).to_contain_text(BETTER, timeout=SOON_MS)
    expect(models).to_have_attribute("data-tag", "", timeout=SOON_MS)
    ask(page)
    apps.kill()

    page = open_page(browser, apps.start())
    expect(chip(page).locator("summary")).to_contain_text(BETTER)


def test_what_cannot_be_had_says_why_and_is_tried_again(
    apps: Apps, hub: LocalHub, browser: Browser
) -> None:
    content = hub.repositories[REPOSITORY].pop(FILE)
    page = open_page(browser, apps.start())
    choose(page, BETTER)
    line = chip(page).locator(".q-model-failed")
    expect(line).to_contain_text(f"has no file {FILE}", timeout=SOON_MS)
    models = page.locator("#tab-models-button")
    expect(models).to_have_attribute("data-tag", "failed")
    expect(models).to_have_accessible_description(re.compile("is not used"))
    hub.repositories[REPOSITORY][FILE] = content
    line.get_by_role("button", name="Try again").click()
    expect(chip(page).locator("summary")).to_contain_text(BETTER, timeout=SOON_MS)
    expect(line).to_have_count(0)


def test_use_on_the_models_tab_is_kept_unless_the_settings_name_a_model(
    apps: Apps, browser: Browser
) -> None:
    app = apps.start()
    model_id = load_sets()[0].text
    httpx.post(f"{app.url}/v1/models/{model_id}/pull").raise_for_status()
    page = open_page(browser, app)
    page.get_by_role("tab", name="Models", exact=True).click()
    use = page.locator(f'#models-list .q-model[data-id="{model_id}"] [data-action="use"]')
    expect(use).to_be_visible(timeout=SOON_MS)
    use.click()
    status = page.locator("#models-status")
    expect(status).to_contain_text(f"now uses {BETTER}, also after a restart")
    assert read_choices(app.data_dir).defaults == {"text": model_id}

    page = open_page(browser, apps.start(QUINTET_WORKERS__TEXT__MODEL="smollm2-135m-instruct"))
    expect(chip(page).locator("summary")).to_contain_text(DEMO)
    choose(page, BETTER)
    expect(chip(page).locator("summary")).to_contain_text(BETTER)
    expect(chip(page)).to_contain_text("Until Quintet ends")
    expect(chip(page)).to_contain_text("QUINTET_WORKERS__TEXT__MODEL")


def test_the_sliders_go_by_the_model_until_a_hand_moves_them(apps: Apps, browser: Browser) -> None:
    page = open_page(browser, apps.start())
    page.locator('[data-drawer="open"]').click()
    temperature, top_p = (
        page.get_by_label(f"number input for {name}", exact=True)
        for name in ("Temperature", "Top p")
    )
    thinking = page.locator('.q-switch[data-key="think"]')
    expect(temperature).to_have_value("0.7")
    expect(thinking).to_have_count(0)  # a model that does not think has no such switch
    top_p.fill("0.55")
    top_p.press("Tab")
    page.keyboard.press("Escape")
    choose(page, BETTER)
    page.locator('[data-drawer="open"]').click()
    expect(temperature).to_have_value("0.65", timeout=SOON_MS)
    expect(thinking).to_be_enabled()
    expect(top_p).to_have_value("0.55")
    expect(page.locator("#chat-about")).to_contain_text("presence penalty 1.5")
    page.get_by_role("button", name="Reset to the model's own", exact=True).click()
    expect(top_p).to_have_value("0.8")


def test_what_a_recogniser_cannot_use_is_off_and_comes_back(apps: Apps, browser: Browser) -> None:
    page = open_page(browser, apps.start(), width=390)
    page.get_by_role("tab", name="Speech in", exact=True).click()
    page.locator("#tab-stt button", has_text="Options").click()
    context = page.locator("#stt-context textarea, #stt-context input").first
    context.fill("A talk about GGUF.")
    choose(page, "Only Sound", "stt")
    expect(context).to_be_disabled(timeout=SOON_MS)
    expect(chip(page, "stt").locator(".q-model-failed")).to_contain_text(
        "Only Sound", timeout=SOON_MS
    )
    expect(context).to_have_value("")
    expect(page.locator("#stt-context")).to_contain_text("Only Sound hears only the sound")
    expect(page.locator("#stt-translate input")).to_be_disabled()
    expect(page.locator("#stt-translate")).to_contain_text("Only Sound does not translate")
    expect(page.locator("#stt-language input")).to_have_value("Find out")
    expect(page.locator("#stt-language")).not_to_contain_text("knows only English")
    choose(page, "Whisper tiny.en", "stt")
    expect(context).to_be_enabled(timeout=SOON_MS)
    expect(page.locator("#stt-language")).to_contain_text("knows only English")
    expect(page.locator("#stt-context")).not_to_contain_text("Only Sound")
    expect(chip(page, "stt").locator(".q-model-failed")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
