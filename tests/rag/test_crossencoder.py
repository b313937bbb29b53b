"""A tiny reranker, taught here which word answers which, as safetensors, as GGUF and as ONNX."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from tests.rag.conftest import LIMITS, add, ask
from tests.rag.tiny_bert import PARTNERS, TOPICS, about, reranker_cards
from workers.assembly import process_spec_of
from workers.engines.contract import CancelToken
from workers.engines.rag.crossencoder import CrossEncoderReranker
from workers.engines.rag.engine import Reranker
from workers.engines.rag.llamacpp import LlamaCppEmbedder
from workers.engines.rag.llamacpp_rerank import LlamaCppReranker
from workers.engines.rag.onnx_reranker import OnnxReranker
from workers.engines.rag.worker import RagWorker
from workers.messages import Rerank, Reranked, Retrieve, Retrieved
from workers.messages.errors import LoadError, NotFetchedError, UnsupportedInputError, WeightsError
from workers.messages.process_spec import WorkerSettings
from workers.models.availability import Availability
from workers.models.weights import find_folder

pytestmark = pytest.mark.torch

EMBEDDER = load_catalogue()["all-minilm-l6-v2"]
FORMS = ("crossencoder", "llamacpp", "onnxruntime")
RNG = random.Random(7)
TEXTS = tuple(about(topic, RNG) for topic in TOPICS)
"""TEXTS[n] is about TOPICS[n]."""


def settings_of(card: ModelCard, data_dir: Path, reranker: ModelCard | None) -> WorkerSettings:
    return WorkerSettings(
        card=card, reranker=reranker, threads=1, slots=2, data_dir=data_dir, limits=LIMITS
    )


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelCard]:
    """Engine → the card of the same reranker for it."""
    return reranker_cards(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def rerankers(
    cards: dict[str, ModelCard], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Reranker]]:
    folder = tmp_path_factory.mktemp("loaded")
    loaded: dict[str, Reranker] = {
        "crossencoder": CrossEncoderReranker(), "llamacpp": LlamaCppReranker(),
        "onnxruntime": OnnxReranker(),
    }  # fmt: skip
    for name, reranker in loaded.items():
        settings = settings_of(cards[name], folder, None)
        reranker.load(find_folder(cards[name], folder), settings, lambda loading: None)
    yield loaded
    for reranker in loaded.values():
        reranker.close()


@pytest.fixture(scope="module", params=FORMS)
def worker_with(
    request: pytest.FixtureRequest,
    cards: dict[str, ModelCard],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RagWorker]:
    worker = RagWorker(LlamaCppEmbedder())
    settings = settings_of(EMBEDDER, tmp_path_factory.mktemp("with"), cards[request.param])
    ready = worker.load(settings, lambda loading: None)
    assert "rerank" in ready.capabilities
    yield worker
    worker.close()


def best_of(worker: RagWorker, **given: Any) -> tuple[int, Reranked]:
    (found,) = ask(worker, Rerank(**given))
    assert isinstance(found, Reranked)
    return found.scores.index(max(found.scores)), found


@pytest.mark.parametrize("engine", FORMS)
def test_unseen_texts_that_answer_come_first(rerankers: dict[str, Reranker], engine: str) -> None:
    right = 0
    for topic in TOPICS:
        scores = rerankers[engine].judge(topic, TEXTS).scores
        assert all(0.0 <= score <= 1.0 for score in scores)
        right += TOPICS[scores.index(max(scores))] == PARTNERS[topic]
    assert right >= len(TOPICS) - 1


def test_all_forms_give_the_same_scores(rerankers: dict[str, Reranker]) -> None:
    by_torch, by_llama, by_onnx = (rerankers[engine].judge("piano", TEXTS) for engine in FORMS)
    assert by_onnx.scores == pytest.approx(by_torch.scores, abs=1e-4)
    assert by_onnx.num_tokens == by_torch.num_tokens
    assert by_llama.scores == pytest.approx(by_torch.scores, abs=0.01)
    missing = by_torch.num_tokens - by_llama.num_tokens
    assert 0 <= missing <= len(TEXTS)  # llama.cpp leaves BERT's last separator out


@pytest.mark.parametrize("engine", FORMS)
def test_what_is_too_long_counts_as_far_as_the_model_reads(
    rerankers: dict[str, Reranker], engine: str
) -> None:
    texts = ("harbour the old", "harbour " + "the " * 3000, "harbour " + "the " * 5000)
    short, long, longer = rerankers[engine].judge("piano", texts).scores
    assert short > 0.5
    assert long == pytest.approx(longer, abs=1e-4)
    (alone,) = rerankers[engine].judge("piano " * 4000, texts[:1]).scores
    assert 0.0 <= alone <= 1.0


def test_the_reranker_answers_where_vectors_would_err(worker_with: RagWorker) -> None:
    texts = ("the dog is under", "the forest is old")
    nearest, by_vectors = best_of(worker_with, query="dog", texts=texts, by_vectors=True)
    assert by_vectors.model == EMBEDDER.id
    best, by_reranker = best_of(worker_with, query="dog", texts=texts)
    assert by_reranker.model.startswith("tiny-")
    assert (nearest, best) == (0, 1)
    assert by_reranker.scores[1] > 0.5 > by_reranker.scores[0]
    assert by_reranker.num_tokens > 0


def test_passages_come_in_the_rerankers_order(worker_with: RagWorker, worker: RagWorker) -> None:
    """Vectors and words find the dog; what answers is a matter between this reranker and us."""
    files = {
        "near__txt": b"the dog is under",
        "answer__txt": b"the forest is old",
        "far__txt": b"the castle is old",
    }
    for each in (worker_with, worker):
        add(each, "animals", **files)
    request = Retrieve(collection="animals", query="dog", top_k=3)
    (with_it,), (without,) = ask(worker_with, request), ask(worker, request)
    assert isinstance(with_it, Retrieved)
    assert isinstance(without, Retrieved)
    assert {passage.relevance for passage in without.passages} == {None}
    assert with_it.reranker.startswith("tiny-")
    assert without.reranker == ""
    first, second, _ = with_it.passages
    assert without.passages[0].document_name == "near.txt"
    assert first.document_name == "answer.txt"
    assert first.relevance is not None
    assert second.relevance is not None
    assert first.relevance > 0.5 > second.relevance
    cosine = {passage.chunk_id: passage.score for passage in without.passages}
    assert first.score == pytest.approx(cosine[first.chunk_id], abs=1e-4)


def test_cancel_stops_between_batches(worker_with: RagWorker) -> None:
    cancel = CancelToken()
    cancel.cancel()
    assert list(worker_with.handle(Rerank(query="dog", texts=TEXTS), cancel)) == []


def test_without_a_reranker_vectors_answer_and_say_so(worker: RagWorker) -> None:
    best, found = best_of(worker, query="a pet that barks", texts=("a dog", "a castle", "bread"))
    assert (best, found.model) == (0, EMBEDDER.id)


@pytest.mark.parametrize(
    ("change", "kind", "sentence"),
    [
        ({"engine": "remote"}, LoadError, "cannot order passages: its engine is remote"),
        ({"source": "hf:owner/name@main"}, NotFetchedError, "models pull"),
        ({"files": {"none.safetensors": None}}, WeightsError, "missing"),
    ],
)
def test_a_reranker_that_cannot_be_had_is_reported_and_harms_nothing(
    cards: dict[str, ModelCard], tmp_path: Path, change: dict[str, Any], kind: Any, sentence: str
) -> None:
    worker = RagWorker(LlamaCppEmbedder())
    card = cards["crossencoder"].model_copy(update=change)
    worker.load(settings_of(EMBEDDER, tmp_path, card), lambda loading: None)
    with pytest.raises(kind, match=sentence):
        best_of(worker, query="dog", texts=("a", "b"))
    assert best_of(worker, query="dog", texts=("castle", "dog"), by_vectors=True)[0] == 1
    worker.close()


def test_a_model_of_the_other_kind_is_refused(cards: dict[str, ModelCard], tmp_path: Path) -> None:
    for card in cards.values():
        refusal = Availability(data_dir=tmp_path).unavailable_reason(card)
        assert isinstance(refusal, LoadError)
        assert "makes no vectors" in str(refusal)
        with pytest.raises(LoadError, match="makes no vectors"):
            process_spec_of(card, load_settings("cpu"))
    settings = settings_of(cards["llamacpp"], tmp_path, None)
    with pytest.raises(LoadError, match="makes no vectors"):
        RagWorker(LlamaCppEmbedder()).load(settings, lambda loading: None)


def test_nothing_to_judge_is_refused(worker: RagWorker) -> None:
    with pytest.raises(UnsupportedInputError, match="no text"):
        ask(worker, Rerank(query="dog", texts=()))
    with pytest.raises(UnsupportedInputError, match="no question"):
        ask(worker, Rerank(query=" ", texts=("a",)))
