"""Documents and answers as HTML: escaped, numbered, honest."""

from __future__ import annotations

from dataclasses import replace

from ui.documents.view import (
    answer_html,
    document_choices,
    documents_html,
    failures_html,
    files_html,
    passages_html,
    remarks,
)
from workers.messages import DocumentIndexed, DocumentInfo, Passage


def info(name: str, document_id: str = "0123456789", num_pages: int | None = 3) -> DocumentInfo:
    return DocumentInfo(
        document_id=document_id, name=name, num_pages=num_pages, num_chunks=7, num_bytes=2048
    )


def passage(text: str, score: float = 0.5, page: int | None = 4) -> Passage:
    return Passage(
        chunk_id="c", document_id="d", document_name="<a>.pdf", page=page, text=text, score=score
    )


def test_what_a_reranker_says_stands_beside_the_similarity() -> None:
    plain = passages_html([passage("It rained.")], "rain")
    assert "relevance" not in plain
    judged = replace(passage("It rained.", score=0.41), relevance=0.93)
    html = passages_html([judged], "rain")
    assert 'value="0.93" aria-label="relevance"></meter>0.93' in html
    assert 'value="0.41" aria-label="similarity"></meter>0.41' in html


def test_every_file_says_what_became_of_it() -> None:
    event = DocumentIndexed(
        request_id="r", document=info("<b>.pdf"), status="failed", reason="It is <empty>."
    )
    shown = files_html([event])
    assert "&lt;b&gt;.pdf" in shown
    assert "failed" in shown
    assert "It is &lt;empty&gt;." in shown
    assert files_html([]) == ""


def test_table_names_pages_and_chunks() -> None:
    shown = documents_html([info("a.pdf"), info("b.md", num_pages=None)])
    assert "<td>a.pdf</td><td>3</td><td>7</td><td>2 kB</td>" in shown
    assert "<td>b.md</td><td>–</td>" in shown
    assert "No documents yet" in documents_html([])


def test_documents_of_one_name_are_distinguished() -> None:
    documents = [info("a.pdf", "aaaaaaaa"), info("a.pdf", "bbbbbbbb"), info("b.pdf", "c")]
    assert document_choices(documents) == [
        ("a.pdf (aaaaaa)", "aaaaaaaa"),
        ("a.pdf (bbbbbb)", "bbbbbbbb"),
        ("b.pdf", "c"),
    ]


def test_marks_in_the_answer_lead_to_the_passages() -> None:
    shown = answer_html("It is **4471** [2].", is_done=True)
    assert "<strong>4471</strong>" in shown
    assert 'href="#passage-2"' in shown
    assert 'id="passage-2"' in passages_html([passage("a"), passage("b")], "q")


def test_answer_cannot_bring_html_or_scripts() -> None:
    shown = answer_html('<img src=x onerror="alert(1)"> [a](javascript:alert(1))', is_done=False)
    assert "<img" not in shown
    assert 'href="javascript' not in shown


def test_card_shows_file_page_score_and_the_words_asked_for() -> None:
    shown = passages_html([passage("Bicycles are <kept> here.", 0.634)], "Where are bicycles kept?")
    assert "&lt;a&gt;.pdf" in shown
    assert "page 4" in shown
    assert "0.63" in shown
    assert "<mark>Bicycles</mark>" in shown
    assert "&lt;<mark>kept</mark>&gt;" in shown
    assert "<mark>here</mark>" not in shown


def test_cards_say_what_was_cited_and_what_was_left_out() -> None:
    shown = passages_html([passage("a"), passage("b"), passage("c")], "q", cited=[2], num_used=2)
    first, second, third = shown.split("<li ")[1:]
    assert "cited" not in first
    assert "q-cited" in second
    assert "<details open>" in second
    assert "not given to the model" in third


def test_remarks_tell_what_limits_the_answer() -> None:
    passages = [passage("a", 0.1)] * 8
    (weak, cut, marks) = remarks(passages, 5, "they did not fit its context", False)
    assert "may not answer it" in weak
    assert cut == ("3 of 8 passages were not given to the model: they did not fit its context.")
    assert "no citations" in marks
    assert remarks([passage("a", 0.6)], 1, "", True) == []


def test_failures_are_counted_and_their_absence_is_silent() -> None:
    added = DocumentIndexed(request_id="r", document=info("a.pdf"), status="added")
    failed = DocumentIndexed(request_id="r", document=info("b.pdf"), status="failed", reason="no")
    assert "1 of 2 files" in failures_html([added, failed])
    assert failures_html([added]) == ""
