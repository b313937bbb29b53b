"""Documents put in order against a running Quintet."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.running import App

DOCUMENTS = [
    "Bananas turn yellow when they are ripe.",
    "The committee met on Tuesday to discuss the budget.",
    "Paris is the capital and the largest city of France.",
    "A carburettor mixes air and fuel.",
]
QUERY = "Which city is the capital of France?"


def rerank(app: App, path: str = "rerank", **body: Any) -> httpx.Response:
    asked = {"query": QUERY, "documents": DOCUMENTS, **body}
    return httpx.post(f"{app.url}/v1/{path}", json=asked, timeout=60)


@pytest.mark.parametrize("path", ["rerank", "reranking"])
def test_the_document_that_answers_comes_first(app: App, path: str) -> None:
    answer = rerank(app, path, model="all-minilm-l6-v2").json()
    assert answer["model"] == "all-minilm-l6-v2"
    results = answer["results"]
    assert results[0]["index"] == 2
    assert results[0]["document"] == {"text": DOCUMENTS[2]}
    scores = [result["relevance_score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[1] + 0.3
    assert sorted(result["index"] for result in results) == [0, 1, 2, 3]
    assert answer["usage"]["total_tokens"] > 40


def test_only_the_best_are_returned_and_without_their_text(app: App) -> None:
    documents = [{"text": text, "id": number} for number, text in enumerate(DOCUMENTS)]
    answer = rerank(app, documents=documents, top_n=2, return_documents=False).json()
    assert [set(result) for result in answer["results"]] == [{"index", "relevance_score"}] * 2
    assert answer["results"][0]["index"] == 2


def test_more_than_there_are_gives_all(app: App) -> None:
    assert len(rerank(app, top_n=100).json()["results"]) == len(DOCUMENTS)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"query": " "}, "The query is empty"),
        ({"documents": []}, "0 documents were given; 1 to 1000"),
        ({"documents": ["a"] * 1001}, "1001 documents were given; 1 to 1000"),
        ({"documents": ["a", " "]}, "Document 1 is empty"),
        ({"top_n": 0}, "top_n"),
    ],
)
def test_what_cannot_be_ordered_is_refused_in_one_sentence(
    app: App, body: dict[str, Any], sentence: str
) -> None:
    answer = rerank(app, **body)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]["message"]
