"""From the files on a shelf to what a card says of them. Pure: reads only through the shelf."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from workers.messages.errors import UnsupportedInputError

from .architectures import of_config
from .gguf import is_gguf, of_gguf
from .repo_files import Shelf
from .values import Values, card_values

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib")
_WHISPER = ("model.bin", "config.json", "tokenizer.json")
_MAX_NAMES = 6
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def recognize(shelf: Shelf, modality: str = "") -> Values:
    """Return the fields of the card that only the files tell.

    `modality` decides where a model can do two things; "": the one that uses all of it. Raises:
    UnsupportedInputError saying why not, and what to look for.
    """
    for reader in (_gguf, _whisper, _piper, _kokoro, _safetensors):
        values = reader(shelf, modality)
        if values is not None:
            return values
    raise _refusal(shelf)


Reader = Callable[[Shelf, str], Values | None]


def _gguf(shelf: Shelf, modality: str) -> Values | None:
    names = [shelf.chosen] if shelf.chosen else list(shelf.books)
    return of_gguf(shelf, modality) if any(map(is_gguf, names)) else None


def _whisper(shelf: Shelf, _modality: str) -> Values | None:
    """A Whisper that was converted to CTranslate2: its configuration names no architecture."""
    if shelf.chosen not in ("", "model.bin") or not all(name in shelf.books for name in _WHISPER):
        return None
    config = shelf.json("config.json")
    if "architectures" in config or not (
        {"alignment_heads", "lang_ids", "suppress_ids"} & set(config)
    ):
        return None
    beside = [
        name
        for name in shelf.books
        if name == "preprocessor_config.json" or name.startswith("vocabulary.")
    ]
    return card_values(
        shelf,
        modality="stt",
        engine="fasterwhisper",
        files=[*_WHISPER, *beside],
        quantization="int8",
        parameters_m=round(shelf.size("model.bin") / 2e6, 1),
        weights_bytes=shelf.size("model.bin") // 2,
        languages=("en",) if len(config.get("lang_ids", ())) == 1 else (),
    )


def _piper(shelf: Shelf, _modality: str) -> Values | None:
    voices = [name for name in shelf.books if f"{name}.json" in shelf.books]
    voices = [name for name in voices if name.endswith(".onnx") and shelf.chosen in ("", name)]
    if not voices:
        return None
    if len(voices) > 1:
        raise _several(shelf, voices)
    config = shelf.json(f"{voices[0]}.json")
    if "phoneme_id_map" not in config:
        return None
    language = str((config.get("language") or {}).get("family") or "")
    code = language or str((config.get("espeak") or {}).get("voice", ""))[:2]
    return card_values(
        shelf,
        modality="tts",
        engine="piper",
        files=[voices[0], f"{voices[0]}.json"],
        parameters_m=round(shelf.size(voices[0]) / 4e6, 1),
        weights_bytes=shelf.size(voices[0]),
        languages=(code,) if _LANGUAGE.fullmatch(code) else (),
    )


def _kokoro(shelf: Shelf, _modality: str) -> Values | None:
    models = [name for name in shelf.books if re.search(r"kokoro.*\.onnx$", name)]
    voices = [name for name in shelf.books if re.search(r"voices[^/]*\.bin$", name)]
    models = [name for name in models if shelf.chosen in ("", name)]
    if not models or not voices:
        return None
    if len(models) > 1:
        raise _several(shelf, models)
    return card_values(
        shelf,
        modality="tts",
        engine="kokoro",
        files=[models[0], voices[0]],
        parameters_m=82,
        weights_bytes=shelf.size(models[0]),
    )


def _safetensors(shelf: Shelf, modality: str) -> Values | None:
    names = [name for name in shelf.books if name.endswith(".safetensors")]
    is_chosen = not shelf.chosen or shelf.chosen.endswith((".safetensors", "config.json"))
    if not names or not is_chosen:
        return None
    if "config.json" not in shelf.books:
        raise UnsupportedInputError(
            f"{shelf.place} has weights, but no config.json that says what they are.",
            "Give the folder or repository as its makers published it.",
        )
    return of_config(shelf, modality)


def _several(shelf: Shelf, names: Sequence[str]) -> UnsupportedInputError:
    shown = ", ".join(names[:_MAX_NAMES])
    return UnsupportedInputError(
        f"{shelf.place} has {len(names)} models: {shown}{' …' if len(names) > _MAX_NAMES else ''}.",
        f"Name one of them: {shelf.place}:{names[0]}",
    )


def _refusal(shelf: Shelf) -> UnsupportedInputError:
    names: list[str] = [shelf.chosen] if shelf.chosen else list(shelf.books)
    pickles = [name for name in names if name.endswith(PICKLES)]
    kind: Any = shelf.json("config.json").get("model_type", "") if not shelf.chosen else ""
    what = f" ({kind})" if kind else ""
    if pickles:
        return UnsupportedInputError(
            f"{shelf.place}{what} has its weights only as {pickles[0]}, a format that can run code "
            "when it is opened, so it is not used.",
            "Look for the same model as GGUF or safetensors.",
        )
    shown = ", ".join(names[:_MAX_NAMES]) or "no files"
    return UnsupportedInputError(
        f"Nothing in {shelf.place} is a model that is known here: {shown}.",
        "Look for a GGUF file, safetensors with config.json, a faster-whisper folder or a Piper "
        "voice (.onnx with .onnx.json).",
    )
