"""The word spotter in the layout of NVIDIA's Canary: a decoder that is told the languages, and writes either.

Source of names and shapes: istupakov/onnx-asr, `models/nemo.py` (`NemoConformerAED`).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from .onnx_files import Graph, Ports, write_graph
from .word_spotter import MELS, NUM_TOKENS, SOUND, STRIDE, THRESHOLD, WORDS, Spotter, peaks

GERMAN = {
    "lantern": ("La", "terne"), "harbor": ("Ha", "fen"), "captain": ("Kapi", "tän"),
    "window": ("Fens", "ter"), "seven": ("sie", "ben"), "coffee": ("Kaf", "fee"),
    "monday": ("Mon", "tag"), "garden": ("Gar", "ten"),
}  # fmt: skip
SIGNS = (
    "▁ <|startofcontext|> <|startoftranscript|> <|emo:undefined|> <|en|> <|de|> <|pnc|> <|noitn|> "
    "<|notimestamp|> <|nodiarize|> <|endoftext|>"
).split()
NUM_GIVEN, TARGET = 10, 5
"""Tokens before the first word; which of them is the language to write in."""
WIDTH = 4
FILES = ("encoder-model.int8.onnx", "decoder-model.int8.onnx", "vocab.txt", "config.json")


def write_canary(spotter: Spotter, folder: Path) -> Path:
    """Write the files of the model."""
    folder.mkdir(parents=True)
    pieces = [f"▁{a} {b}".split() for words in (WORDS, GERMAN) for a, b in words.values()]
    tokens = [*SIGNS, *(token for pair in pieces for token in pair)]
    lines = [f"{token} {number}" for number, token in enumerate(tokens)]
    (folder / "vocab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = {"model_type": "nemo-conformer-aed", "features_size": MELS}
    (folder / "config.json").write_text(json.dumps(config))
    write_graph(_encoder(spotter), folder / FILES[0])
    write_graph(_decoder(len(tokens)), folder / FILES[1])
    return folder


def _encoder(spotter: Spotter) -> tuple[Graph, Ports, Ports]:
    graph = Graph()
    found = graph.add("Transpose", peaks(graph, spotter), perm=[0, 2, 1])
    graph.add("Identity", found, output="encoder_embeddings")
    one, stride = graph.constant([1], np.int64), graph.constant([STRIDE], np.int64)
    frames = graph.add("Add", graph.add("Div", graph.add("Sub", "length", one), stride), one)
    shape = graph.add("Shape", found)
    zero, step = graph.constant(0, np.int64), graph.constant(1, np.int64)
    numbers = graph.add("Range", zero, graph.add("Gather", shape, step), step)
    is_sound = graph.add("Less", numbers, graph.add("Unsqueeze", frames, one))
    graph.add("Cast", is_sound, output="encoder_mask", to=7)
    outputs: Ports = [
        ("encoder_embeddings", "FLOAT", ["b", "f", NUM_TOKENS]),
        ("encoder_mask", "INT64", ["b", "f"]),
    ]
    return graph, SOUND, outputs


def _decoder(vocab_size: int) -> tuple[Graph, Ports, Ports]:
    """Its memory is all tokens so far: their number says which peak comes next."""
    graph = Graph()

    def number(value: object) -> str:
        return graph.constant(value, np.int64)

    ids = graph.add("Unsqueeze", graph.add("Cast", "input_ids", to=1), number([0, 3]))
    new = graph.add("Tile", ids, number([1, 1, 1, WIDTH]))
    past = graph.add("Concat", "decoder_mems", new, axis=2, output="decoder_hidden_states")
    step = graph.add(
        "Sub", graph.add("Gather", graph.add("Shape", past), number(2)), number(NUM_GIVEN - 1)
    )
    heard = graph.add("ReduceMax", "encoder_embeddings", number([2]), keepdims=0)
    is_peak = graph.add("Greater", heard, graph.constant(THRESHOLD / 2))
    is_peak = graph.add("And", is_peak, graph.add("Cast", "encoder_mask", to=9))
    order = graph.add("CumSum", graph.add("Cast", is_peak, to=7), number(1))
    is_next = graph.add("And", is_peak, graph.add("Equal", order, step))
    best = graph.add("ArgMax", "encoder_embeddings", axis=2, keepdims=0)
    marked = graph.add("Where", is_next, graph.add("Add", best, number(1)), number(0))
    token = graph.add("ReduceSum", marked, number([1]), keepdims=0)
    given = graph.add(
        "Gather", graph.add("Gather", past, number(TARGET), axis=2), number(0), axis=2
    )
    target = graph.add("Squeeze", graph.add("Cast", given, to=7), number([0]))
    is_german = graph.add("Equal", target, number(SIGNS.index("<|de|>")))
    first = graph.add("Where", is_german, number(len(SIGNS) + NUM_TOKENS), number(len(SIGNS)))
    word = graph.add("Add", graph.add("Sub", token, number(1)), first)
    is_over = graph.add("Equal", token, number(0))
    chosen = graph.add("Where", is_over, number(SIGNS.index("<|endoftext|>")), word)
    logits = graph.add("OneHot", chosen, number(vocab_size), graph.constant([-20.0, 0.0]))
    graph.add("Unsqueeze", logits, number([1]), output="logits")
    inputs: Ports = [
        ("input_ids", "INT64", ["b", "n"]), ("encoder_embeddings", "FLOAT", ["b", "f", NUM_TOKENS]),
        ("encoder_mask", "INT64", ["b", "f"]), ("decoder_mems", "FLOAT", [1, "b", "m", WIDTH]),
    ]  # fmt: skip
    outputs: Ports = [
        ("logits", "FLOAT", ["b", 1, vocab_size]),
        ("decoder_hidden_states", "FLOAT", [1, "b", "all", WIDTH]),
    ]
    return graph, inputs, outputs
