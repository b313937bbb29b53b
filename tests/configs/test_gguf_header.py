"""The header of a GGUF file, read without its vocabulary."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from configs.errors import ConfigError
from workers.models.facts.gguf_header import read_gguf_header
from workers.models.weights import find_folder


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    card = load_catalogue()["smollm2-135m-instruct"]
    return find_folder(card, tmp_path_factory.mktemp("data")) / card.weight_file


def test_the_packaged_model_says_what_it_is(weights: Path) -> None:
    header = read_gguf_header(weights)
    assert header["general.architecture"] == "llama"
    assert header["llama.context_length"] == 8192
    assert header["llama.block_count"] == 30
    assert "<|im_start|>" in str(header["tokenizer.chat_template"])
    assert "tokenizer.ggml.tokens" not in header


def test_what_is_no_gguf_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"MZ" + bytes(100))
    with pytest.raises(ConfigError, match=r"model\.gguf is not a GGUF file"):
        read_gguf_header(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_gguf_header(tmp_path / "none.gguf")


def test_a_damaged_file_never_raises_anything_else(weights: Path, tmp_path: Path) -> None:
    chance = random.Random(7)
    with weights.open("rb") as file:
        start = file.read(4000)
    path = tmp_path / "damaged.gguf"
    for _ in range(400):
        damaged = bytearray(start[: chance.randrange(30, len(start))])
        for _ in range(3):
            damaged[chance.randrange(24, len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        with pytest.raises(ConfigError):
            read_gguf_header(path)
