"""Cards of models that are a folder or a pair of files: cloned embedders, Whisper, Piper voices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from configs.small_files import read_json
from workers.models.facts.gguf import UNKNOWN

from .weights import Weights

_EMBEDDER_FILES = ("model.safetensors", "tokenizer.json", "config.json", "vocab.txt")
_WHISPER_FILES = ("model.bin", "config.json", "tokenizer.json")
_POOLING = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}


def folder_card(name: str, kind: str, weights: Weights) -> ModelCard:
    """Return the card of an embedder's folder, a CTranslate2 Whisper folder or a Piper voice.

    Raises: ConfigError naming what is missing, or which model of the kind cannot be used.
    """
    path = weights.path
    if path is None:
        raise ConfigError("its files must be in the folder: several cannot be fetched by one name")
    if kind == "rag":
        return _embedder(name, path)
    if kind == "stt":
        if not path.is_dir():
            raise ConfigError(
                f"{path.name} is in whisper.cpp's format; Quintet reads CTranslate2 folders "
                "(model.bin, config.json, tokenizer.json)"
            )
        _require(path, _WHISPER_FILES)
        files = sorted(file.name for file in path.iterdir() if file.is_file())
        files.sort(key=lambda file: file != "model.bin")
        return _card(name, "stt", "fasterwhisper", path, files)
    if kind == "tts":
        _require(path.parent, (f"{path.name}.json",))
        return _card(name, "tts", "piper", path.parent, [path.name, f"{path.name}.json"])
    raise ConfigError(f"{path.name} is a folder; a chat model must be a GGUF file")


def _embedder(name: str, path: Path) -> ModelCard:
    _require(path, _EMBEDDER_FILES)
    config = _json(path / "config.json")
    if config.get("model_type") != "bert":
        raise ConfigError(
            f"{path.name} is of the type {config.get('model_type')!r}; embedders of the type 'bert' "
            "can be used, as a folder or as a GGUF file"
        )
    length = _json(path / "sentence_bert_config.json").get("max_seq_length")
    card = _card(name, "rag", "llamacpp", path, list(_EMBEDDER_FILES))
    return card.model_copy(
        update={
            "context_length": int(length or config.get("max_position_embeddings", 512)),
            "options": {"pooling": _pooling(path)},
        }
    )


def _pooling(path: Path) -> str:
    modes = _json(path / "1_Pooling" / "config.json") or {"pooling_mode_mean_tokens": True}
    chosen = [ours for theirs, ours in _POOLING.items() if modes.get(theirs)]
    if len(chosen) != 1:
        raise ConfigError(
            f"{path.name} makes its vectors in a way that is not known here (pooling)"
        )
    return chosen[0]


def _card(name: str, modality: str, engine: str, folder: Path, files: list[str]) -> ModelCard:
    num_bytes = (folder / files[0]).stat().st_size
    values: dict[str, Any] = {
        "id": name,
        "name": name,
        "modality": modality,
        "engine": engine,
        "source": f"path:{folder.resolve()}",
        "files": dict.fromkeys(files),
        "license": UNKNOWN,
        "license_url": "",
        "origin": UNKNOWN,
        "languages": (),
        "parameters_m": 0,
        "memory_mib": max(1, num_bytes >> 20),
    }
    return ModelCard.model_validate(values)


def _require(folder: Path, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise ConfigError(f"{', '.join(missing)} is missing beside the weights in {folder.name}")


def _json(path: Path) -> dict[str, Any]:
    """Return the content; empty if there is no such file. Raises: ConfigError if it is no JSON."""
    try:
        content = read_json(path) if path.is_file() else {}
    except ConfigError as err:
        raise ConfigError(f"{path.name}: {err}") from err
    return content if isinstance(content, dict) else {}
