"""Chunks fit the model, lose nothing, and know where they come from."""

from __future__ import annotations

from workers.engines.rag.chunking import MAX_TOKENS, slices
from workers.engines.rag.documents.section import Section
from workers.engines.rag.worker import RagWorker


def test_chunks_fit_and_lose_no_sentence(worker: RagWorker) -> None:
    count = worker._embedder.count_tokens
    sentences = [f"Sentence number {number} speaks of topic {number * 7}." for number in range(200)]
    found = list(slices([Section(text=" ".join(sentences), headings=("Title", "Part"))], count))
    assert len(found) > 5
    assert all(count(piece.text) <= MAX_TOKENS for piece in found)
    assert all(piece.text.startswith("Title > Part\n") for piece in found)
    for sentence in sentences:
        assert any(sentence in piece.text for piece in found)


def test_chunk_begins_with_the_last_sentence_of_the_one_before(worker: RagWorker) -> None:
    text = " ".join(f"Rule {number} says that cats sleep." for number in range(80))
    first, second, *_ = slices([Section(text=text)], worker._embedder.count_tokens)
    last_sentence = first.text.rstrip().rsplit(". ", 1)[-1]
    assert second.text.startswith(last_sentence)


def test_text_without_any_space_is_cut_too(worker: RagWorker) -> None:
    count = worker._embedder.count_tokens
    found = list(slices([Section(text="abcdefghij" * 300)], count))
    assert all(count(piece.text) <= MAX_TOKENS for piece in found)
    assert sum(len(piece.text) for piece in found) >= 3000


def test_small_neighbours_join_on_one_page_only(worker: RagWorker) -> None:
    sections = [Section(text=f"Line {n}.", page=page) for n, page in enumerate((1, 1, 2, 2))]
    found = list(slices(sections, worker._embedder.count_tokens))
    assert [(piece.page, piece.text) for piece in found] == [
        (1, "Line 0.\n\nLine 1."),
        (2, "Line 2.\n\nLine 3."),
    ]


def test_empty_sections_give_no_chunk(worker: RagWorker) -> None:
    assert list(slices([Section(text=" \n ", page=1)], worker._embedder.count_tokens)) == []
