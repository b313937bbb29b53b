"""A recogniser of eight spoken words, trained in seconds on our own voice, in the layouts of NVIDIA's models.

No packaged model has the files that onnx-asr reads. This one is small enough to be made by the test: a
linear filter over two thirds of a second of mel features says how much each frame sounds like the first or
the second half of a word (ridge regression, so the best filter is one equation); ONNX graphs around it pick
the peaks, with the inputs, outputs, states and durations of a TDT, an RNN-T or a CTC model. What it hears is
heard in the sound: another order of words gives another text.

Source of names and shapes: istupakov/onnx-asr, `models/nemo.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from workers.engines.stt.engine import SAMPLE_RATE_HZ

from .conftest import SPEECH_RATE_HZ, Pcm
from .onnx_files import Graph, Ports, write_graph

Floats = NDArray[np.float32]
Speak = Callable[[str], Pcm]

WORDS = {
    "lantern": ("lan", "tern"), "harbor": ("har", "bor"), "captain": ("cap", "tain"),
    "window": ("win", "dow"), "seven": ("se", "ven"), "coffee": ("cof", "fee"),
    "monday": ("mon", "day"), "garden": ("gar", "den"),
}  # fmt: skip
"""Word → its two tokens. The first begins at `HALVES[0]` of the word, the other at `HALVES[1]`."""
HALVES = (0.3, 0.75)
NUM_TOKENS = 2 * len(WORDS)
BLANK = NUM_TOKENS
THRESHOLD = 0.35
"""Right peaks were 0.71 and more, wrong ones 0.10 and less, where the voice speaks evenly."""
STRIDE, CONTEXT, MELS = 8, 4, 128
"""Frames of 10 ms in one of the encoder; how many of those it sees to each side."""
FRAME_S = STRIDE / 100
DURATIONS, FRAMES_TO_GO = 5, (1, 3)
"""Frames that a TDT model may go on by; those after the first and the other token of a word."""
RIDGE = 30.0
NUM_LESSONS = 6


@dataclass(frozen=True, slots=True)
class Spotter:
    """The filter: scores are `weights · features + bias`."""

    weights: Floats
    """(tokens, mels, frames of 10 ms)."""
    bias: Floats
    """(tokens,)."""


def spoken(speak: Speak, text: str) -> Floats:
    """Return what the voice says, at 16 kHz, without the silence around it."""
    pcm = soxr.resample(speak(text).astype(np.float32) / 32768, SPEECH_RATE_HZ, SAMPLE_RATE_HZ)
    loud = np.flatnonzero(np.abs(pcm) > 0.02)
    return np.asarray(pcm[loud[0] : loud[-1]], dtype=np.float32)


def silence(seconds: float) -> Floats:
    return np.zeros(int(seconds * SAMPLE_RATE_HZ), dtype=np.float32)


def train(speak: Speak) -> Spotter:
    """Let the voice say the words in other orders, and find the filter that tells them apart."""
    order = np.random.default_rng(7)
    rows, wanted = [], []
    for _ in range(NUM_LESSONS):
        features, spans = _lesson(speak, order)
        for phase in range(0, STRIDE, 2):
            moved = np.pad(features, ((0, 0), (phase, 0)), mode="edge")
            rows.append(_stacked(moved))
            wanted.append(_wanted(spans, phase, len(rows[-1])))
    x, y = np.concatenate(rows).astype(np.float64), np.concatenate(wanted)
    centre, mean = x.mean(0), y.mean(0)
    x -= centre
    filters = np.linalg.solve(x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ (y - mean))
    weights = filters.reshape(2 * CONTEXT + 1, MELS, NUM_TOKENS).transpose(2, 1, 0)
    return Spotter(
        np.repeat(weights / STRIDE, STRIDE, axis=2).astype(np.float32),
        (mean - centre @ filters).astype(np.float32),
    )


def _lesson(speak: Speak, order: np.random.Generator) -> tuple[Floats, list[tuple[int, int, int]]]:
    """Return (mels, frames), and for each word its number and first and last sample."""
    from onnx_asr.preprocessors.numpy_preprocessor import NemoPreprocessorNumpy

    parts, spans = [silence(0.4)], []
    for number in order.permutation(len(WORDS)):
        word = spoken(speak, f"{list(WORDS)[number]}.")
        at = sum(map(len, parts))
        spans.append((int(number), at, at + len(word)))
        parts += [word, silence(order.uniform(0.3, 0.9))]
    pcm = np.concatenate(parts)
    features, lengths = NemoPreprocessorNumpy(f"nemo{MELS}")(pcm[None], np.array([len(pcm)]))
    return np.asarray(features[0, :, : lengths[0]], dtype=np.float32), spans


def _stacked(features: Floats) -> Floats:
    """(mels, frames of 10 ms) → (encoder frames, context × mels)."""
    num_frames = -(-features.shape[1] // STRIDE)
    filled = np.pad(features, ((0, 0), (0, num_frames * STRIDE - features.shape[1])))
    means = filled.reshape(MELS, num_frames, STRIDE).mean(2).T
    padded = np.pad(means, ((CONTEXT, CONTEXT), (0, 0)))
    shifted = [padded[shift : shift + num_frames] for shift in range(2 * CONTEXT + 1)]
    return np.concatenate(shifted, axis=1)


def _wanted(spans: list[tuple[int, int, int]], phase: int, num_frames: int) -> NDArray[np.float64]:
    """(encoder frames, tokens): a hill of height 1 where a token begins."""
    scores = np.zeros((num_frames, NUM_TOKENS))
    middles = np.arange(num_frames) + 0.5
    for number, first, last in spans:
        for half, share in enumerate(HALVES):
            sample = first + (last - first) * share
            at = sample / SAMPLE_RATE_HZ / FRAME_S + phase / STRIDE
            hill = np.exp(-((middles - at) ** 2) / 2)
            column = scores[:, 2 * number + half]
            np.maximum(column, hill, out=column)
    return scores


def write_model(spotter: Spotter, folder: Path, kind: str) -> Path:
    """Write the files of a `kind` of model: "tdt", "rnnt" or "ctc"."""
    folder.mkdir(parents=True)
    tokens = [token for first, rest in WORDS.values() for token in (f"▁{first}", rest)]
    vocabulary = [f"{token} {number}" for number, token in enumerate([*tokens, "<blk>"])]
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    config = {"model_type": f"nemo-conformer-{kind}", "features_size": MELS}
    (folder / "config.json").write_text(json.dumps(config | {"subsampling_factor": STRIDE}))
    if kind == "ctc":
        write_graph(_ctc(spotter), folder / "model.int8.onnx")
    else:
        write_graph(_encoder(spotter), folder / "encoder-model.int8.onnx")
        write_graph(_decoder_joint(kind), folder / "decoder_joint-model.int8.onnx")
    return folder


SOUND: Ports = [("audio_signal", "FLOAT", ["b", MELS, "t"]), ("length", "INT64", ["b"])]


def peaks(graph: Graph, spotter: Spotter, output: str = "") -> str:
    """(batch, mels, t) → (batch, tokens, ⌈t / 8⌉): scores at their peaks, 0 elsewhere."""
    weights, bias = graph.constant(spotter.weights), graph.constant(spotter.bias)
    around = STRIDE * CONTEXT
    scores = graph.add(
        "Conv", "audio_signal", weights, bias, strides=[STRIDE], pads=[around, around + STRIDE - 1]
    )
    highest = graph.add("MaxPool", scores, kernel_shape=[3], strides=[1], pads=[1, 1])
    is_peak = graph.add("Equal", scores, highest)
    is_high = graph.add("Greater", scores, graph.constant(THRESHOLD))
    kept = graph.add("And", is_peak, is_high)
    return graph.add("Where", kept, scores, graph.constant(0.0), output=output)


def _encoder(spotter: Spotter) -> tuple[Graph, Ports, Ports]:
    graph = Graph()
    peaks(graph, spotter, "outputs")
    one, stride = graph.constant([1], np.int64), graph.constant([STRIDE], np.int64)
    before = graph.add("Div", graph.add("Sub", "length", one), stride)
    graph.add("Add", before, one, output="encoded_lengths")
    outputs: Ports = [
        ("outputs", "FLOAT", ["b", NUM_TOKENS, "f"]),
        ("encoded_lengths", "INT64", ["b"]),
    ]
    return graph, SOUND, outputs


def _ctc(spotter: Spotter) -> tuple[Graph, Ports, Ports]:
    graph = Graph()
    frames = graph.add("Transpose", peaks(graph, spotter), perm=[0, 2, 1])
    blank = graph.constant(THRESHOLD / 2)
    with_blank = graph.add(
        "Pad", frames, graph.constant([0, 0, 0, 0, 0, 1], np.int64), blank, mode="constant"
    )
    sharp = graph.add("Mul", with_blank, graph.constant(40.0))
    graph.add("LogSoftmax", sharp, axis=-1, output="logprobs")
    return graph, SOUND, [("logprobs", "FLOAT", ["b", "f", NUM_TOKENS + 1])]


def _decoder_joint(kind: str) -> tuple[Graph, Ports, Ports]:
    """A token is heard once; the second half of a word only after its first. States count tokens."""
    graph = Graph()
    before = np.zeros((NUM_TOKENS + 1, NUM_TOKENS))
    before[:, 1::2] = -100.0
    for first in range(0, NUM_TOKENS, 2):
        before[first, [first, first + 1]] = -100.0, 0.0
    flat = graph.add("Reshape", "encoder_outputs", graph.constant([NUM_TOKENS], np.int64))
    last = graph.add("Reshape", "targets", graph.constant([1], np.int64))
    allowed = graph.add("Add", flat, graph.add("Gather", graph.constant(before), last, axis=0))
    tokens = graph.add("Reshape", allowed, graph.constant([NUM_TOKENS], np.int64))
    blank = graph.constant([THRESHOLD / 2])
    logits = [graph.add("Mul", graph.add("Concat", tokens, blank, axis=0), graph.constant(40.0))]
    if kind == "tdt":
        best = graph.add("ArgMax", logits[0], axis=0, keepdims=0)
        frames = [frames for _ in WORDS for frames in FRAMES_TO_GO] + [1]
        durations = graph.constant(np.eye(DURATIONS)[frames])
        logits.append(graph.add("Gather", durations, best, axis=0))
    joined = graph.add("Concat", *logits, axis=0)
    graph.add("Reshape", joined, graph.constant([1, 1, 1, -1], np.int64), output="outputs")
    for number in (1, 2):
        graph.add(
            "Add", f"input_states_{number}", graph.constant(1.0), output=f"output_states_{number}"
        )
    state = [1, 1, 4]
    inputs: Ports = [
        ("encoder_outputs", "FLOAT", ["b", NUM_TOKENS, 1]), ("targets", "INT32", ["b", 1]),
        ("target_length", "INT32", ["b"]), ("input_states_1", "FLOAT", state),
        ("input_states_2", "FLOAT", state),
    ]  # fmt: skip
    outputs: Ports = [("outputs", "FLOAT", [1, 1, 1, "v"])]
    return graph, inputs, outputs + [(f"output_states_{n}", "FLOAT", state) for n in (1, 2)]
