"""LLM API's config.yaml and the variables over it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from compat.llm_api.config import read_llm_api
from configs.catalogue import ModelCard
from configs.errors import ConfigError
from configs.settings import load_settings

from .test_genius import packaged_gguf

SAMPLE = """
models_dir: /models
model_family: alpaca
model_name: 7b
setup_params:
  repo_id: user/repo_id
  filename: ggml-model-q4_0.gguf
  convert: false
  migrate: false
model_params:
  ctx_size: 2000
  seed: -1
  n_threads: 8
  n_batch: 2048
  n_parts: -1
  last_n_tokens_size: 16
"""


def write(folder: Path, **keys: object) -> Path:
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(SAMPLE), **keys}))
    return path


def card_of(folder: Path, environment: dict[str, str] | None = None, **keys: object) -> ModelCard:
    (card,) = read_llm_api(write(folder, **keys), environment or {}).cards
    return card


def test_the_sample_becomes_settings_and_a_card(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(SAMPLE)
    layer = read_llm_api(path, {})
    (card,) = layer.cards
    assert (card.id, card.engine) == ("alpaca-7b", "llamacpp")
    assert card.source == "hf:user/repo_id@main"
    assert card.files == {"ggml-model-q4_0.gguf": None}
    assert card.options == {"context_tokens": 2000, "threads": 8}
    assert card.sampling == {}
    settings = load_settings("cpu", layer.settings)
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8000)
    assert settings.workers.text.model == ("alpaca-7b",)
    assert "convert and migrate: old weight formats are not converted" in caplog.text
    assert "without effect here: last_n_tokens_size, n_batch, n_parts" in caplog.text


@pytest.mark.parametrize(
    ("params", "option", "value"),
    [
        ({"n_ctx": 512}, "context_tokens", 512),
        ({"ctx_size": 512}, "context_tokens", 512),
        ({}, "context_tokens", 2000),
        ({"n_threads": 3}, "threads", 3),
        ({"num_threads": 3}, "threads", 3),
        ({"n_gpu_layers": 20}, "gpu_layers", 20),
        ({"use_mmap": False}, "use_mmap", False),
        ({"low_vram": True}, "offload_kqv", False),
        ({"rope_freq_base": 10000}, "rope_freq_base", 10000),
    ],
)
def test_every_spelling_reaches_the_engine(
    tmp_path: Path, params: dict[str, object], option: str, value: object
) -> None:
    card = card_of(tmp_path, model_params=params)
    assert card.options[option] == value


@pytest.mark.parametrize(("seed", "sampling"), [(-1, {}), (1337, {"seed": 1337}), (0, {"seed": 0})])
def test_a_seed_below_zero_is_random(
    tmp_path: Path, seed: int, sampling: dict[str, object]
) -> None:
    assert card_of(tmp_path, model_params={"seed": seed}).sampling == sampling


@pytest.mark.parametrize("family", ["alpaca", "llama", "vicuna"])
def test_the_first_families_are_one_engine(tmp_path: Path, family: str) -> None:
    card = card_of(tmp_path, model_family=family, model_name="13b")
    assert (card.id, card.engine, card.parameters_m) == (f"{family}-13b", "llamacpp", 13000)


@pytest.mark.parametrize(
    ("family", "engine"),
    [("gptq_llama", "gptqmodel"), ("huggingface", "transformers"), ("autoawq", "transformers")],
)
def test_other_families_name_their_engine_and_keep_their_params(
    tmp_path: Path, family: str, engine: str
) -> None:
    card = card_of(
        tmp_path,
        model_family=family,
        setup_params={"repo_id": "owner/Model-3b"},
        model_params={"device_map": "auto", "wbits": 4},
        tokenizer_repo_id="owner/tokenizer",
    )
    assert (card.id, card.engine, card.source) == ("model-3b", engine, "hf:owner/Model-3b@main")
    assert card.options == {
        "device_map": "auto",
        "wbits": 4,
        "tokenizer_repo_id": "owner/tokenizer",
    }


@pytest.mark.parametrize("folder", ["", "alpaca_0123456789ab"])
def test_a_file_that_an_earlier_run_fetched_is_used(tmp_path: Path, folder: str) -> None:
    place = tmp_path / "models" / folder
    place.mkdir(parents=True)
    shutil.copy(packaged_gguf(), place / "ggml-model-q4_0.gguf")
    card = card_of(tmp_path, models_dir="models")
    assert (card.source, card.weight_file) == (f"path:{place}", "ggml-model-q4_0.gguf")
    assert card.context_length == 8192


def test_variables_override_in_any_case_and_objects_key_by_key(tmp_path: Path) -> None:
    environment = {
        "llm_api_Model_Name": "30b",
        "LLM_API_PORT": "8001",
        "LLM_API_HOST": "127.0.0.2",
        "LLM_API_LOG_LEVEL": "critical",
        "LLM_API_MODEL_PARAMS": '{"ctx_size": 99, "seed": 5}',
        "LLM_API_SETUP_PARAMS": '{"filename": "b.gguf"}',
        "LLM_API_NO_SUCH_KEY": "ignored",
        "PORT": "1",
    }
    layer = read_llm_api(write(tmp_path), environment)
    (card,) = layer.cards
    settings = load_settings("cpu", layer.settings)
    assert card.id == "alpaca-30b"
    assert card.files == {"b.gguf": None}
    assert card.source == "hf:user/repo_id@main"
    assert card.options == {"context_tokens": 99, "threads": 8}
    assert card.sampling == {"seed": 5}
    assert (settings.server.host, settings.server.port) == ("127.0.0.2", 8001)
    assert settings.log_level == "ERROR"


@pytest.mark.parametrize(
    ("keys", "environment", "sentence"),
    [
        (
            {"model_familly": "llama"},
            {},
            "unknown key 'model_familly', did you mean 'model_family'",
        ),
        ({"model_family": "rwkv"}, {}, "alpaca"),
        ({"setup_params": {"repo_id": "a/b"}}, {}, "filename is missing"),
        ({"setup_params": {"filename": "x.gguf"}}, {}, "repo_id does not say"),
        ({"model_params": {"n_ctx": "long"}}, {}, "n_ctx"),
        ({}, {"LLM_API_MODEL_PARAMS": "{n_ctx: 3}"}, "LLM_API_MODEL_PARAMS is no JSON object"),
        ({}, {"LLM_API_MODEL_PARAMS": "[1]"}, "LLM_API_MODEL_PARAMS is no JSON object"),
    ],
)
def test_what_is_wrong_is_reported_in_one_sentence(
    tmp_path: Path, keys: dict[str, object], environment: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        card_of(tmp_path, environment, **keys)


def test_unknown_parameters_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    card_of(tmp_path, model_params={"n_contx": 3}, trust_remote_code=True)
    assert "unknown key 'n_contx' is ignored, did you mean 'n_ctx'" in caplog.text
    assert "trust_remote_code is ignored" in caplog.text


def test_weights_older_than_gguf_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "ggml.bin").write_bytes(b"lmgg" + bytes(100))
    with pytest.raises(ConfigError, match=r"ggml\.bin is not a GGUF file"):
        card_of(tmp_path, models_dir=".", setup_params={"filename": "ggml.bin"})
