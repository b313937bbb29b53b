"""Cross-encoders as ONNX: a graph that can be followed by hand, with MiniLM's tokenizer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tokenizers import Tokenizer

from configs.catalogue import ModelCard, load_catalogue
from workers.engines.contract import CancelToken
from workers.engines.rag.engine import StoppedError
from workers.engines.rag.onnx_graph import FLOAT, INT64, GraphValue, OnnxGraph
from workers.engines.rag.onnx_reranker import OnnxReranker
from workers.messages.errors import LoadError
from workers.messages.process_spec import WorkerSettings
from workers.models.weights import find_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

MINILM = load_catalogue()["all-minilm-l6-v2"]
HIDDEN = 6
INPUTS = ("input_ids", "attention_mask", "token_type_ids")
QUERY = "When does the boat leave?"
TEXTS = ("The boat leaves at nine.", "Bread.", "A castle, old and red; " * 9)
RNG = np.random.default_rng(5)
WORDS = RNG.normal(0, 1, (30522, HIDDEN)).astype(np.float32)
TYPES = RNG.normal(0, 1, (2, HIDDEN)).astype(np.float32)


def write_graph(path: Path, num_classes: int = 1, inputs: tuple[str, ...] = INPUTS) -> Path:
    """Mean of the tokens' words plus types, times a matrix: a graph of all that the engine feeds."""
    graph = OnnxGraph("none", {})
    words = graph.node("Gather", graph.constant(WORDS, "float32"), INPUTS[0])
    if INPUTS[2] in inputs:
        types = graph.node("Gather", graph.constant(TYPES, "float32"), INPUTS[2])
        words = graph.node("Add", words, types)
    mask = graph.node("Cast", INPUTS[1], to=FLOAT)
    kept = graph.node("Mul", words, graph.node("Unsqueeze", mask, graph.constant([2])))
    total = graph.node("ReduceSum", kept, graph.constant([1]), keepdims=0)
    mean = graph.node("Div", total, graph.node("ReduceSum", mask, graph.constant([1]), keepdims=1))
    graph.named("logits", "MatMul", [mean, graph.constant(head(num_classes), "float32")])
    path.write_bytes(
        graph.serialised(
            [GraphValue(name, INT64, ("texts", "tokens")) for name in inputs],
            [GraphValue("logits", FLOAT, ("texts", num_classes))],
        )
    )
    return path


def head(num_classes: int) -> NDArray[np.float32]:
    return np.random.default_rng(6).normal(0, 4, (HIDDEN, num_classes)).astype(np.float32)


def by_hand(
    query: str, text: str, most: int, num_classes: int = 1, with_types: bool = True
) -> float:
    tokenizer = Tokenizer.from_file(str(find_folder(MINILM, Path("/none")) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(most)
    pair = tokenizer.encode(query, text)
    rows = WORDS[pair.ids] + (TYPES[pair.type_ids] if with_types else 0)
    logits = rows.mean(axis=0) @ head(num_classes)
    logit = logits[0] if num_classes == 1 else logits[1] - logits[0]
    return float(1 / (1 + np.exp(-logit)))


def card_of(folder: Path, **changes: Any) -> ModelCard:
    values = {
        "id": "by-hand", "name": "By hand", "source": f"path:{folder}", "context_length": 64,
        "files": {"onnx/model.onnx": None, "tokenizer.json": None}, "options": {"ranks": True},
    }  # fmt: skip
    return MINILM.model_copy(update={**values, **changes})


def loaded(card: ModelCard, folder: Path) -> OnnxReranker:
    reranker = OnnxReranker()
    settings = WorkerSettings(card=card, threads=1, slots=1, data_dir=folder, limits={})
    reranker.load(folder, settings, lambda loading: None)
    return reranker


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As a repository has it: the graph in a folder of its own, the tokenizer above."""
    (tmp_path / "onnx").mkdir()
    write_graph(tmp_path / "onnx" / "model.onnx")
    (tmp_path / "tokenizer.json").symlink_to(find_folder(MINILM, tmp_path) / "tokenizer.json")
    return tmp_path


@pytest.fixture
def reranker(folder: Path) -> Iterator[OnnxReranker]:
    reranker = loaded(card_of(folder), folder)
    yield reranker
    reranker.close()


def test_scores_are_those_computed_by_hand(reranker: OnnxReranker) -> None:
    found = reranker.judge(QUERY, TEXTS)
    assert found.scores == pytest.approx([by_hand(QUERY, text, 64) for text in TEXTS], abs=1e-5)
    alone = [reranker.judge(QUERY, [text]).scores[0] for text in TEXTS]
    assert found.scores == pytest.approx(alone, abs=1e-5), "padding must not count"


def test_what_is_too_long_is_cut_as_the_tokenizer_cuts_it(reranker: OnnxReranker) -> None:
    long = ("the boat " * 500, "the castle " * 500)
    assert reranker.judge(long[0], long[1:]).scores == pytest.approx([by_hand(*long, 64)], abs=1e-5)
    assert reranker.judge(*long[:1], long[1:]).num_tokens == 64


def test_of_two_classes_the_second_ones_share_counts(folder: Path) -> None:
    write_graph(folder / "onnx" / "model.onnx", 2)
    reranker = loaded(card_of(folder), folder)
    wanted = [by_hand(QUERY, text, 64, 2) for text in TEXTS]
    assert reranker.judge(QUERY, TEXTS).scores == pytest.approx(wanted, abs=1e-5)


def test_a_graph_without_token_types_is_fed_none(folder: Path) -> None:
    write_graph(folder / "onnx" / "model.onnx", inputs=INPUTS[:2])
    reranker = loaded(card_of(folder), folder)
    wanted = [by_hand(QUERY, text, 64, with_types=False) for text in TEXTS]
    assert reranker.judge(QUERY, TEXTS).scores == pytest.approx(wanted, abs=1e-5)


@pytest.mark.parametrize(
    ("num_classes", "inputs", "sentence"),
    [
        (3, INPUTS, "a reranker gives one score"),
        (1, (*INPUTS, "pixel_values"), "no cross-encoder: its graph wants .*pixel_values"),
    ],
)
def test_another_graph_is_refused(
    folder: Path, num_classes: int, inputs: tuple[str, ...], sentence: str
) -> None:
    write_graph(folder / "onnx" / "model.onnx", num_classes, inputs)
    with pytest.raises(LoadError, match=sentence):
        loaded(card_of(folder), folder)


def test_a_damaged_graph_is_refused(folder: Path) -> None:
    (folder / "onnx" / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(LoadError, match="By hand could not be loaded"):
        loaded(card_of(folder), folder)


def test_stop_ends_a_batch(reranker: OnnxReranker) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with reranker.stopped_by(cancel), pytest.raises(StoppedError):
        reranker.judge(QUERY, TEXTS)
    assert len(reranker.judge(QUERY, TEXTS).scores) == len(TEXTS)
