"""`~/.gairc`, `~/gai/gai.json`, and which model a wrapper stands for."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest

from compat.gai.library.config import GaiConfig, load_config
from compat.gai.library.hyperparameters import sampling_of, translate
from compat.gai.library.wrappers import Wrapper, resolve
from configs.catalogue import load_catalogue
from configs.errors import ConfigError
from workers.messages.errors import LoadError, UnknownModelError
from workers.models.lookup import Models

CARDS = load_catalogue()
DEFAULTS: dict[Any, str] = {
    "text": "smollm2-135m-instruct",
    "stt": "whisper-tiny-en",
    "tts": "piper-en-us-joe-medium",
    "vision": "ppocr-v6-small",
    "rag": "all-minilm-l6-v2",
}
LOCAL = {
    "mistral7b-exllama": "text",
    "mistral7b-llamacpp": "text",
    "mistral7b-gguf": "text",
    "llama2-transformers": "text",
    "whisper-transformers": "stt",
    "xtts-2": "tts",
    "llava-transformers": "vision",
}
REMOTE = {
    "gpt-4": "OPENAI_API_KEY",
    "claude2-100k": "ANTHROPIC_API_KEY",
    "openai-whisper": "OPENAI_API_KEY",
    "openai-tts-1": "OPENAI_API_KEY",
    "openai-vision": "OPENAI_API_KEY",
}


def models() -> Models:
    return Models(lambda: CARDS, DEFAULTS)


def found(name: str, config: GaiConfig, folder: Path) -> Wrapper:
    return resolve(name, config, models(), folder)


def with_entry(home: Path, **entry: Any) -> GaiConfig:
    config = load_config(home)
    content = {"gen": {"default": "mine", "mine": entry}}
    (config.app_dir / "gai.json").write_text(json.dumps(content))
    return load_config(home)


def test_the_files_are_made_once_and_never_overwritten(tmp_path: Path) -> None:
    load_config(tmp_path)
    assert json.loads((tmp_path / ".gairc").read_text()) == {"app_dir": "~/gai"}
    assert (tmp_path / "gai" / "models").is_dir()
    config = with_entry(tmp_path, type="ttt", hyperparameters={"temperature": 0.5})
    assert config.default == "mine"
    assert config.entries["mine"].hyperparameters == {"temperature": 0.5}
    assert "xtts-2" in config.entries
    assert "xtts-2" not in (tmp_path / "gai" / "gai.json").read_text()


def test_another_app_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / ".gairc").write_text(json.dumps({"app_dir": str(tmp_path / "else")}))
    assert load_config(tmp_path).app_dir == tmp_path / "else"
    assert (tmp_path / "else" / "gai.json").exists()
    assert not (tmp_path / "gai").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"gen": []}', '{"gen": {"default":"x","x":1}}'])
def test_a_broken_file_is_named(tmp_path: Path, content: str) -> None:
    load_config(tmp_path)
    (tmp_path / "gai" / "gai.json").write_text(content)
    with pytest.raises(ConfigError, match=r"gai\.json"):
        load_config(tmp_path)


@pytest.mark.parametrize("name", LOCAL)
def test_without_its_weights_the_usual_model_answers_and_says_so(tmp_path: Path, name: str) -> None:
    with pytest.warns(UserWarning, match=rf"weights of {name} are not in .* in its place\."):
        wrapper = found(name, load_config(tmp_path), tmp_path)
    assert wrapper.is_substitute
    assert wrapper.card.id == DEFAULTS[LOCAL[name]]


@pytest.mark.parametrize("name", REMOTE)
def test_a_missing_key_is_reported_and_a_key_is_found(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load_config(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("configs.secrets.ENV_FILES", (Path(".env"),))
    with pytest.raises(LoadError, match=f"{REMOTE[name]} is not set"):
        found(name, config, tmp_path)
    (tmp_path / ".env").write_text(f"{REMOTE[name]}=sk-test\n")
    wrapper = found(name, config, tmp_path)
    assert wrapper.is_remote
    assert not wrapper.is_substitute


def test_a_gguf_file_in_the_app_folder_is_used(tmp_path: Path, models_dir: Path) -> None:
    folder = load_config(tmp_path).app_dir / "models" / "Mistral-7B-Instruct-v0.1-GGUF"
    folder.mkdir()
    (folder / "mistral.Q4_K_M.gguf").symlink_to((models_dir / "smollm2.gguf").resolve())
    for name in ("mistral7b-llamacpp", "mistral7b-gguf"):
        wrapper = found(name, load_config(tmp_path), tmp_path)
        assert not wrapper.is_substitute
        assert wrapper.card.weight_file == "mistral.Q4_K_M.gguf"
        assert wrapper.card.options["context_tokens"] == 8192


def test_another_server_may_stand_for_openais(tmp_path: Path) -> None:
    config = with_entry(
        tmp_path, type="ttt", engine="OpenAI_TTT", api_base="http://localhost:1/v1", api_key="PATH"
    )
    card = found("mine", config, tmp_path).card
    assert card.source == "remote:http://localhost:1/v1"
    assert card.options == {"remote_model": "mine", "api_key_env": "PATH"}


def test_a_key_in_the_file_is_refused_without_being_shown(tmp_path: Path) -> None:
    config = with_entry(tmp_path, type="ttt", engine="OpenAI_TTT", api_key="sk-secret")
    with pytest.raises(LoadError, match="not the name of a variable") as caught:
        found("mine", config, tmp_path)
    assert "sk-secret" not in str(caught.value)


def test_text_to_code_is_not_available_until_a_code_model_is(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    with pytest.raises(UnknownModelError, match=r"ttc \(text to code\) is not available"):
        found("ttc", config, tmp_path)
    coder = CARDS["smollm2-135m-instruct"].model_copy(update={"id": "tiny-coder"})
    known = models()
    known.add(coder)
    assert resolve("ttc", config, known, tmp_path).card.id == "tiny-coder"


def test_a_card_is_a_wrapper_and_anything_else_is_not(tmp_path: Path) -> None:
    config = load_config(tmp_path)
    assert found("whisper-tiny-en", config, tmp_path).entry.type == "stt"
    with pytest.raises(UnknownModelError, match=r"'nobody'; known: gpt-4, mistral7b-exllama"):
        found("nobody", config, tmp_path)
    with pytest.raises(UnknownModelError, match="of the type 'xyz'"):
        found("mine", with_entry(tmp_path, type="xyz"), tmp_path)


def test_hyperparameters_of_every_engine_mean_the_same() -> None:
    given = {
        "max_new_tokens": 5,
        "stopping_words": ["x"],
        "typical": 0,
        "token_repetition_penalty_max": 1.25,
        "logit_bias": {"7": -1},
        "do_sample": False,
        "beams": 1,
    }
    known, unknown = translate(given)
    assert known == {
        "max_tokens": 5,
        "stop": ["x"],
        "repeat_penalty": 1.25,
        "logit_bias": ((7, -1.0),),
        "temperature": 0.0,
    }
    assert unknown == ["beams"]


def test_the_caller_wins_over_the_wrapper_and_is_informed_of_what_has_no_use(
    tmp_path: Path,
) -> None:
    entry = load_config(tmp_path).entries["mistral7b-llamacpp"]
    card = CARDS["smollm2-135m-instruct"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sampling = sampling_of(card, entry, {"max_new_tokens": 9})
    assert (sampling.max_tokens, sampling.top_k, sampling.temperature) == (9, 49, 1.31)
    with pytest.warns(UserWarning, match="no use for beams"):
        sampling_of(card, entry, {"beams": 4})
