"""LLM API's `config.yaml` and its `LLM_API_…` variables: one model → settings and a card.

An unknown key of the file is an error; an unknown variable is not. Source: LLM API 0.0.1 and 0.1.2.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from compat.layers import Layer, ModelFiles, hub_source, nearest, text_card
from configs.errors import ConfigError, explain
from configs.yaml_files import read_yaml

log = logging.getLogger("quintet.llm_api")

PREFIX = "LLM_API_"
PORT = 8000
OBSOLETE = ("convert", "migrate")
"""Of `setup_params`: conversions of weight formats of early 2023."""
LOG_LEVELS = {"TRACE": "DEBUG", "CRITICAL": "ERROR"}
ENGINES = {
    "alpaca": "llamacpp",
    "llama": "llamacpp",
    "vicuna": "llamacpp",
    "gptq_llama": "gptqmodel",
    "huggingface": "transformers",
    "autoawq": "transformers",
}
"""Family → engine; the first three differ in nothing."""


class SetupParams(BaseModel):
    """Where the weights come from."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    repo_id: str | None = None
    filename: str | None = None


class ModelParams(BaseModel):
    """How llama.cpp loads them, in every spelling."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    context_tokens: int = Field(default=2000, validation_alias=AliasChoices("ctx_size", "n_ctx"))
    threads: int | None = Field(
        default=None, validation_alias=AliasChoices("n_threads", "num_threads")
    )
    seed: int = -1
    """-1: random."""
    gpu_layers: int | None = Field(default=None, validation_alias="n_gpu_layers")
    use_mmap: bool | None = None
    low_vram: bool = False
    """Keep the KV cache out of the graphics card."""
    rope_freq_base: float | None = None
    rope_freq_scale: float | None = None


WITHOUT_EFFECT = frozenset(
    """n_batch batch_size n_parts last_n_tokens_size lora_base lora_path tensor_split
    verbose""".split()
)


class LlmApiFile(BaseModel):
    """config.yaml."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    models_dir: str = "./models"
    model_family: Literal["alpaca", "llama", "vicuna", "gptq_llama", "huggingface", "autoawq"]
    model_name: str = "7b"
    setup_params: dict[str, Any] = {}
    model_params: dict[str, Any] = {}
    tokenizer_repo_id: str | None = None
    config_params: dict[str, Any] = {}
    trust_remote_code: bool = False
    host: str | None = None
    port: int = PORT
    log_level: str | None = None


def read_llm_api(path: Path, environment: Mapping[str, str]) -> Layer:
    """Return what a config.yaml and the variables over it say. Raises: ConfigError."""
    content = {**_read(path)}
    for name, value in _variables(environment).items():
        content[name] = _laid_over(content.get(name), value)
    file = _valid(path, LlmApiFile, content)
    setup = _valid(path, SetupParams, file.setup_params)
    params = _valid(path, ModelParams, file.model_params)
    _warn(path, file, setup, params)
    weights = _weights(path, file, setup)
    options = _options(file, params) if weights.engine == "llamacpp" else _others_options(file)
    seed = {"seed": params.seed} if params.seed >= 0 else {}
    card = text_card(weights, options, seed)
    settings: dict[str, Any] = {
        "server": {"port": file.port, **({"host": file.host} if file.host else {})},
        "workers": {"text": {"model": card.id}},
        "fetch_models": [card.id],  # the first run downloads, later runs reuse; this model only
    }
    if file.log_level:
        level = file.log_level.upper()
        settings["log_level"] = LOG_LEVELS.get(level, level)
    return Layer(settings=settings, cards=(card,))


def _read(path: Path) -> dict[str, Any]:
    content = read_yaml(path) or {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds no keys.")
    return content


def _variables(environment: Mapping[str, str]) -> dict[str, Any]:
    """LLM_API_PORT=8001 → {"port": "8001"}, in any case; objects are JSON. Raises: ConfigError."""
    found: dict[str, Any] = {}
    for name, value in environment.items():
        key = name.upper().removeprefix(PREFIX).lower()
        if not name.upper().startswith(PREFIX) or key not in LlmApiFile.model_fields:
            continue
        if key not in ("setup_params", "model_params", "config_params"):
            found[key] = value
            continue
        try:
            found[key] = json.loads(value)
        except ValueError as err:
            raise ConfigError(f"{name} is no JSON object: {err}.") from err
        if not isinstance(found[key], dict):
            raise ConfigError(f"{name} is no JSON object: it must be written in braces.")
    return found


def _laid_over(below: Any, value: Any) -> Any:
    """Objects are merged key by key, at every depth."""
    if not (isinstance(below, dict) and isinstance(value, dict)):
        return value
    return {**below, **{key: _laid_over(below.get(key), over) for key, over in value.items()}}


def _valid(path: Path, model: type[Any], content: Any) -> Any:
    try:
        return model.model_validate(content)
    except ValidationError as err:
        raise ConfigError(f"{path}: {explain(err, model)}") from err


def _warn(path: Path, file: LlmApiFile, setup: SetupParams, params: ModelParams) -> None:
    given = {*(setup.model_extra or {})}
    if old := sorted(given & set(OBSOLETE)):
        log.warning("%s: %s: old weight formats are not converted", path, " and ".join(old))
    for name in sorted(given - set(OBSOLETE)):
        log.warning(
            "%s: unknown key %r is ignored%s", path, name, nearest(name, ["repo_id", "filename"])
        )
    if file.trust_remote_code:
        log.warning("%s: trust_remote_code is ignored: no model's own code is run", path)
    if ENGINES[file.model_family] != "llamacpp":
        return
    known = {*WITHOUT_EFFECT, "ctx_size", "n_ctx", "n_threads", "num_threads", "n_gpu_layers"}
    known |= set(ModelParams.model_fields)
    extra = set(params.model_extra or {})
    for name in sorted(extra - WITHOUT_EFFECT):
        log.warning("%s: unknown key %r is ignored%s", path, name, nearest(name, known))
    if idle := sorted(extra & WITHOUT_EFFECT):
        log.warning("%s: without effect here: %s", path, ", ".join(idle))


def _weights(path: Path, file: LlmApiFile, setup: SetupParams) -> ModelFiles:
    """A file that an earlier run has fetched is used again; else the hub's is named."""
    engine = ENGINES[file.model_family]
    name = f"{file.model_family}-{file.model_name}"
    if engine != "llamacpp":
        repository = setup.repo_id or file.model_name
        folder = path.parent / Path(repository).expanduser()
        if folder.is_dir():
            return ModelFiles(name=repository, engine=engine, source=f"path:{folder.resolve()}")
        return ModelFiles(name=repository, engine=engine, source=hub_source(repository))
    if not setup.filename:
        raise ConfigError(f"{path}: setup_params.filename is missing: which GGUF file to use.")
    folder = path.parent / Path(file.models_dir).expanduser()
    here = [folder / setup.filename, *sorted(folder.glob(f"*/{escape(setup.filename)}"))]
    if found := next((place for place in here if place.is_file()), None):
        place = found.resolve()
        return ModelFiles(name=name, engine=engine, source=f"path:{place.parent}", file=place.name)
    if not setup.repo_id:
        raise ConfigError(
            f"{path}: {folder} has no {setup.filename}, and setup_params.repo_id does not say "
            "where to fetch it from."
        )
    return ModelFiles(
        name=name, engine=engine, source=hub_source(setup.repo_id), file=setup.filename
    )


def _options(file: LlmApiFile, params: ModelParams) -> dict[str, Any]:
    return {
        **params.model_dump(exclude={"seed", "low_vram", *(params.model_extra or {})}),
        "offload_kqv": False if params.low_vram else None,
    }


def _others_options(file: LlmApiFile) -> dict[str, Any]:
    """What the runtimes of the other families are told, as it stands."""
    return {**file.model_params, "tokenizer_repo_id": file.tokenizer_repo_id, **file.config_params}
