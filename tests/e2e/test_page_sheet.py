"""A passage leads to the picture of its page, with the passage marked."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.rag.pdf_material import chapters, pdf

from .conftest import OpenTab
from .test_documents_tab import add, ask, documents, expect_answered


def test_a_passage_is_marked_on_its_page(open_tab: OpenTab, tmp_path: Path) -> None:
    page = open_tab("RAG")
    book = tmp_path / "journal.pdf"
    book.write_bytes(pdf(chapters))
    add(page, book)
    expect(documents(page).filter(has_text="journal.pdf")).to_contain_text(
        "5 pages", timeout=120_000
    )
    ask(page, "Which lamp did keeper number 3 light?")
    expect_answered(page)
    opens = page.locator("#rag-passages button[data-page-of]:visible").first
    shown = (opens.text_content() or "").rpartition(" ")[2]
    opens.click()
    sheet = page.locator(".rag-sheet")
    expect(sheet.locator("img")).to_be_visible(timeout=60_000)
    expect(sheet.locator("h2")).to_contain_text(f"page {shown} of 5")
    expect(sheet.locator(".rag-mark").first).to_be_visible()
    way = "Page before" if shown == "5" else "Page after"
    sheet.get_by_role("button", name=way).click()
    other = int(shown) + (-1 if shown == "5" else 1)
    expect(sheet.locator("h2")).to_contain_text(f"page {other} of 5", timeout=60_000)
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opens).to_be_focused()
