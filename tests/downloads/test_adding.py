"""A model of one's own on this machine: its card comes from its files, wherever they are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.downloads.adding import CARDS, GGUF, HEAD_BYTES, HUB, packaged
from workers.messages.errors import UnsupportedInputError
from workers.models.importing import propose

SHAPE = {
    "num_layers": 30, "hidden_size": 576, "num_heads": 9, "num_kv_heads": 3, "head_dim": 64,
    "vocab_size": 49152,
}  # fmt: skip


def test_a_gguf_file_tells_everything_itself() -> None:
    card = propose(str(GGUF), HUB)
    assert (card.modality, card.engine, card.quantization) == ("text", "llamacpp", "q4_1")
    assert (card.parameters_m, card.context_length) == (135, 8192)
    assert card.shape is not None
    assert card.shape.model_dump(exclude_defaults=True) == SHAPE
    assert (card.license, card.license_restricted) == ("Apache-2.0", False)
    assert card.source == f"path:{GGUF.parent}"


@pytest.mark.parametrize(
    ("model_id", "modality", "engine"),
    [
        ("whisper-tiny-en", "stt", "fasterwhisper"),
        ("piper-en-us-joe-medium", "tts", "piper"),
        ("all-minilm-l6-v2", "rag", "onnxruntime"),
    ],
)
def test_a_folder_of_each_kind_is_recognised(model_id: str, modality: str, engine: str) -> None:
    card = propose(str(packaged(model_id)), HUB)
    assert (card.modality, card.engine) == (modality, engine)
    assert set(card.files) >= set(list(CARDS[model_id].files)[:2])


def a_folder(folder: Path, config: dict[str, Any], *more: str, size: int = 4_000_000) -> str:
    (folder / "config.json").write_text(json.dumps(config))
    for name in more:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}" if name.endswith(".json") else bytes(size))
        if name.endswith(".safetensors"):
            write_safetensors(path, size)
    return str(folder)


def write_safetensors(path: Path, size: int) -> None:
    """Make a file of that size with one tensor; its values are a hole."""
    length = 120
    extent = {"dtype": "U8", "shape": [size - 8 - length], "data_offsets": [0, size - 8 - length]}
    header = json.dumps({"one": extent}).ljust(length).encode()
    with path.open("wb") as file:
        file.write(length.to_bytes(8, "little") + header)
        file.truncate(size)


LLAMA = {
    "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_attention_heads": 4,
    "num_hidden_layers": 2, "num_key_value_heads": 2, "max_position_embeddings": 2048,
    "torch_dtype": "bfloat16",
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "more", "expected"),
    [
        (LLAMA, ("tokenizer.json",), ("text", "transformers", "")),
        (
            {**LLAMA, "quantization_config": {"quant_method": "gptq"}},
            ("tokenizer.json",),
            ("text", "gptqmodel", "gptq"),
        ),
        (
            {"architectures": ["LlavaForConditionalGeneration"], "vision_config": {},
             "text_config": LLAMA},
            ("tokenizer.json",),
            ("vision", "transformers", ""),
        ),
        (
            {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper"},
            ("tokenizer.json",),
            ("stt", "transformers", ""),
        ),
        (
            {"architectures": ["MPNetModel"], "model_type": "mpnet"},
            ("modules.json", "1_Pooling/config.json"),
            ("rag", "sentencetransformers", ""),
        ),
        (
            {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}},
            ("tokenizer.json",),
            ("rag", "crossencoder", ""),
        ),
    ],
)  # fmt: skip
def test_a_configuration_names_its_engine(
    tmp_path: Path, config: dict[str, Any], more: tuple[str, ...], expected: tuple[str, str, str]
) -> None:
    card = propose(a_folder(tmp_path, config, "model.safetensors", *more), HUB)
    assert (card.modality, card.engine, card.environment) == expected
    assert card.weight_file == "model.safetensors"
    assert set(more) | {"config.json"} <= set(card.files)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [("tdt", ("encoder-model", "decoder_joint-model")), ("ctc", ("model",))],
)
def test_a_recogniser_for_onnx_asr_is_known_by_its_kind(
    tmp_path: Path, kind: str, parts: tuple[str, ...]
) -> None:
    whole = [f"{part}.onnx" for part in parts]
    folder = a_folder(tmp_path, {"model_type": f"nemo-conformer-{kind}"}, "vocab.txt", *whole)
    card = propose(folder, HUB)
    assert (card.modality, card.engine, card.quantization) == ("stt", "onnxasr", "f32")
    small = [f"{part}.int8.onnx" for part in parts]
    a_folder(tmp_path, {"model_type": f"nemo-conformer-{kind}"}, *small, size=1_000_000)
    card = propose(folder, HUB)
    assert list(card.files) == [*small, "vocab.txt", "config.json"]
    assert (card.quantization, card.parameters_m) == ("int8", len(parts))


def test_a_large_model_is_made_four_bit_and_one_in_pieces_is_one(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, LLAMA, "tokenizer.json")
    for number in (1, 2):
        write_safetensors(tmp_path / f"model-0000{number}-of-00002.safetensors", 2_000_000_000)
    card = propose(folder, HUB)
    assert card.parameters_m == 2000
    assert (card.quantization, dict(card.options)) == ("nf4", {"load_in": "nf4"})
    assert [name for name in card.files if name.endswith(".safetensors")] == [
        "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
    ]  # fmt: skip
    assert card.memory_mib < 3000


@pytest.mark.parametrize(
    ("config", "more", "sentence"),
    [
        (LLAMA, ("pytorch_model.bin",), r"pytorch_model\.bin, a format that can run code.*GGUF or"),
        (
            {**LLAMA, "auto_map": {}},
            ("model.safetensors",),
            r"brings Python code of its own, .*nev",
        ),
        (
            {"architectures": ["MambaVisionThing"]},
            ("model.safetensors",),
            r"architecture MambaVisionThing, which is not known.*Look for a GGUF",
        ),
        (
            {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "1": "b"}},
            ("model.safetensors",),
            "into 2 classes.*look for a cross-encoder",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_to_look_for(
    tmp_path: Path, config: dict[str, Any], more: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(UnsupportedInputError, match=f"(?s){sentence}"):
        propose(a_folder(tmp_path, config, *more), HUB)


UNKNOWN_ARCHITECTURE = GGUF.read_bytes()[:HEAD_BYTES].replace(
    len("llama").to_bytes(8, "little") + b"llama", len("llama").to_bytes(8, "little") + b"lxxma", 1
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"not a model", r"x\.gguf is not a GGUF file"),
        (UNKNOWN_ARCHITECTURE, "architecture 'lxxma', which llama"),
        (b"GGUF\x03\x00\x00\x00" + b"\xff" * 40, "claims 18,446,744,073,709,551,615 keys"),
        (GGUF.read_bytes()[:500], r"ends too early\. "),
    ],
    ids=["another", "unknown", "absurd", "cut"],
)
def test_a_damaged_or_unknown_gguf_is_refused(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    with pytest.raises(UnsupportedInputError, match=sentence):
        propose(str(path), HUB)


@pytest.mark.parametrize("text", ["", "   ", "nonsense", "ftp://x/y.gguf", "https://x.org/"])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UnsupportedInputError):
        propose(text, HUB)


@pytest.mark.parametrize("text", [str(GGUF), "../x.gguf", "~/x.gguf", "/etc/passwd", "tests"])
def test_a_page_elsewhere_names_no_files_of_this_machine(text: str) -> None:
    with pytest.raises(UnsupportedInputError, match=r"is a path|not the name of a repository"):
        propose(text, HUB, reach="web")


@pytest.mark.parametrize(
    "text", ["~\x8f4*", "~nobody-has-this-name/x.gguf", "/" + "a" * 5000, "a" * 5000, "./a\0b"]
)
def test_what_cannot_be_a_path_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(UnsupportedInputError) as raised:
        propose(text, HUB)
    assert len(str(raised.value)) < 1000
