"""Model cards are checked when they are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from configs.catalogue import CARDS_DIR, ModelCard, load_catalogue
from configs.errors import ConfigError
from configs.settings import load_settings
from tests.running import ROOT
from workers.specs.spec import spec_of

NOTICE = (ROOT / "THIRD_PARTY.md").read_text("utf-8")
HERE = [card for card in load_catalogue().values() if not card.is_remote]
DOWNLOADS = [card for card in HERE if card.source.startswith(("hf:", "url:"))]
NAMED_BY_OLDER_SYSTEMS = (
    "mistral-7b-instruct-v0.1-gptq", "mistral-7b-instruct-v0.1", "mistral-7b-instruct-v0.2",
    "mistral-7b-instruct-v0.2-awq", "mistral-7b-instruct-v0.2-code-ft", "yarn-mistral-7b-128k",
    "llama-2-7b-chat", "llama-2-7b-chat-hf", "vicuna-7b-v1.5", "vicuna-13b-v1.5",
    "airoboros-mistral2.2-7b", "orca-mini-3b-gguf2-q4_0", "phi-2", "deepseek-coder-6.7b-instruct-hf",
    "llava-1.5-7b", "whisper-tiny", "whisper-base", "whisper-small",
    "whisper-medium", "whisper-large-v3", "whisper-large-v3-hf", "xtts-2", "bge-micro-v2",
    "all-minilm-l6-v2", "multi-qa-mpnet-base-dot-v1", "gpt-4", "claude2-100k",
)  # fmt: skip
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")


def copy_of(folder: Path, card: str, **changes: object) -> Path:
    content = yaml.safe_load((CARDS_DIR / f"{card}.yaml").read_text())
    path = folder / f"{card}.yaml"
    path.write_text(yaml.safe_dump({**content, **changes}))
    return path


def test_every_card_names_a_known_engine_and_a_licence() -> None:
    for card in load_catalogue().values():
        assert spec_of(card) is not None
        assert card.license
        assert bool(card.weight_file) != card.is_remote


def test_the_defaults_name_cards_of_their_modality() -> None:
    catalogue = load_catalogue()
    workers = load_settings("cpu").workers
    for modality in ("text", "stt", "tts", "vision", "rag"):
        for model_id in getattr(workers, modality).model:
            assert catalogue[model_id].modality == modality


def test_a_misspelled_key_is_reported_with_the_file(tmp_path: Path) -> None:
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


def test_what_older_systems_name_has_a_card() -> None:
    assert [name for name in NAMED_BY_OLDER_SYSTEMS if name not in load_catalogue()] == []


@pytest.mark.parametrize("card", DOWNLOADS, ids=lambda card: card.id)
def test_a_download_is_in_the_notice_and_says_its_size(card: ModelCard) -> None:
    rows = [line for line in NOTICE.splitlines() if line.startswith(f"| `{card.id}` |")]
    assert len(rows) == 1
    assert card.license in rows[0]
    assert card.license_url in rows[0]
    assert (f"**{card.license}**" in rows[0]) == card.license_restricted
    assert card.download_mib > 0


@pytest.mark.parametrize("card", HERE, ids=lambda card: card.id)
def test_a_language_model_says_its_shape(card: ModelCard) -> None:
    has_words = card.modality in ("text", "vision") and card.engine != "rapidocr"
    assert card.shape is not None or not has_words
    if card.shape is not None:
        assert card.shape.num_heads % card.shape.num_kv_heads == 0
        assert card.context_length > 0
        assert card.quantization != "none"


@pytest.mark.parametrize("card", HERE, ids=lambda card: card.id)
def test_a_card_says_when_it_was_checked_and_its_sizes_agree(card: ModelCard) -> None:
    assert re.match(r"2026-\d\d, ", card.checked)
    if set(card.file_bytes) == set(card.files):
        assert card.download_mib == -(-sum(card.file_bytes.values()) >> 20)


def test_every_local_model_of_text_says_whether_it_thinks() -> None:
    assert [card.id for card in HERE if card.modality == "text" and card.thinks is None] == []
    claude = [card for card in load_catalogue().values() if card.engine == "claude"]
    assert {card.thinks for card in claude} == {"never"}  # its engine asks for no thoughts
    assert [card.id for card in HERE if card.sampling_thinking and card.thinks == "never"] == []


def test_what_is_superseded_is_never_recommended_and_the_recommended_are_few() -> None:
    assert [card.id for card in HERE if card.is_old and card.recommended] == []
    for modality in ("text", "stt", "tts", "vision", "rag"):
        chosen = [c for c in HERE if c.modality == modality and c.recommended]
        assert len(chosen) <= 6, modality
        assert not any(c.license_restricted for c in chosen)


@pytest.mark.parametrize("card", DOWNLOADS, ids=lambda card: card.id)
def test_no_card_asks_for_a_pickle(card: ModelCard) -> None:
    """CTranslate2's and Kokoro's files only have the suffix; XTTS-2 is read as weights alone."""
    allowed = {
        "fasterwhisper": ["model.bin"],
        "kokoro": ["voices-v1.0.bin"],
        "coqui": ["model.pth", "speakers_xtts.pth"],
    }
    pickles = [name for name in card.files if name.endswith(PICKLES)]
    assert pickles == allowed.get(card.engine, [])


def test_every_modality_has_a_free_choice_for_eight_gigabytes() -> None:
    for modality in ("text", "stt", "tts", "vision", "rag"):
        assert [
            card
            for card in DOWNLOADS
            if card.modality == modality
            and not card.license_restricted
            and card.memory_mib <= 6 * 1024
        ]
