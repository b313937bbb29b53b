"""Files of a question, passages of an answer, and a full context as the chat shows them: pure."""

from __future__ import annotations

from typing import Any

from ui.text.shown.files import files_html
from ui.text.shown.sources import cited_words, left_out_html, refused_html, sources_html
from ui.text.shown.too_long import too_long_html
from workers.chats.files import KeptFile
from workers.chats.records import Message, Role

FILE = KeptFile(id="a" * 64, name="<b>plan.png", kind="picture", num_bytes=12_300)
SOURCE = {
    "document": "hand_book.pdf",
    "page": 7,
    "collection": "Town",
    "text": "<script>\nBoats leave at nine.",
    "score": 0.5712,
    "relevance": None,
    "is_used": True,
}


def message(role: Role = "assistant", text: str = "", **details: Any) -> Message:
    return Message(id=12, parent=11, role=role, text=text, details=details)


def test_a_file_says_how_it_was_read_and_is_served_from_its_question() -> None:
    details = [FILE.as_details(read_as="text read (OCR)", note="No text was found.")]
    shown = files_html(details, message("user", files=details))
    assert 'src="chats/files/12/' in shown
    assert "text read (OCR)" in shown
    assert "No text was found." in shown
    assert "&lt;b&gt;plan.png" in shown
    assert "<b>plan" not in shown


def test_a_file_of_an_import_is_its_name_alone() -> None:
    details = [{**FILE.as_details(), "id": ""}]
    shown = files_html(details, message("user", files=details))
    assert "plan.png" in shown
    assert "href" not in shown
    assert "<img" not in shown


def test_what_was_not_read_stands_out() -> None:
    details = [FILE.as_details(read_as="not read", note="It is broken.")]
    assert "q-bad" in files_html(details, message("user", files=details))


def test_garbled_details_show_nothing() -> None:
    for details in ("words", [3], [{"id": "short"}], {"id": "a"}):
        assert files_html(details, message("user", files=details)) == ""
    for wrong in ("words", 3, [3], {"a": 1}):
        said = message(sources=wrong, cited=wrong, search=wrong)
        assert "q-sources" in sources_html(wrong, said)
        assert cited_words("So [1].", said)


def test_marks_become_chips_that_lead_to_their_passage_but_not_in_code() -> None:
    said = message(text="", sources=[SOURCE])
    text = "At nine [1]. `a[1]` and [2]\n```\nb[1]\n```\nA [1](link) stays."
    assert cited_words(text, said) == (
        "At nine [hand\\_book.pdf p. 7](#source-12-1). `a[1]` and [2]\n```\nb[1]\n```\nA [1](link) stays."
    )
    assert cited_words("Item [1].", message()) == "Item [1]."


def test_passages_are_numbered_with_place_and_score() -> None:
    said = message(
        sources=[SOURCE, {**SOURCE, "is_used": False}],
        cited=[1],
        is_cited_by_model=True,
        search={"query": "When do boats leave?", "is_rewritten": True, "missing": ["Gone."],
                "num_used": 1, "why": "they did not fit its context"},
    )  # fmt: skip
    shown = sources_html(said.details["sources"], said)
    assert 'id="source-12-1" class="q-cited"' in shown
    assert "page 7 · Town" in shown
    assert "0.57" in shown
    assert "Searched for “When do boats leave?”. Gone. 1 of 2 were not given" in shown
    assert "not given to the model</em>" in shown
    assert "<script>" not in shown


def test_only_the_model_cites() -> None:
    said = message(sources=[SOURCE], cited=[1], is_cited_by_model=False)
    shown = sources_html(said.details["sources"], said)
    assert "<em>nearest</em>" in shown
    assert "passages cited" not in shown
    assert "The model cites nothing itself" in shown
    assert "q-caution" not in shown


def test_an_answer_without_the_documents_says_so() -> None:
    unused = [{**SOURCE, "is_used": False}]
    shown = sources_html(unused, message(sources=unused))
    assert "the model answered from what it knows" in shown
    assert "Nearest passages" in shown
    bare = message(sources=[SOURCE], cited=[])
    assert "No sentence of this answer" in sources_html([SOURCE], bare)


def test_what_no_passage_says_is_underlined_and_summed_up() -> None:
    said = message(
        sources=[SOURCE], cited=[1], unsupported=["It is *pink*."], num_claims=2, num_moved=1
    )
    shown = sources_html([SOURCE], said)
    assert "Passages say 1 of 2 sentences" in shown
    assert "moved or taken away" in shown
    assert '<u class="q-unsaid"' in cited_words("Boats leave [1]. It is *pink*.", said)


def test_a_refusal_shows_what_is_nearest_and_can_be_answered_anyway() -> None:
    said = message(sources=[SOURCE], is_refused=True)
    assert "Nearest passages" in sources_html(said.details["sources"], said)
    assert 'data-act="anyway" data-message="12"' in refused_html(True, said)


def test_what_was_left_out_is_said() -> None:
    assert "The 3 oldest exchanges were left out" in left_out_html({"exchanges": 3}, message())
    summed = left_out_html({"exchanges": 1, "summary": "<i>short"}, message())
    assert "The oldest exchange was summed up" in summed
    assert "&lt;i&gt;short" in summed
    assert left_out_html({"exchanges": 0}, message()) == ""


def test_a_question_that_did_not_fit_has_choices() -> None:
    assert 'data-how="summarise"' in too_long_html(message(is_too_long=True))
    assert too_long_html(message()) == ""
