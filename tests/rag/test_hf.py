"""Embedding models through sentence-transformers: the packaged one, and tiny ones of other kinds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configs.catalogue import ModelCard, load_catalogue
from tests.rag.conftest import LIMITS, add, ask
from tests.rag.material import FACTS
from tests.rag.test_embedding import TEXTS, vectors_of
from tests.rag.tiny_bert import write_tokenizer
from workers.engines.rag.hf import HfEmbedder
from workers.engines.rag.worker import RagWorker
from workers.messages import Retrieve, Retrieved
from workers.messages.errors import LoadError, UnsupportedInputError, WeightsError
from workers.messages.process_spec import WorkerSettings
from workers.models.weights import find_folder

pytestmark = pytest.mark.torch


def settings_of(card: ModelCard, data_dir: Path, **given: Any) -> WorkerSettings:
    return WorkerSettings(card=card, threads=1, slots=2, data_dir=data_dir, limits=LIMITS, **given)


def card_of(folder: Path, **options: Any) -> ModelCard:
    packaged = load_catalogue()["all-minilm-l6-v2"]
    changes = {
        "id": folder.name,
        "source": f"path:{folder}",
        "files": {"model.safetensors": None},
        "context_length": 64,
        "options": options,
    }
    return packaged.model_copy(update=changes)


@pytest.fixture(scope="module")
def hf_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RagWorker]:
    worker = RagWorker(HfEmbedder())
    card = load_catalogue()["all-minilm-l6-v2"]
    ready = worker.load(settings_of(card, tmp_path_factory.mktemp("hf")), lambda loading: None)
    assert ready.device == "cpu"
    assert ready.context_length == 256
    yield worker
    worker.close()


def tiny(folder: Path, kind: str) -> Path:
    """Write a random model of 2 layers with a real tokenizer, without `modules.json`."""
    import torch
    import transformers

    torch.manual_seed(0)
    folder.mkdir(parents=True)
    num_words = write_tokenizer(folder, " ".join(text for _, text in FACTS))
    sizes = {
        "vocab_size": num_words,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 70,
    }
    config = transformers.AutoConfig.for_model(kind, **sizes)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_a_plain_folder_of_another_kind_is_loaded(kind: str, tmp_path: Path) -> None:
    embedder = embedder_of(settings_of(card_of(tiny(tmp_path / kind, kind)), tmp_path))
    rows = embedder.embed(["Dogs are welcome.", "word " * 500])
    assert rows.shape == (2, 32)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert embedder.context_length == 64
    assert embedder.count_tokens("word " * 500) >= 500
    embedder.close()


def embedder_of(settings: WorkerSettings) -> HfEmbedder:
    embedder = HfEmbedder()
    folder = find_folder(settings.card, settings.data_dir)
    embedder.load(folder, settings, lambda loading: None)
    return embedder


def test_vectors_are_those_of_llama_cpp(hf_worker: RagWorker, worker: RagWorker) -> None:
    cosines = np.sum(vectors_of(hf_worker, TEXTS) * vectors_of(worker, TEXTS), axis=1)
    assert cosines.min() >= 0.999, cosines


def test_documents_are_found(hf_worker: RagWorker, collection: str) -> None:
    text = "\n\n".join(f"# {title}\n\n{fact * 8}" for title, fact in FACTS[:6])
    (indexed,) = add(hf_worker, collection, facts__md=text.encode())
    assert indexed.status == "added", indexed.reason
    query = "Where do we gather when there is a fire?"
    (found,) = ask(hf_worker, Retrieve(collection=collection, query=query, top_k=2))
    assert isinstance(found, Retrieved)
    assert "car park behind the bakery" in found.passages[0].text
    assert found.passages[0].relevance is None


def test_the_folder_says_how_vectors_are_made_and_what_is_read_before_texts(tmp_path: Path) -> None:
    folder = tiny(tmp_path / "cls", "bert")
    (folder / "modules.json").write_text(
        json.dumps(
            [
                {
                    "idx": 0,
                    "name": "0",
                    "path": "",
                    "type": "sentence_transformers.models.Transformer",
                },
                {
                    "idx": 1,
                    "name": "1",
                    "path": "1_Pooling",
                    "type": "sentence_transformers.models.Pooling",
                },
            ]
        )
    )
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(
        json.dumps({"word_embedding_dimension": 32, "pooling_mode_cls_token": True,
                    "pooling_mode_mean_tokens": False})
    )  # fmt: skip
    (folder / "config_sentence_transformers.json").write_text(
        json.dumps({"prompts": {"query": "question: ", "document": "answer: "}})
    )
    by_cls = embedder_of(settings_of(card_of(folder), tmp_path))
    assert (by_cls.prompts.query, by_cls.prompts.passage) == ("question: ", "answer: ")
    own = card_of(folder, query_prompt="", passage_prompt="p: ")
    embedder = embedder_of(settings_of(own, tmp_path))
    assert (embedder.prompts.query, embedder.prompts.passage) == ("", "p: ")
    assert embedder.model_id != by_cls.model_id
    (folder / "modules.json").unlink()
    by_mean = embedder_of(settings_of(card_of(folder), tmp_path))
    text = ["Dogs are welcome on the second floor."]
    assert float(by_cls.embed(text)[0] @ by_mean.embed(text)[0]) < 0.99
    assert not np.allclose(by_cls.embed(text), by_cls.embed(text, "answer: "))


def test_a_prompt_that_is_no_text_is_refused(tmp_path: Path) -> None:
    card = card_of(tiny(tmp_path / "odd", "bert"), query_prompt=3)
    with pytest.raises(LoadError, match="query_prompt is 3, not a text"):
        embedder_of(settings_of(card, tmp_path))


def test_another_vector_space_is_refused(
    hf_worker: RagWorker, open_worker: Callable[[Path], RagWorker], tmp_path: Path
) -> None:
    first = open_worker(tmp_path)
    add(first, "notes", a__txt=b"The boat leaves at nine.")
    first.close()
    other = RagWorker(HfEmbedder())
    card = card_of(tiny(tmp_path / "tiny", "bert"))
    other.load(settings_of(card, tmp_path), lambda loading: None)
    with pytest.raises(UnsupportedInputError, match="their numbers cannot be compared"):
        ask(other, Retrieve(collection="notes", query="When?"))
    other.close()


def test_weights_as_a_pickle_are_not_read(tmp_path: Path) -> None:
    import torch

    folder = tiny(tmp_path / "pickled", "bert")
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    card = card_of(folder).model_copy(update={"files": {"pytorch_model.bin": None}})
    with pytest.raises(WeightsError, match="no file named"):
        embedder_of(settings_of(card, tmp_path))
