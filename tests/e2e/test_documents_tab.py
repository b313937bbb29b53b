"""A person at the RAG tab: questions to documents, files that come and go, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fpdf import FPDF
from playwright.sync_api import Locator, Page, expect

from benchmarks.material import long_text

from .conftest import OpenTab


def a_book(path: Path) -> Path:
    """A PDF of 24 pages with one distinct fact on each."""
    animals = [
        "otter", "heron", "badger", "lynx", "raven", "stoat", "hare", "owl", "seal", "crane", "fox",
        "newt", "toad", "swift", "boar", "finch", "mole", "bat", "eel", "wolf", "deer", "bee",
        "crab", "swan",
    ]  # fmt: skip
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    for number, animal in enumerate(animals, start=1):
        pdf.add_page()
        fact = f"The {animal} of the valley is called by the keepers number {number * 111}."
        pdf.multi_cell(
            0, 7, f"{long_text(8, number * 50)}\n\n{fact}\n\n{long_text(6, number * 90)}"
        )
    pdf.output(str(path))
    return path


def add(page: Page, *paths: Path) -> None:
    page.set_input_files("#rag-files input[type=file]", [str(path) for path in paths])


def documents(page: Page) -> Locator:
    return page.locator("#rag-documents .q-doc")


def ask(page: Page, question: str) -> None:
    box = page.locator("#rag-question textarea")
    box.fill(question)
    box.press("Enter")


def expect_answered(page: Page) -> None:
    expect(page.locator("#rag-after .q-rec")).to_be_visible(timeout=90_000)


def test_documents_answer_with_the_right_page(open_tab: OpenTab, tmp_path: Path) -> None:
    page = open_tab("RAG")
    add(page, a_book(tmp_path / "valley.pdf"))
    expect(documents(page).filter(has_text="valley.pdf")).to_contain_text(
        "24 pages", timeout=120_000
    )
    page.locator("#rag-question textarea").fill("Which number do the keepers call the badger?")
    page.locator("#rag-ask").click()
    expect(page.locator("#rag-passages")).to_contain_text("page 3", timeout=60_000)
    expect_answered(page)
    expect(page.locator("#rag-passages")).to_contain_text("333")
    assert len(page.locator("#rag-answer").inner_text()) > 5
    expect(page.locator("#rag-question textarea")).to_be_focused()
    expect(page.locator("#rag-stop")).to_have_count(0)


@pytest.mark.slow
def test_what_is_refused_stays_on_the_list_and_the_index_lives(
    open_tab: OpenTab, tmp_path: Path
) -> None:
    page = open_tab("RAG")
    program, scan, note = (tmp_path / name for name in ("setup.pdf", "scan.png", "isle.md"))
    program.write_bytes(b"MZ\x90\x00" + bytes(2000))
    scan.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    note.write_text("# Isle\n\nThe isle has seven wells.\n")
    add(page, program, scan, note)
    refused = documents(page).filter(has_text="Refused")
    expect(refused).to_have_count(2, timeout=60_000)
    expect(refused.filter(has_text="setup.pdf")).to_contain_text("PDF")
    expect(refused.filter(has_text="scan.png")).to_contain_text("picture")
    expect(documents(page).filter(has_text="isle.md")).to_contain_text("1 passage")
    refused.filter(has_text="setup.pdf").get_by_role("button").click()
    expect(documents(page).filter(has_text="setup.pdf")).to_have_count(0)


def test_who_closes_the_page_finds_the_document_read(open_tab: OpenTab, tmp_path: Path) -> None:
    page = open_tab("RAG")
    add(page, a_book(tmp_path / "mountain.pdf"))
    expect(documents(page).filter(has_text="mountain.pdf")).to_be_visible()
    page.context.close()
    again = open_tab("RAG")
    expect(documents(again).filter(has_text="mountain.pdf")).to_contain_text(
        "passages", timeout=120_000
    )


def test_a_deleted_document_can_be_had_back(open_tab: OpenTab, tmp_path: Path) -> None:
    page = open_tab("RAG")
    note = tmp_path / "harbour.md"
    note.write_text("# Harbour\n\nThe harbour has nine berths.\n")
    add(page, note)
    row = documents(page).filter(has_text="harbour.md")
    expect(row).to_contain_text("1 passage", timeout=60_000)
    page.get_by_role("button", name="Delete harbour.md").click()
    expect(row).to_contain_text("Deleted harbour.md")
    row.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("1 passage")


def test_a_question_about_something_else_is_not_answered_with_an_invention(
    open_tab: OpenTab,
) -> None:
    page = open_tab("RAG")
    handbook = documents(page).filter(has_text="example-handbook.pdf")
    example = page.locator("#rag-example")
    expect(handbook.or_(example).first).to_be_visible()
    if example.is_visible():
        example.click()
    expect(handbook).to_contain_text("12 passages", timeout=60_000)
    page.get_by_role("button", name="How high is the tower?").click()
    expect(page.locator("#rag-answer .q-cite").first).to_be_visible(timeout=90_000)
    expect_answered(page)
    ask(page, "Who won the world cup in 2014?")
    expect(page.locator("#rag-answer")).to_contain_text("Not in these documents", timeout=60_000)
    expect(page.locator("#rag-earlier .q-turn")).to_have_count(1)
    page.get_by_role("button", name="Answer anyway").last.click()
    expect(page.locator("#rag-after .q-caution").first).to_be_visible(timeout=90_000)
    expect(page.locator("#rag-earlier .q-turn")).to_have_count(2)


def test_where_there_is_room_an_answers_passages_stand_beside_it(
    open_tab: OpenTab, tmp_path: Path
) -> None:
    page = open_tab("RAG")
    page.set_viewport_size({"width": 1440, "height": 900})
    note = tmp_path / "bell.md"
    note.write_text("# Bell\n\nThe bell weighs ninety kilograms.\n")
    add(page, note)
    expect(documents(page).filter(has_text="bell.md")).to_contain_text("1 passage", timeout=60_000)
    for place, question in enumerate(["How heavy is the bell?", "What weighs ninety kilograms?"]):
        ask(page, question)
        expect(page.locator("#rag-earlier .q-turn")).to_have_count(place, timeout=60_000)
        expect_answered(page)
    now, earlier = page.locator("#rag-passages"), page.locator("#rag-earlier .q-turn-evidence")
    expect(now).to_contain_text("bell.md")
    beside, answer = now.bounding_box(), page.locator("#rag-answer").bounding_box()
    assert beside is not None
    assert answer is not None
    assert beside["x"] >= answer["x"] + answer["width"]
    expect(earlier).to_be_hidden()
    page.get_by_role("button", name="Show its passages beside it").first.click()
    expect(earlier).to_be_visible()
    expect(now).to_be_hidden()


def test_a_deleted_collection_can_be_had_back(open_tab: OpenTab) -> None:
    page = open_tab("RAG")
    page.get_by_text("Collections", exact=True).click()
    name = page.locator("#rag-new-name textarea, #rag-new-name input").first
    name.fill("Winter shift")
    page.locator("#rag-create").click()
    chosen = page.locator("#rag-collection input")
    expect(chosen).to_have_value(re.compile("Winter shift"), timeout=60_000)
    page.locator("#rag-delete-collection").click()
    expect(chosen).to_have_value(re.compile("My documents"))
    undo = documents(page).filter(has_text="Deleted “Winter shift”").get_by_role("button")
    undo.click()
    expect(chosen).to_have_value(re.compile("Winter shift"))
