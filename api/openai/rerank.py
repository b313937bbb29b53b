"""Reranking in the shape that Jina, Cohere and LocalAI share: convert, submit, answer."""

from __future__ import annotations

from typing import Annotated, Any

import fastapi
from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.core.stream import while_connected
from workers.client import Client
from workers.flows.rerank import Ranking, rerank


class DocumentText(BaseModel):
    """A document as an object; its other keys are ignored."""

    text: str


class RerankRequest(BaseModel):
    """POST /v1/rerank."""

    model: str | None = None
    query: str
    documents: list[str | DocumentText]
    top_n: Annotated[int, Field(ge=1)] | None = None
    return_documents: bool = True

    @property
    def texts(self) -> list[str]:
        """The documents, however they were given."""
        return [item if isinstance(item, str) else item.text for item in self.documents]


def create_rerank_router(client: Client) -> APIRouter:
    """Return the routes /rerank and /reranking."""
    router = APIRouter()

    @router.post("/rerank")
    @router.post("/reranking", include_in_schema=False)
    async def order(body: RerankRequest, connection: fastapi.Request) -> dict[str, Any]:
        """Order documents by how well they answer a query: reranker, else cosine of vectors."""
        model = client.models.get(body.model, "rag").id if body.model else None
        work = rerank(client, body.query, body.texts, model)
        return rerank_answer(await while_connected(work, connection), body)

    return router


def rerank_answer(ranking: Ranking, body: RerankRequest) -> dict[str, Any]:
    """Return the best `top_n`, each with its place in the request and, if asked, its text."""
    results: list[dict[str, Any]] = []
    for item in ranking.documents[: body.top_n]:
        result: dict[str, Any] = {"index": item.index, "relevance_score": item.score}
        if body.return_documents:
            result["document"] = {"text": body.texts[item.index]}
        results.append(result)
    tokens = ranking.num_tokens
    usage = {"total_tokens": tokens, "prompt_tokens": tokens}
    return {"model": ranking.model, "usage": usage, "results": results}
