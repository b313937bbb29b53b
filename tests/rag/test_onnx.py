"""The default embedder on other BERTs than MiniLM: each is made here, of random numbers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from configs.catalogue import load_catalogue
from tests.rag.conftest import worker_settings
from tests.rag.test_embedding import reference
from workers.engines.contract import CancelToken
from workers.engines.rag.batches import groups_of_like_length
from workers.engines.rag.engine import StoppedError
from workers.engines.rag.onnx_embedder import OnnxEmbedder
from workers.engines.rag.wordpiece import build
from workers.engines.rag.worker import RagWorker
from workers.messages import Embed, Embedded, Finished
from workers.messages.errors import LoadError
from workers.messages.process_spec import WorkerSettings

HIDDEN, INNER, NUM_LAYERS, MAX_TOKENS = 32, 64, 2, 48
TOKENS = "[PAD] [UNK] [CLS] [SEP] [MASK] ▁dogs ▁bark ▁a ▁cat ▁and ▁x s".split()
TEXTS = (
    "dogs bark",
    "a cat and a dog and a cat " * 3,
    "x",
    "",
    "dogs " * 100,
    "and [PAD] a [MASK] cat",
)


def tiny(folder: Path, prefix: str = "", dtype: str = "float32", **changes: Any) -> Path:
    """Write a random model with a real tokenizer."""
    folder.mkdir(parents=True)
    build(TOKENS).save(str(folder / "tokenizer.json"))
    config = {
        "model_type": "bert", "hidden_size": HIDDEN, "num_hidden_layers": NUM_LAYERS,
        "num_attention_heads": 4, "layer_norm_eps": 1e-12, "max_position_embeddings": MAX_TOKENS,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps({**config, **changes}))
    rng = np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (len(TOKENS), HIDDEN),
        "embeddings.position_embeddings.weight": (MAX_TOKENS, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
        "embeddings.LayerNorm.weight": (HIDDEN,),
        "embeddings.LayerNorm.bias": (HIDDEN,),
    }
    for number in range(NUM_LAYERS):
        for name, size in (
            ("attention.self.query", (HIDDEN, HIDDEN)), ("attention.self.key", (HIDDEN, HIDDEN)),
            ("attention.self.value", (HIDDEN, HIDDEN)), ("intermediate.dense", (INNER, HIDDEN)),
            ("attention.output.dense", (HIDDEN, HIDDEN)), ("output.dense", (HIDDEN, INNER)),
            ("attention.output.LayerNorm", (HIDDEN,)), ("output.LayerNorm", (HIDDEN,)),
        ):  # fmt: skip
            shapes[f"encoder.layer.{number}.{name}.weight"] = size
            shapes[f"encoder.layer.{number}.{name}.bias"] = size[:1]
    weights = {
        prefix + name: rng.normal(0, 0.3, shape).astype(dtype) for name, shape in shapes.items()
    }
    save_file(weights, folder / "model.safetensors")
    return folder


def settings_of(folder: Path, **options: Any) -> WorkerSettings:
    card = load_catalogue()["all-minilm-l6-v2"].model_copy(
        update={
            "id": "tiny", "source": f"path:{folder}", "files": {"model.safetensors": None},
            "context_length": 0, "options": options,
        }
    )  # fmt: skip
    return WorkerSettings(card=card, threads=2, slots=2, data_dir=folder, limits={})


@pytest.fixture
def load() -> Iterator[Callable[..., OnnxEmbedder]]:
    opened: list[OnnxEmbedder] = []

    def loaded(folder: Path, **options: Any) -> OnnxEmbedder:
        embedder = OnnxEmbedder()
        embedder.load(folder, settings_of(folder, **options), lambda loading: None)
        opened.append(embedder)
        return embedder

    yield loaded
    for embedder in opened:
        embedder.close()


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("prefix", ["", "bert."])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_every_form_of_weights_gives_the_reference(
    pooling: str, prefix: str, dtype: str, tmp_path: Path, load: Callable[..., OnnxEmbedder]
) -> None:
    folder = tiny(tmp_path / "model", prefix, dtype)
    embedder = load(folder, pooling=pooling)
    assert embedder.context_length == MAX_TOKENS
    rows = embedder.embed(TEXTS)
    for row, text in zip(rows, TEXTS, strict=True):
        cut = text if len(text) < 200 else "dogs " * (MAX_TOKENS - 2)
        assert row @ reference(folder, cut, pooling) > 0.99999, text


def test_a_hub_s_folder_of_links_is_followed(
    tmp_path: Path, load: Callable[..., OnnxEmbedder]
) -> None:
    real = tiny(tmp_path / "blobs")
    linked = tmp_path / "snapshot"
    linked.mkdir()
    for file in real.iterdir():
        (linked / file.name).symlink_to(file)
    assert load(linked).embed(["dogs bark"]).shape == (1, HIDDEN)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model_type": "mpnet"}, "expected a BERT model, found 'mpnet'"),
        ({"hidden_act": "swish"}, "swish is not known"),
        ({"num_hidden_layers": 3}, "encoder.layer.2"),
        ({"num_attention_heads": 5}, "could not be loaded"),
    ],
)
def test_another_architecture_is_refused(
    changes: dict[str, Any], reason: str, tmp_path: Path, load: Callable[..., OnnxEmbedder]
) -> None:
    with pytest.raises(LoadError, match=reason):
        load(tiny(tmp_path / "model", **changes))


def test_another_pooling_is_refused(tmp_path: Path, load: Callable[..., OnnxEmbedder]) -> None:
    with pytest.raises(LoadError, match="pooling is 'max'; known are mean, cls"):
        load(tiny(tmp_path / "model"), pooling="max")


def test_cut_off_weights_are_refused(tmp_path: Path, load: Callable[..., OnnxEmbedder]) -> None:
    weights = tiny(tmp_path / "model") / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(LoadError, match="bytes, the file has"):
        load(tmp_path / "model")


def test_stop_ends_a_batch_in_the_middle(worker: RagWorker) -> None:
    cancel = CancelToken()
    texts = ("The rain fell on the harbour, and the boats stayed in. " * 30,) * 2000
    threading.Timer(0.05, cancel.cancel).start()
    assert not list(worker.handle(Embed(texts=texts), cancel))  # an hour's work, else


def test_a_stopped_request_does_not_stop_the_next_of_its_thread(
    worker: RagWorker, load: Callable[..., OnnxEmbedder], tmp_path: Path
) -> None:
    embedder = load(tiny(tmp_path / "model"))
    stopped = CancelToken()
    stopped.cancel()
    with pytest.raises(StoppedError), embedder.stopped_by(stopped):
        embedder.embed(["dogs bark"])
    assert embedder.embed(["dogs bark"]).shape == (1, HIDDEN)
    event, end = worker.handle(Embed(texts=("dogs bark",)), CancelToken())
    assert isinstance(event, Embedded)
    assert isinstance(end, Finished)
    assert end.usage.num_chunks > 0


def test_nothing_is_written_beside_the_weights(worker: RagWorker, tmp_path: Path) -> None:
    fresh = RagWorker(OnnxEmbedder())
    fresh.load(worker_settings(tmp_path), lambda loading: None)
    fresh.close()
    assert sorted(path.name for path in tmp_path.iterdir()) in (
        ["collections", "verified"],
        ["collections"],
    )


def test_texts_of_like_length_are_computed_together() -> None:
    groups = list(groups_of_like_length([3, 100, 4, 100, 3, 300], 200))
    assert groups == [[0, 4, 2], [1, 3], [5]]
    assert list(groups_of_like_length([], 200)) == []
