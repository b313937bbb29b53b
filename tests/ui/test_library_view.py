"""A collection as HTML: what is on its way, what was refused and why, what can be had back."""

from __future__ import annotations

from dataclasses import replace

from ui.documents.library_view import (
    Library,
    collection_choices,
    far_words,
    library_html,
    still_read_words,
)
from workers.flows.intake import IncomingFile
from workers.flows.removal import PendingRemoval
from workers.messages import CollectionInfo, DocumentInfo

READING = IncomingFile(
    key=1, collection="c", name="<b>.pdf", state="reading", done=14, total=40, unit="pages"
)
FAILED = IncomingFile(
    key=2, collection="c", name="x.png", state="failed", reason="It is <a picture>."
)


def info(name: str, document_id: str = "0123456789", num_pages: int | None = 3) -> DocumentInfo:
    return DocumentInfo(
        document_id=document_id, name=name, num_pages=num_pages, num_chunks=7, num_bytes=2048
    )


def test_an_empty_collection_says_what_can_be_added() -> None:
    assert "No documents yet" in library_html(Library())


def test_documents_are_counted_with_their_pages_and_passages() -> None:
    shown = library_html(Library(documents=[info("a.pdf"), info("b.md", "1", num_pages=None)]))
    assert "2 documents <span>14 passages</span>" in shown
    assert "3 pages · 7 passages" in shown
    assert "<span>7 passages</span>" in shown


def test_documents_of_one_name_are_told_apart() -> None:
    documents = [info("a.pdf", "aaaaaaaa"), info("a.pdf", "bbbbbbbb"), info("b.pdf", "c")]
    shown = library_html(Library(documents=documents))
    assert all(name in shown for name in ("a.pdf (aaaaaa)", "a.pdf (bbbbbb)", ">b.pdf<"))


def test_what_is_read_says_how_far_it_is_and_keeps_the_list_looking() -> None:
    shown = library_html(Library(incoming=[READING]))
    assert "&lt;b&gt;.pdf" in shown
    assert "reading page 14 of 40" in shown
    assert 'data-moving="yes"' in shown
    assert 'data-moving="yes"' not in library_html(Library(incoming=[FAILED]))


def test_what_was_refused_stays_with_its_reason() -> None:
    shown = library_html(Library(incoming=[FAILED]))
    assert "Refused: It is &lt;a picture&gt;." in shown
    assert 'data-act="drop" data-id="2"' in shown


def test_a_word_about_a_document_stands_at_the_document() -> None:
    added = replace(READING, state="added", document_id="77", reason="Page 3 has no text layer.")
    shown = library_html(Library(documents=[info("a.pdf", "77")], incoming=[added]))
    assert shown.count("<li") == 1
    assert "Page 3 has no text layer." in shown


def test_what_was_deleted_can_be_had_back() -> None:
    one = PendingRemoval(key=5, collection="c", document_id="d", name="a.pdf")
    shown = library_html(Library(removals=[one, replace(one, document_id=None, name="All")]))
    assert "Deleted a.pdf" in shown
    assert "“All”, with all documents" in shown
    assert 'data-act="undo" data-id="5"' in shown


def test_a_question_hears_what_is_still_read() -> None:
    assert still_read_words([]) == ""
    waiting = replace(READING, key=3, state="waiting", name="c.md")
    words = still_read_words([waiting, READING])
    assert words.startswith("<b>.pdf is still being read (reading page 14 of 40), and 1 more file")


def test_how_far_is_said_in_its_own_words() -> None:
    assert far_words(replace(READING, state="waiting")) == "waiting"
    assert far_words(replace(READING, total=0)) == "opening"
    assert far_words(replace(READING, unit="chunks")).startswith("learning passage 14 of 40")
    assert far_words(replace(READING, unit="scans")).startswith("OCR reads page 15 of 40")


def test_collections_are_chosen_by_their_whole_names() -> None:
    one = CollectionInfo(name="Work", num_documents=1, num_chunks=3)
    assert collection_choices([one]) == [("Work", "Work")]
