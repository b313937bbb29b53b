"""Order documents through the pool, with a reranker beside the embedder, and through /v1/rerank."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import aclosing

import fastapi
import httpx
import pytest

from api.openai.rerank import create_rerank_router
from configs.catalogue import load_catalogue
from configs.settings import load_settings
from tests.rag.tiny_bert import reranker_cards
from workers.assembly import build_pool
from workers.client import Client
from workers.flows.documents import Question, ask_documents
from workers.flows.rerank import rerank
from workers.messages import Ingest, Media, Retrieved, SamplingParams
from workers.messages.errors import UnknownModelError, UnsupportedInputError

pytestmark = pytest.mark.torch

RERANKER = "tiny-llamacpp"
EMBEDDER = "all-minilm-l6-v2"
DOCUMENTS = (
    "the dog is under",
    "the forest is old",
    "the castle is old",
)
"""Vectors and words prefer the first for "dog"; the reranker was taught the second."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    flags = {
        "data_dir": str(tmp_path_factory.mktemp("rerank")),
        "log_level": "WARNING",
        "workers": {"rag": {"reranker": RERANKER, "threads": 1}},
    }
    cards = {card.id: card for card in reranker_cards(tmp_path_factory.getbasetemp()).values()}
    pool, client = build_pool(load_settings("cpu", flags), {**load_catalogue(), **cards})
    pool.start()
    yield client
    pool.close()


@pytest.mark.parametrize(
    ("asked", "answers", "best"),
    [(None, RERANKER, 1), (RERANKER, RERANKER, 1), (EMBEDDER, EMBEDDER, 0)],
)
async def test_the_model_that_is_asked_for_orders(
    client: Client, asked: str | None, answers: str, best: int
) -> None:
    ranking = await rerank(client, "dog", DOCUMENTS, asked)
    assert ranking.model == answers
    assert ranking.documents[0].index == best
    scores = [document.score for document in ranking.documents]
    assert scores == sorted(scores, reverse=True)
    assert sorted(document.index for document in ranking.documents) == [0, 1, 2]
    assert ranking.num_tokens > 10


async def test_what_cannot_be_ordered_is_refused(client: Client) -> None:
    with pytest.raises(UnsupportedInputError, match="The query is empty"):
        await rerank(client, " ", DOCUMENTS)
    with pytest.raises(UnsupportedInputError, match="Document 1 is empty"):
        await rerank(client, "dog", ("a", " "))
    with pytest.raises(UnknownModelError, match="No rag model is called 'nobody'"):
        await rerank(client, "dog", DOCUMENTS, "nobody")


async def test_the_route_says_whose_scores_it_answers_with(client: Client) -> None:
    app = fastapi.FastAPI()
    app.include_router(create_rerank_router(client), prefix="/v1")
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        body = {"query": "dog", "documents": list(DOCUMENTS), "top_n": 1}
        best = (await http.post("/v1/rerank", json=body, timeout=60)).json()
        named = {**body, "model": EMBEDDER}
        nearest = (await http.post("/v1/rerank", json=named, timeout=60)).json()
    assert best["model"] == RERANKER
    assert best["results"][0]["document"] == {"text": DOCUMENTS[1]}
    assert 0.5 < best["results"][0]["relevance_score"] <= 1.0
    assert nearest["model"] == EMBEDDER
    assert nearest["results"][0]["index"] == 0


async def test_an_answer_from_documents_begins_with_what_the_reranker_puts_first(
    client: Client,
) -> None:
    files = tuple(
        Media(name=f"{number}.txt", data=text.encode()) for number, text in enumerate(DOCUMENTS)
    )
    await client.arun(Ingest(collection="dogs", documents=files))
    question = Question(text="dog", collection="dogs", sampling=SamplingParams(max_tokens=4))
    found: Retrieved | None = None
    async with aclosing(ask_documents(client, question)) as events:
        async for event in events:
            if isinstance(event, Retrieved):
                found = event
                break
    assert found is not None
    assert found.passages[0].document_name == "1.txt"
    relevances = [passage.relevance or 0.0 for passage in found.passages]
    assert relevances == sorted(relevances, reverse=True)
    assert all(-1.0 <= passage.score <= 1.0 for passage in found.passages)


def test_a_reranker_without_a_card_is_refused_at_the_start() -> None:
    settings = load_settings("cpu", {"workers": {"rag": {"reranker": "nobody"}}})
    with pytest.raises(UnknownModelError, match="No rag model is called 'nobody'"):
        build_pool(settings, load_catalogue())
