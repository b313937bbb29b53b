"""Vectors through OpenAI's own client against a running Quintet, and the conversions without."""

from __future__ import annotations

import base64
import struct
from typing import Any

import httpx
import openai
import pytest

from api.core.embeddings import EmbeddingRequest, embedding_list, to_embed
from tests.running import App
from workers.messages import Embedded
from workers.messages.errors import UnsupportedInputError

MODEL = "all-minilm-l6-v2"
TEXTS = ["a cat", "a kitten", "a tax form"]


def cosine(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([1, 2, 3], "token ids.*Send the text"),
        ([[1, 2], [3]], "token ids.*Send the text"),
        ([], "0 texts; 1 to 2048"),
        (["x"] * 2049, "2049 texts; 1 to 2048"),
        ("", "Text 0 of the input is empty"),
        (["a", ""], "Text 1 of the input is empty"),
    ],
)
def test_what_cannot_be_embedded_is_refused_in_one_sentence(given: Any, sentence: str) -> None:
    with pytest.raises(UnsupportedInputError, match=sentence):
        to_embed(EmbeddingRequest(input=given), MODEL)


def test_rows_become_numbers_or_base64_with_the_tokens_counted() -> None:
    vectors = struct.pack("<4f", 0.6, 0.8, 1.0, 0.0)
    embedded = Embedded(request_id="r", vectors=vectors, dim=2, num_tokens=7)
    numbers = embedding_list(embedded, MODEL, "float")
    assert numbers["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert [row["index"] for row in numbers["data"]] == [0, 1]
    assert numbers["data"][0]["embedding"] == pytest.approx([0.6, 0.8])
    coded = embedding_list(embedded, MODEL, "base64")["data"]
    assert b"".join(base64.b64decode(row["embedding"]) for row in coded) == vectors


def test_numbers_and_base64_are_equal_and_near_texts_are_near(
    openai_client: openai.OpenAI,
) -> None:
    numbers = openai_client.embeddings.create(model=MODEL, input=TEXTS, encoding_format="float")
    coded = openai_client.embeddings.create(model=MODEL, input=TEXTS)  # base64 on the wire
    for one, other in zip(numbers.data, coded.data, strict=True):
        assert list(one.embedding) == pytest.approx(list(other.embedding))
    cat, kitten, form = (row.embedding for row in numbers.data)
    assert cosine(cat, cat) == pytest.approx(1)
    assert cosine(cat, kitten) > cosine(cat, form) + 0.2


def test_base64_is_what_the_client_unpacks(app: App) -> None:
    body = {"model": MODEL, "input": "a cat", "encoding_format": "base64", "dimensions": 384}
    answer = httpx.post(f"{app.url}/v1/embeddings", json=body, timeout=60).json()
    raw = base64.b64decode(answer["data"][0]["embedding"])
    assert len(struct.unpack("<384f", raw)) == 384


def test_usage_counts_the_tokens_that_were_read(openai_client: openai.OpenAI) -> None:
    one = openai_client.embeddings.create(model=MODEL, input="cat")
    assert one.usage.prompt_tokens == 3  # with the opening and the closing one
    long = openai_client.embeddings.create(model=MODEL, input="cat " * 1000)
    assert long.usage.total_tokens == 256  # as far as the model reads


def test_vectors_cannot_be_shortened_nor_models_be_made_up(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match=r"384 numbers.*shorten them to 100"):
        openai_client.embeddings.create(model=MODEL, input="x", dimensions=100)
    with pytest.raises(openai.NotFoundError, match="No rag model is called 'ada'"):
        openai_client.embeddings.create(model="ada", input="x")
    with pytest.raises(openai.BadRequestError, match="token ids"):
        openai_client.embeddings.create(model=MODEL, input=[1, 2, 3])
