"""A person at the page: each tab once with real input, in a real browser."""

from __future__ import annotations

import io
import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from benchmarks.material import long_text, picture_of
from ui.blocks import TABS as PAGE_TABS

from .conftest import OpenTab, expect_answer

TABS = {tab.title: tab.id for tab in PAGE_TABS}


def ask(page: Page, text: str) -> None:
    page.locator("#chat-input").fill(text)
    page.keyboard.press("Enter")


def test_a_chat_is_answered_with_a_receipt(open_tab: OpenTab) -> None:
    page = open_tab("Text")
    ask(page, "What is the capital of France? Answer briefly.")
    expect_answer(page)
    expect(page.locator("#chat-input")).to_have_value("")


@pytest.mark.slow
def test_a_chat_is_stopped_in_the_middle_and_goes_on_with_the_next(open_tab: OpenTab) -> None:
    page = open_tab("Text")
    ask(page, "Tell me a very long story about the sea, with many chapters.")
    expect(page.locator("#chat-scroll")).to_contain_text(" the ", timeout=90_000)
    page.locator("#chat-stop").click()
    expect(page.locator("#chat-scroll")).to_contain_text("topped")
    expect(page.locator("#chat-send")).to_be_visible()
    ask(page, "What is the capital of France? Answer briefly.")
    expect_answer(page)


@pytest.mark.slow
def test_two_browsers_at_once_see_only_their_own(open_tab: OpenTab) -> None:
    one, other = open_tab("Text"), open_tab("Text")
    ask(one, "Say hello to the otter in one sentence.")
    ask(other, "Say hello to the badger in one sentence.")
    for page, own, foreign in ((one, "otter", "badger"), (other, "badger", "otter")):
        expect(page.locator("#chat-scroll")).to_contain_text("tokens/s", timeout=90_000)
        expect(page.locator("#chat-scroll")).to_contain_text(own)
        expect(page.locator("#chat-scroll")).not_to_contain_text(foreign)


@pytest.mark.slow
def test_a_message_longer_than_the_context_is_refused_and_kept(open_tab: OpenTab) -> None:
    page = open_tab("Text")
    # The model was made for 8,192 tokens; a small machine gives it fewer.
    ask(page, "word " * 9000)
    expect(page.locator("#tab-text")).to_contain_text(
        re.compile("the model's context holds [48],[0-9]{3}"), timeout=60_000
    )
    expect(page.locator("#chat-scroll")).to_contain_text("word word")


def test_a_picture_is_read_and_asked_about(open_tab: OpenTab, tmp_path: Path) -> None:
    page = open_tab("Vision")
    picture = tmp_path / "receipt.png"
    picture.write_bytes(picture_of("Harbour Cafe            ".ljust(60) + "Total 12.40 EUR"))
    page.set_input_files("#vision-add input[type=file]", str(picture))
    expect(page.locator("#vision-reading")).to_contain_text("line", timeout=60_000)
    expect(page.locator("#vision-view svg polygon").first).to_be_visible()
    page.locator("#vision-question textarea").fill("What is the total?")
    page.locator("#vision-ask").click()
    expect(page.locator("#vision-after .q-rec")).to_be_visible(timeout=60_000)
    expect(page.locator("#vision-answer")).to_contain_text("12.40")
    expect(page.locator("#vision-answer")).to_be_in_viewport()
    expect(page.locator("#tab-vision img")).to_have_count(1)
    expect(page.locator("#vision-stop")).to_have_count(0)
    expect(page.locator("#vision-question textarea")).to_be_focused()
    page.get_by_role("button", name="Take receipt.png away").click()
    expect(page.locator("#tab-vision img")).to_have_count(0)


def test_a_text_is_spoken_and_saved_as_mp3(open_tab: OpenTab) -> None:
    page = open_tab("Speech out")
    page.locator("#tts-text textarea").fill("The boat leaves at nine. It comes back at five.")
    page.locator("#tts-speak").click()
    page.get_by_label("mp3").check()
    button = page.get_by_text("Download mp3")
    expect(button).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        button.click()
    data = Path(download.value.path()).read_bytes()
    with av.open(io.BytesIO(data)) as container:
        assert container.format.name == "mp3"
        assert 2 < (container.duration or 0) / av.time_base < 8


def test_what_was_spoken_before_can_be_heard_again(open_tab: OpenTab) -> None:
    page = open_tab("Speech out")
    player = page.locator("#tts-player")
    expect(player.locator(".q-speech-toggle")).to_be_disabled()
    for text in ("The first boat leaves at nine.", "The second boat leaves at ten."):
        page.locator("#tts-new").click()
        page.locator("#tts-text textarea").fill(text)
        page.locator("#tts-speak").click()
        expect(page.locator("#tts-save")).to_be_visible(timeout=60_000)
        expect(player.locator(".q-speech-lines")).to_be_focused()
    expect(page.locator("#tts-readings label")).to_have_count(2)
    page.locator("#tts-readings label").last.click()
    expect(player).to_contain_text("The first boat leaves at nine.")
    expect(player.get_by_role("button", name="Play", exact=True)).to_be_enabled()
    page.get_by_role("button", name="Change the text").click()
    expect(page.locator("#tts-text textarea")).to_have_value("The first boat leaves at nine.")
    player.get_by_role("button", name="On 15 seconds").click()
    expect(player.locator(".q-speech-time")).to_have_text(re.compile(r"^0:0[1-9] of 0:0\d$"))


def test_a_new_reading_ends_the_one_under_way(open_tab: OpenTab) -> None:
    page = open_tab("Speech out")
    page.locator("#tts-text textarea").fill(long_text(200))
    page.locator("#tts-speak").click()
    expect(page.locator("#tts-player")).to_contain_text("On day", timeout=60_000)
    page.locator("#tts-new").click()
    expect(page.locator("#tts-text textarea")).to_be_focused()
    expect(page.locator("#tts-text textarea")).to_have_value("")
    expect(page.locator("#tts-speak")).to_be_visible()
    expect(page.locator("#tts-player .q-speech-time")).to_have_text("Nothing spoken yet")
    expect(page.locator("#tts-readings label")).to_have_count(0)


def test_choices_are_there_again_at_the_next_visit(open_tab: OpenTab) -> None:
    page = open_tab("Speech out")
    speed = page.get_by_label("number input for Speed", exact=True)
    speed.fill("1.5")
    speed.press("Tab")
    page.wait_for_function("(localStorage.getItem('quintet-speech-out') ?? '').includes('1.5')")
    page.reload()
    page.get_by_role("tab", name="Speech out", exact=True).click()
    expect(speed).to_have_value("1.5")


@pytest.mark.slow
def test_a_long_text_is_stopped_in_the_middle(open_tab: OpenTab) -> None:
    page = open_tab("Speech out")
    page.locator("#tts-text textarea").fill(long_text(200))
    page.locator("#tts-speak").click()
    expect(page.locator("#tts-player")).to_contain_text("On day", timeout=60_000)
    page.locator("#tts-stop").click()
    expect(page.locator("#tab-tts")).to_contain_text("Stopped after")
    expect(page.locator("#tts-stop")).to_have_count(0)
    expect(page.locator("#tts-text")).to_be_hidden()
    page.get_by_role("button", name="Change the text").click()
    expect(page.locator("#tts-speak")).to_be_visible()
    expect(page.locator("#tts-text textarea")).to_be_focused()


def test_the_example_recording_is_written_down(open_tab: OpenTab) -> None:
    page = open_tab("Speech in")
    page.get_by_role("button", name="Try the example").click()
    expect(page.locator("#stt-transcript li").first).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        page.locator("#stt-save-srt").click()
    assert "-->" in Path(download.value.path()).read_text()
    expect(page.locator("#stt-stop")).to_have_count(0)
    receipt = page.locator("#stt-foot .q-rec")
    expect(receipt.locator("summary")).to_have_text(re.compile(r"real time · [\d.:]+( m?s)?$"))
    receipt.locator("summary").click()
    expect(receipt).to_contain_text("peak")


def test_on_a_phone_the_text_can_be_saved_without_scrolling(open_tab: OpenTab) -> None:
    page = open_tab("Speech in", width=390, height=844)
    page.get_by_role("button", name="Try the example").click()
    expect(page.get_by_role("button", name="Save .srt")).to_be_in_viewport(timeout=60_000)
    expect(page.locator("#stt-save-json")).to_be_in_viewport(ratio=1)


def test_what_is_recorded_is_written_down_without_another_press(open_tab: OpenTab) -> None:
    page = open_tab("Speech in")
    page.get_by_role("button", name="Try the example").click()
    saving = page.locator("#stt-export")
    expect(saving).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.locator("#stt-recorder h2")).to_contain_text("Recording 0:02")
    expect(saving).to_have_attribute("inert", "")
    page.keyboard.press("Escape")
    # Chromium's microphone beeps: that is no speech, and a model may hear some all the same.
    expect(page.locator("#stt-files label")).to_have_count(2, timeout=60_000)
    expect(page.locator("#stt-files label").last).to_contain_text(re.compile("no speech|0:0"))
    expect(page.locator("#stt-input")).to_be_visible(timeout=60_000)


def show(page: Page, tab: str) -> None:
    """Its own controls are there: a tab is filled when it is first opened."""
    page.get_by_role("tab", name=tab, exact=True).click()
    panel = page.locator(f"#tab-{TABS[tab]}")
    expect(panel.locator("button, input, textarea").filter(visible=True).first).to_be_visible()


def test_nothing_is_wider_than_a_phone(open_tab: OpenTab) -> None:
    page = open_tab("Text", width=390, height=844)
    for tab in TABS:
        show(page, tab)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{tab} is {width} px wide"


def test_every_button_and_input_has_a_name(open_tab: OpenTab) -> None:
    page = open_tab("Text")
    for tab in TABS:
        show(page, tab)
        seen, nameless = page.evaluate(
            """() => {
            const controls = [...document.querySelectorAll('button, input, textarea, select')]
                .filter(e => e.offsetParent !== null && e.type !== 'file' && !e.disabled);
            const nameless = controls.filter(e => !(e.innerText || e.value || e.ariaLabel ||
                e.title || e.placeholder || e.labels?.length ||
                e.querySelector?.('[aria-label], title')));
            return [controls.length, nameless.map(e => e.outerHTML.slice(0, 120))] }"""
        )
        assert seen > len(TABS), tab  # the row of tabs is not all
        assert nameless == [], tab
