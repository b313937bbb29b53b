"""Ollama's folder: manifests that name layers, and blobs by their SHA-256.

    manifests/registry.ollama.ai/library/llama3.2/1b    JSON: a digest, size and kind of each layer
    blobs/sha256-…                                      a layer's content

Only the GGUF layers are used: the model, and its projector. Templates, parameters and system prompts are
Ollama's own dialect of what the GGUF says itself, so they are left, and that is said. Whatever makes no
sense is left out: the files are another program's, perhaps half written.

Source: Ollama's manifest/manifest.go, types/model/name.go and server/images.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from configs.errors import ConfigError
from configs.small_files import read_json
from workers.models.walk import walk

from .model import FoundFile, FoundModel

PROGRAM, PREFIX = "Ollama", "ollama:"
MAX_DEPTH = 4
"""Host, namespace, model; the tag is a file."""
MAX_LAYERS = 100
_KIND = "application/vnd.ollama.image."
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_HOST, _NAMESPACE = "registry.ollama.ai", "library"
_IGNORED = {"template": "template", "params": "parameters", "system": "system prompt"}


def find_ollama(root: Path) -> Iterator[FoundModel]:
    """Yield the models in one of Ollama's folders; none if it is not there."""
    manifests = root / "manifests"
    if not manifests.is_dir():
        return
    for name in sorted(walk(manifests, max_depth=MAX_DEPTH, links_out=False).files):
        found = _model(root, PurePosixPath(name))
        if found is not None:
            yield found


def _model(root: Path, place: PurePosixPath) -> FoundModel | None:
    """Return the model of one manifest; None if it cannot be used: a part is missing, or it is an adapter."""
    if len(place.parts) != MAX_DEPTH:
        return None
    try:
        manifest = read_json(root / "manifests" / place)
    except (ConfigError, OSError):
        return None
    layers = _layers(manifest)
    kinds = [kind for kind, _ in layers]
    if kinds.count("model") != 1 or kinds.count("projector") > 1 or "adapter" in kinds:
        return None
    name = _name(place)
    plain = re.sub(r"[^\w.-]", "-", name)
    called = {"model": f"{plain}.gguf", "projector": f"mmproj-{plain}.gguf"}
    files: dict[str, FoundFile] = {}
    for kind, layer in sorted(layers, key=lambda pair: pair[0]):
        if kind in called:
            file = _blob(root, layer)
            if file is None:
                return None
            files[called[kind]] = file
    ignored = [words for kind, words in _IGNORED.items() if kind in kinds]
    return FoundModel(name=PREFIX + name, program=PROGRAM, files=files, note=_note(ignored))


def _note(ignored: Sequence[str]) -> str:
    if not ignored:
        return ""
    return f"Ollama's {' and '.join(ignored)} are not used: what the GGUF file says itself is."


def _name(place: PurePosixPath) -> str:
    """Return the name as Ollama writes it: without its own host and namespace."""
    host, namespace, model, tag = place.parts
    short = model if namespace == _NAMESPACE else f"{namespace}/{model}"
    return f"{short}:{tag}" if host == _HOST else f"{host}/{namespace}/{model}:{tag}"


def _layers(manifest: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the layers of Ollama's kinds; nothing of what is no manifest."""
    listed = manifest.get("layers") if isinstance(manifest, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_LAYERS:
        return []
    kinds = ((str(layer.get("mediaType")), layer) for layer in listed if isinstance(layer, dict))
    return [(kind[len(_KIND) :], layer) for kind, layer in kinds if kind.startswith(_KIND)]


def _blob(root: Path, layer: Mapping[str, Any]) -> FoundFile | None:
    """Return a layer's content; None if it is not there, not a file, or not of its size."""
    digest = _DIGEST.fullmatch(str(layer.get("digest")))
    if digest is None:
        return None
    path = root / "blobs" / f"sha256-{digest[1]}"
    try:
        size = path.stat().st_size
    except OSError:
        return None
    if not path.is_file() or size != layer.get("size"):
        return None
    return FoundFile(path=path, size=size, sha256=digest[1])
