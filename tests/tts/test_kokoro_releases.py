"""Kokoro's releases differ in their graphs' inputs and outputs; each is fed what it asks for.

The graphs are made here: a tenth of a second of sound for each token, divided by the speed. They say of themselves
what the releases say: names and types of the inputs, a duration output or none, the vocabulary within or not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configs.catalogue import ModelCard, load_catalogue
from tests.tts.environment import give_environment
from tests.tts.talking import client_with, length_s
from workers.client import Client
from workers.messages import Synthesize

pytestmark = pytest.mark.env("kokoro")

SAMPLES_PER_TOKEN = 2400
TEXT = "The weather is lovely today."
FIRST, SECOND = "release-1-0", "release-1-1"


def write_model(path: Path, tokens: str, *, has_durations: bool) -> None:
    onnx: Any = import_module("onnx")
    helper, kinds = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Shape", [tokens], ["num"], start=1, end=2),
        helper.make_node("Cast", ["num"], ["num_f"], to=kinds.FLOAT),
        helper.make_node("Mul", ["num_f", "each"], ["length"]),
        helper.make_node("Div", ["length", "speed"], ["shorter"]),
        helper.make_node("Cast", ["shorter"], ["samples"], to=kinds.INT64),
        helper.make_node("Expand", ["loud", "samples"], ["audio"]),
    ]
    outputs = [helper.make_tensor_value_info("audio", kinds.FLOAT, ["samples"])]
    if has_durations:
        nodes.append(helper.make_node("Expand", ["one", "num"], ["duration"]))
        outputs.append(helper.make_tensor_value_info("duration", kinds.INT64, ["tokens"]))
    graph = helper.make_graph(
        nodes,
        "kokoro",
        [
            helper.make_tensor_value_info(tokens, kinds.INT64, [1, "tokens"]),
            helper.make_tensor_value_info("style", kinds.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", kinds.FLOAT, [1]),
        ],
        outputs,
        [
            onnx.numpy_helper.from_array(np.array([SAMPLES_PER_TOKEN], np.float32), "each"),
            onnx.numpy_helper.from_array(np.array([0.5], np.float32), "loud"),
            onnx.numpy_helper.from_array(np.array([1], np.int64), "one"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    if has_durations:  # the newer release holds its configuration
        letters = {letter: number + 1 for number, letter in enumerate(LETTERS)}
        helper.set_model_props(model, {"kokoro_config": json.dumps({"vocab": letters})})
    onnx.save(model, path)


LETTERS = ";:,.!? abcdefhijklmnopqrstuvwxyzæðŋɑɔəɛɜɡɪɹʃʊʌʒˈˌː"


def card_of(name: str, folder: Path, tokens: str, *, has_durations: bool) -> ModelCard:
    folder.mkdir()
    write_model(folder / "model.onnx", tokens, has_durations=has_durations)
    np.savez(folder / "voices.npz", af_one=np.zeros((510, 1, 256), np.float32))
    files = {"model.onnx": None, "voices.npz": None}
    return load_catalogue()["kokoro-82m"].model_copy(
        update={
            "id": name, "source": f"path:{folder}", "files": files, "file_bytes": {},
            "options": {"voice": "af_one"},
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("kokoro")
    give_environment("kokoro", folder)
    cards = [
        card_of(FIRST, folder / "first", "tokens", has_durations=False),
        card_of(SECOND, folder / "second", "input_ids", has_durations=True),
    ]
    with client_with(cards, folder) as client:
        yield client


@pytest.mark.parametrize("model", [FIRST, SECOND])
def test_a_release_speaks_and_a_speed_between_two_numbers_counts(
    model: str, client: Client
) -> None:
    usual = length_s(client, Synthesize(text=TEXT, model=model))
    faster = length_s(client, Synthesize(text=TEXT, model=model, speed=1.25))
    assert usual > 1.0
    assert faster == pytest.approx(usual / 1.25, rel=0.15)
