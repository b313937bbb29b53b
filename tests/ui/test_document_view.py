"""An answer from documents as HTML: escaped, numbered, honest about what supports it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ui.documents.view import (
    AskedDocuments,
    after_html,
    cautions_of,
    evidence_html,
    remarks_of,
    said_html,
    turn_html,
)
from workers.flows.documents import Cited, ContextCut
from workers.flows.off_topic import NotInDocuments
from workers.messages import Passage, PassagePlace


def passage(text: str, score: float = 0.5, page: int | None = 4) -> Passage:
    return Passage(
        chunk_id="c", document_id="d", document_name="<a>.pdf", page=page, text=text, score=score
    )


def asked(*passages: Passage, question: str = "q", **changes: object) -> AskedDocuments:
    given = AskedDocuments(question=question, number=1, passages=passages, is_done=True)
    return replace(given, **changes)  # type: ignore[arg-type]


def cited(text: str, *numbers: int, is_by_model: bool = True) -> Cited:
    return Cited(request_id="r", text=text, numbers=numbers, is_by_model=is_by_model)


def cut(num_used: int, num_found: int) -> ContextCut:
    reason = "they did not fit its context"
    return ContextCut(request_id="r", num_used=num_used, num_found=num_found, reason=reason)


def test_what_a_reranker_says_sets_the_order_and_stands_first() -> None:
    plain = evidence_html(asked(passage("It rained."), question="rain"))
    assert "relevance" not in plain
    assert "meaning and shared words" in plain
    judged = replace(passage("It rained.", score=0.41), relevance=0.93)
    html = evidence_html(asked(judged, question="rain"))
    assert 'value="0.93" aria-label="relevance"></meter>0.93' in html
    assert "likeness 0.41" in html
    assert "as the reranker judges" in html


def test_scores_are_shown_in_the_order_used_and_copies_are_named() -> None:
    place = PassagePlace(document_id="e", document_name="<b>.pdf", page=2)
    found = replace(passage("It rained.", score=0.41), match=0.88, also_in=(place,))
    html = evidence_html(asked(found, question="rain"))
    assert 'value="0.88" aria-label="match"></meter>0.88' in html
    assert "likeness 0.41" in html
    assert "Same text also in &lt;b&gt;.pdf, page 2." in html


def test_marks_in_the_answer_lead_to_the_passages_of_this_answer() -> None:
    one = asked(passage("a"), passage("b"), text="It is **4471** [2].")
    assert "<strong>4471</strong>" in said_html(one)
    assert 'href="#passage-1-2"' in said_html(one)
    assert 'id="passage-1-2"' in evidence_html(one)
    assert 'id="passage-7-2"' in evidence_html(replace(one, number=7))


def test_answer_cannot_bring_html_or_scripts() -> None:
    text = '<img src=x onerror="alert(1)"> [a](javascript:alert(1))'
    shown = said_html(asked(text=text))
    assert "<img" not in shown
    assert 'href="javascript' not in shown


def test_a_question_is_what_was_typed() -> None:
    shown = turn_html(asked(question="Is <b> $5 and $6?\n# head"))
    assert ">Is &lt;b&gt; $5 and $6?\n# head</div>" in shown


def test_card_shows_file_page_score_and_the_words_asked_for() -> None:
    shown = evidence_html(
        asked(passage("Bicycles are <kept> here.", 0.634), question="Where are bicycles kept?")
    )
    assert "&lt;a&gt;.pdf" in shown
    assert "page 4" in shown
    assert "0.63" in shown
    assert "2 of 3 words" in shown
    assert "<mark>Bicycles</mark>" in shown
    assert "&lt;<mark>kept</mark>&gt;" in shown
    assert "<mark>here</mark>" not in shown


def test_only_what_the_model_cites_is_called_cited() -> None:
    passages = (passage("a"), passage("b"), passage("c"))
    one = asked(*passages, text="x", cut=cut(2, 3), cited=cited("x [2]", 2))
    first, second, third = evidence_html(one).split("<li ")[1:]
    assert "cited" not in first
    assert "<em>cited</em>" in second
    assert "<details open>" in second
    assert "not given to the model" in third
    by_words = replace(one, cited=cited("x [2]", 2, is_by_model=False))
    assert "<em>cited</em>" not in evidence_html(by_words)
    assert "<em>nearest</em>" in evidence_html(by_words)


def test_what_was_left_out_is_counted_with_the_reason() -> None:
    one = asked(*[passage("a")] * 8, cut=cut(5, 8))
    assert "3 of 8 were not given to the model: they did not fit its context." in evidence_html(one)


@pytest.mark.parametrize(
    ("text", "is_by_model", "bare", "said"),
    [
        ("One [1]. Two [1].", True, (), []),
        ("One [1]. Two.", True, ("Two.",), ["Passages say 1 of 2 sentences"]),
        ("One.", True, ("One.",), ["No passage says this sentence"]),
        (
            "One. [1] Two. Three.",
            False,
            ("Two.", "Three."),
            ["Passages say 1 of 3", "cites nothing"],
        ),
        ("One. [1]", False, (), []),
    ],
)
def test_sentences_without_support_are_underlined_and_summed_up(
    text: str, is_by_model: bool, bare: tuple[str, ...], said: list[str]
) -> None:
    marked = replace(
        cited(text, 1, is_by_model=is_by_model), unsupported=bare, num_claims=text.count(".")
    )
    one = asked(passage("a"), text=text, cited=marked)
    notes = " ".join(cautions_of(one))
    assert all(part in notes for part in said)
    assert bool(notes) == bool(said)
    assert said_html(one).count('<u class="q-unsaid"') == len(bare)


def test_a_quoted_answer_says_so_and_the_model_is_one_click_away() -> None:
    marked = replace(cited("x [1]", 1, is_by_model=False), is_quoted=True)
    one = replace(asked(passage("a"), text="x", cited=marked), is_done=True)
    assert "no model asked" in " ".join(remarks_of(one))
    assert 'data-act="model"' in after_html(one)
    assert "<em>quoted</em>" in evidence_html(one)


def test_a_mark_that_was_moved_is_said() -> None:
    one = asked(passage("a"), text="x", cited=replace(cited("x [1]", 1), num_moved=1))
    assert "moved or taken away" in " ".join(cautions_of(one))


def test_a_number_at_every_sentence_is_no_warning() -> None:
    one = asked(passage("a"), text="One.", cited=cited("One. [1]", 1, is_by_model=False))
    assert "every sentence has one" in " ".join(remarks_of(one))
    assert "q-caution" not in after_html(one)
    assert remarks_of(replace(one, cited=cited("One. [1]", 1))) == []


def test_of_an_answer_with_passages_they_can_be_shown_beside_it() -> None:
    assert 'data-act="passages"' in after_html(asked(passage("a"), text="x"))
    assert 'data-act="passages"' not in after_html(asked(text="x"))
    earlier = turn_html(asked(passage("a"), question="Is it <b>?"))
    assert "“Is it &lt;b&gt;?”" in earlier


def test_cautions_stand_between_the_answer_and_its_actions() -> None:
    weak = asked(passage("a", 0.1), text="x", cited=cited("x [1]", 1))
    shown = after_html(weak)
    assert shown.index("may not answer it") < shown.index('class="q-acts"')


def test_nothing_about_it_is_said_with_the_numbers_and_a_way_on() -> None:
    missed = NotInDocuments(request_id="r", best=0.07, floor=0.15)
    one = asked(passage("a", 0.07), missed=missed)
    assert "Not in these documents" in said_html(one)
    assert "0.07" in said_html(one)
    assert 'data-act="anyway"' in said_html(one)
    assert "Nearest passages" in evidence_html(one)
    assert cautions_of(one) == []
    assert 'data-act="copy"' not in after_html(one)
    named = asked(passage("a"), missed=replace(missed, missing=("<Redis>",)))
    assert "names “&lt;Redis&gt;”" in said_html(named)


def test_an_answer_that_is_written_has_no_actions_yet() -> None:
    assert after_html(asked(text="x", is_done=False)) == ""
