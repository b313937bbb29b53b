"""From a repository's files to what a card says of them. Pure: reads only through `RepoFiles`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from workers.messages.errors import UnsupportedInputError
from workers.models.llama_server.knowing import Builds

from .architectures import of_config
from .gguf import of_gguf
from .gguf_files import is_gguf
from .onnx import of_onnx_reranker
from .onnx_asr_files import of_onnx_asr
from .repo_files import RepoFiles
from .values import Values, card_values

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib")
_WHISPER = ("model.bin", "config.json", "tokenizer.json")
_MAX_NAMES = 6
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def recognize(repo: RepoFiles, modality: str = "", builds: Builds | None = None) -> Values:
    """Return the fields of the card that only the files tell.

    `modality` decides where a model can do two things; "": the one that uses all of it. `builds` of
    llama.cpp say what they know. Raises: UnsupportedInputError saying why not, and what to look for.
    """
    gguf = partial(_gguf, builds=builds or Builds())
    readers = (gguf, _whisper, of_onnx_asr, _piper, _kokoro, of_onnx_reranker, _safetensors)
    for reader in readers:
        values = reader(repo, modality)
        if values is not None:
            return values
    raise _refusal(repo)


Reader = Callable[[RepoFiles, str], Values | None]


def _gguf(repo: RepoFiles, modality: str, *, builds: Builds) -> Values | None:
    names = [repo.chosen] if repo.chosen else list(repo.files)
    return of_gguf(repo, modality, builds) if any(map(is_gguf, names)) else None


def _whisper(repo: RepoFiles, _modality: str) -> Values | None:
    """A Whisper that was converted to CTranslate2: its configuration names no architecture."""
    if repo.chosen not in ("", "model.bin") or not all(name in repo.files for name in _WHISPER):
        return None
    config = repo.json("config.json")
    if "architectures" in config or not (
        {"alignment_heads", "lang_ids", "suppress_ids"} & set(config)
    ):
        return None
    beside = [
        name
        for name in repo.files
        if name == "preprocessor_config.json" or name.startswith("vocabulary.")
    ]
    return card_values(
        repo,
        modality="stt",
        engine="fasterwhisper",
        files=[*_WHISPER, *beside],
        quantization="int8",
        parameters_m=round(repo.size("model.bin") / 2e6, 1),
        weights_bytes=repo.size("model.bin") // 2,
        languages=("en",) if len(config.get("lang_ids", ())) == 1 else (),
    )


def _piper(repo: RepoFiles, _modality: str) -> Values | None:
    voices = [name for name in repo.files if f"{name}.json" in repo.files]
    voices = [name for name in voices if name.endswith(".onnx") and repo.chosen in ("", name)]
    if not voices:
        return None
    if len(voices) > 1:
        raise _several(repo, voices)
    config = repo.json(f"{voices[0]}.json")
    if "phoneme_id_map" not in config:
        return None
    language = str((config.get("language") or {}).get("family") or "")
    code = language or str((config.get("espeak") or {}).get("voice", ""))[:2]
    return card_values(
        repo,
        modality="tts",
        engine="piper",
        files=[voices[0], f"{voices[0]}.json"],
        parameters_m=round(repo.size(voices[0]) / 4e6, 1),
        weights_bytes=repo.size(voices[0]),
        languages=(code,) if _LANGUAGE.fullmatch(code) else (),
    )


def _kokoro(repo: RepoFiles, _modality: str) -> Values | None:
    models = [name for name in repo.files if re.search(r"kokoro.*\.onnx$", name)]
    voices = [name for name in repo.files if re.search(r"voices[^/]*\.bin$", name)]
    models = [name for name in models if repo.chosen in ("", name)]
    if not models or not voices:
        return None
    if len(models) > 1:
        raise _several(repo, models)
    return card_values(
        repo,
        modality="tts",
        engine="kokoro",
        files=[models[0], voices[0]],
        parameters_m=82,
        weights_bytes=repo.size(models[0]),
    )


def _safetensors(repo: RepoFiles, modality: str) -> Values | None:
    names = [name for name in repo.files if name.endswith(".safetensors")]
    is_chosen = not repo.chosen or repo.chosen.endswith((".safetensors", "config.json"))
    if not names or not is_chosen:
        return None
    if "config.json" not in repo.files:
        raise UnsupportedInputError(
            f"{repo.place} has weights, but no config.json that says what they are.",
            "Give the folder or repository as its makers published it.",
        )
    return of_config(repo, modality)


def _several(repo: RepoFiles, names: Sequence[str]) -> UnsupportedInputError:
    shown = ", ".join(names[:_MAX_NAMES])
    return UnsupportedInputError(
        f"{repo.place} has {len(names)} models: {shown}{' …' if len(names) > _MAX_NAMES else ''}.",
        f"Name one of them: {repo.place}:{names[0]}",
    )


def _refusal(repo: RepoFiles) -> UnsupportedInputError:
    names: list[str] = [repo.chosen] if repo.chosen else list(repo.files)
    pickles = [name for name in names if name.endswith(PICKLES)]
    kind: Any = repo.json("config.json").get("model_type", "") if not repo.chosen else ""
    what = f" ({kind})" if kind else ""
    if pickles:
        return UnsupportedInputError(
            f"{repo.place}{what} has its weights only as {pickles[0]}, a format that can run code "
            "when it is opened, so it is not used.",
            "Look for the same model as GGUF or safetensors.",
        )
    shown = ", ".join(names[:_MAX_NAMES]) or "no files"
    return UnsupportedInputError(
        f"Nothing in {repo.place} is a model that is known here: {shown}.",
        "Look for a GGUF file, safetensors with config.json, a reranker as ONNX with tokenizer.json, a "
        "faster-whisper folder, a Parakeet as ONNX for onnx-asr or a Piper voice (.onnx with .onnx.json).",
    )
