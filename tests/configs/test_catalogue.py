"""Model cards are checked when they are read."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from configs.catalogue import CARDS_DIR, load_catalogue
from configs.errors import ConfigError
from configs.settings import load_settings
from workers.registry import WORKERS


def copy_of(folder: Path, card: str, **changes: object) -> Path:
    content = yaml.safe_load((CARDS_DIR / f"{card}.yaml").read_text())
    path = folder / f"{card}.yaml"
    path.write_text(yaml.safe_dump({**content, **changes}))
    return path


def test_every_card_names_a_known_engine_and_a_licence() -> None:
    for card in load_catalogue().values():
        assert card.engine in WORKERS[card.modality]
        assert card.license
        assert bool(card.weight_file) != card.source.startswith("remote:")


def test_the_defaults_name_cards_of_their_modality() -> None:
    catalogue = load_catalogue()
    workers = load_settings("cpu").workers
    for modality in ("text", "stt", "tts", "vision", "rag"):
        assert catalogue[getattr(workers, modality).model].modality == modality


def test_a_misspelled_key_is_told_with_the_file(tmp_path: Path) -> None:
    copy_of(tmp_path, "smollm2-135m-instruct", licence="MIT")
    with pytest.raises(
        ConfigError, match=r"smollm2.*unknown key 'licence', did you mean 'license'"
    ):
        load_catalogue(tmp_path)


def test_a_checksum_that_is_none_is_refused(tmp_path: Path) -> None:
    copy_of(tmp_path, "smollm2-135m-instruct", files={"a.gguf": "abc"})
    with pytest.raises(ConfigError, match="files"):
        load_catalogue(tmp_path)


def test_two_cards_with_one_id_are_refused(tmp_path: Path) -> None:
    copy_of(tmp_path, "smollm2-135m-instruct")
    copy_of(tmp_path, "whisper-tiny-en", id="smollm2-135m-instruct")
    with pytest.raises(ConfigError, match="already taken"):
        load_catalogue(tmp_path)
