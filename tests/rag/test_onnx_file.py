"""Embedders that were published as ONNX: run as they are, whatever their graph asks for."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configs.catalogue import load_catalogue
from tests.rag.test_onnx import HIDDEN, MAX_TOKENS, TEXTS, tiny
from workers.engines.rag.bert_graph import IDS, MASK, build, shape_of
from workers.engines.rag.onnx_embedder import OnnxEmbedder
from workers.messages.errors import LoadError
from workers.messages.process_spec import WorkerSettings
from workers.models.facts.safetensors_header import tensor_places

FILE = "onnx/model.onnx"


def settings_of(folder: Path, card_id: str, **changes: Any) -> WorkerSettings:
    card = load_catalogue()[card_id].model_copy(
        update={"source": f"path:{folder}", "files": {FILE: None}, "file_bytes": {}, **changes}
    )
    return WorkerSettings(card=card, threads=2, slots=2, data_dir=folder, limits={})


def exported(folder: Path) -> Path:
    """Save the tiny BERT as an export does: its weights within, token vectors as the output."""
    onnx: Any = import_module("onnx")
    weights = folder / "model.safetensors"
    shape = shape_of(json.loads((folder / "config.json").read_text()))
    model = onnx.load_from_string(build(shape, "mean", weights.name, tensor_places(weights)))
    onnx.load_external_data_for_model(model, str(folder))
    graph = model.graph
    for node in graph.node:
        node.input[:] = [{IDS: "input_ids", MASK: "attention_mask"}.get(n, n) for n in node.input]
    for given, name in zip(graph.input, ("input_ids", "attention_mask"), strict=True):
        given.name = name
    last = [node for node in graph.node if node.op_type == "Reshape"][-1]
    sees = onnx.helper.make_tensor_value_info(
        last.output[0], onnx.TensorProto.FLOAT, ["b", "t", HIDDEN]
    )
    del graph.output[:]
    graph.output.append(sees)
    (folder / "onnx").mkdir()
    onnx.save(model, folder / FILE)
    return folder


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_an_exported_file_gives_the_vectors_of_its_safetensors(
    pooling: str, tmp_path: Path
) -> None:
    folder = exported(tiny(tmp_path / "model"))
    found = {}
    for name in ("model.safetensors", FILE):
        embedder = OnnxEmbedder()
        settings = settings_of(
            folder, "granite-embedding-97m", files={name: None}, context_length=MAX_TOKENS,
            options={"pooling": pooling},
        )  # fmt: skip
        embedder.load(folder, settings, lambda loading: None)
        assert embedder.dim == HIDDEN
        found[name] = embedder.embed(TEXTS)
        assert embedder.embed(()).shape == (0, HIDDEN)
        embedder.close()
    assert np.allclose(found[FILE], found["model.safetensors"], atol=1e-5)
    assert np.allclose(np.linalg.norm(found[FILE], axis=1), 1.0, atol=1e-5)


def test_a_file_that_gives_no_vectors_and_an_unknown_input_are_refused(tmp_path: Path) -> None:
    onnx: Any = import_module("onnx")
    folder = exported(tiny(tmp_path / "model"))
    settings = settings_of(folder, "granite-embedding-97m", context_length=MAX_TOKENS)
    model = onnx.load(folder / FILE)
    given = model.graph.input.add()
    given.CopyFrom(onnx.helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, [1]))
    onnx.save(model, folder / FILE)
    with pytest.raises(LoadError, match="asks for 'pixels'; known are input_ids"):
        OnnxEmbedder().load(folder, settings, lambda loading: None)
    del model.graph.input[-1], model.graph.output[:]
    pooled = onnx.helper.make_node("ReduceMean", [model.graph.node[-1].output[0]], ["pooled"])
    model.graph.node.append(pooled)
    out = onnx.helper.make_tensor_value_info("pooled", onnx.TensorProto.FLOAT, None)
    model.graph.output.append(out)
    onnx.save(model, folder / FILE)
    with pytest.raises(LoadError, match="gives no vectors of tokens"):
        OnnxEmbedder().load(folder, settings, lambda loading: None)
