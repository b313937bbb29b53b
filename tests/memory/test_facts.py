"""What is known of a model: from its files, else from its card, never an error."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from configs.catalogue import ModelCard, load_catalogue
from configs.errors import ConfigError
from tests.coder import coder_card
from workers.models.facts.gguf_model import gguf_model_facts
from workers.models.facts.safetensors_header import safetensors_facts
from workers.models.weights import find_folder
from workers.pool.memory.facts import BYTES_PER_WEIGHT, facts_of_card, read_facts

CARDS = load_catalogue()
SMOL = CARDS["smollm2-135m-instruct"]
PACKAGED = [
    "smollm2-135m-instruct",
    "whisper-tiny-en",
    "piper-en-us-joe-medium",
    "ppocr-v6-small",
    "all-minilm-l6-v2",
]
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "hidden_size": 32,
    "intermediate_size": 64,
    "vocab_size": 100,
    "max_position_embeddings": 512,
}


def card_of(folder: Path, *files: str, **values: Any) -> ModelCard:
    return ModelCard.model_validate(
        {
            "id": "mine",
            "name": "Mine",
            "modality": "text",
            "engine": "transformers",
            "source": f"path:{folder}",
            "files": dict.fromkeys(files),
            "license": "MIT",
            "license_url": "",
            "origin": "tests",
            "parameters_m": 7,
            "memory_mib": 100,
            **values,
        }
    )


def save_model(folder: Path, name: str = "model.safetensors", **tensors: tuple[int, ...]) -> Path:
    path = folder / name
    shapes = {key.replace("__", "."): shape for key, shape in tensors.items()}
    save_file({key: np.zeros(shape, np.float16) for key, shape in shapes.items()}, str(path))
    return path


def test_a_gguf_says_its_shape_and_every_byte(tmp_path: Path) -> None:
    facts = read_facts(SMOL, tmp_path)
    assert facts.is_from_files
    assert facts.architecture == "llama"
    assert facts.num_layers == 30
    assert (facts.hidden_size, facts.feed_forward_size, facts.vocab_size) == (576, 1536, 49152)
    assert facts.context_length == 8192
    assert facts.kv_values_per_token == 2 * 30 * 3 * 64
    size = (find_folder(SMOL, tmp_path) / SMOL.weight_file).stat().st_size
    assert 0.97 * size < facts.total_bytes < size
    assert set(facts.weights_bytes) == {"F32", "Q4_1", "Q8_0"}
    assert facts.linear_elements + facts.other_elements == pytest.approx(134.5e6, rel=0.01)


@pytest.mark.coder
def test_the_vocabulary_is_counted_where_the_metadata_does_not_say_it(tmp_path: Path) -> None:
    facts = read_facts(coder_card(), tmp_path)
    assert facts.vocab_size == 151936
    assert facts.kv_values_per_token == 2 * 24 * 2 * 64
    assert facts.weights_bytes["Q4_K"] > 0


@pytest.mark.parametrize("model_id", PACKAGED)
def test_every_packaged_model_is_read_from_its_files(model_id: str, tmp_path: Path) -> None:
    facts = read_facts(CARDS[model_id], tmp_path)
    assert facts.is_from_files
    assert facts.total_bytes > 1 << 20


def test_every_card_that_is_not_here_says_enough_to_reckon_with(tmp_path: Path) -> None:
    for card in CARDS.values():
        if not card.is_remote:
            assert read_facts(card, tmp_path).total_bytes > 0, card.id


def test_a_card_is_reckoned_by_download_else_by_parameters_and_quantisation(tmp_path: Path) -> None:
    by_quantization = card_of(tmp_path, quantization="q8_0", parameters_m=100)
    assert facts_of_card(by_quantization).total_bytes == int(1e8 * BYTES_PER_WEIGHT["q8_0"])
    by_download = card_of(tmp_path, quantization="q8_0", parameters_m=100, download_mib=333)
    assert facts_of_card(by_download).total_bytes == 333 << 20
    assert not facts_of_card(by_download).is_from_files


def test_safetensors_and_config_say_what_quantising_would_shrink(tmp_path: Path) -> None:
    save_model(
        tmp_path,
        model__embed_tokens__weight=(100, 32),
        model__layers__0__mlp__up_proj__weight=(64, 32),
        model__layers__0__norm__weight=(32,),
        model__vision_tower__fc__weight=(16, 16),
        lm_head__weight=(100, 32),
    )
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    facts = read_facts(card_of(tmp_path, "model.safetensors", "config.json"), tmp_path)
    assert facts.is_from_files
    assert facts.linear_elements == 64 * 32 + 16 * 16
    assert facts.other_elements == 100 * 32 * 2 + 32
    assert facts.weights_bytes == {"F16": 2 * (100 * 32 * 2 + 64 * 32 + 32)}
    assert facts.projector_bytes == 2 * 16 * 16
    assert (facts.num_layers, facts.whole_kv_values) == (2, 2 * 2 * 2 * 8)


def test_pieces_that_an_index_names_are_added_up(tmp_path: Path) -> None:
    save_model(tmp_path, "model-1.safetensors", a__weight=(10, 10))
    save_model(tmp_path, "model-2.safetensors", b__weight=(20, 10))
    index = {"weight_map": {"a.weight": "model-1.safetensors", "b.weight": "model-2.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    facts = read_facts(card_of(tmp_path), tmp_path)
    assert facts.total_bytes == 2 * (100 + 200)
    named = card_of(tmp_path, "model-1.safetensors", "model-2.safetensors")
    assert read_facts(named, tmp_path).total_bytes == facts.total_bytes


def test_a_model_that_sees_names_its_shape_in_a_section_of_its_own(tmp_path: Path) -> None:
    vision = {"image_size": 48, "patch_size": 8}
    config = {"architectures": ["Llava"], "text_config": CONFIG, "vision_config": vision}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_model(tmp_path, a__weight=(10, 10))
    facts = read_facts(card_of(tmp_path, "model.safetensors"), tmp_path)
    assert facts.image_tokens == 36
    assert facts.num_layers == 2


def test_sliding_layers_are_distinguished_from_whole_ones(tmp_path: Path) -> None:
    kinds = ["sliding_attention", "full_attention"]
    config = {**CONFIG, "sliding_window": 128, "layer_types": kinds}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_model(tmp_path, a__weight=(10, 10))
    facts = read_facts(card_of(tmp_path, "model.safetensors"), tmp_path)
    assert facts.sliding_window == 128
    assert facts.sliding_kv_values == facts.whole_kv_values > 0


def test_recurrent_layers_leave_no_keys_and_values(tmp_path: Path) -> None:
    config = {**CONFIG, "layer_types": ["linear_attention", "full_attention"]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_model(tmp_path, a__weight=(10, 10))
    card = card_of(tmp_path, "model.safetensors")
    hybrid = read_facts(card, tmp_path).kv_values_per_token
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    assert 2 * hybrid == read_facts(card, tmp_path).kv_values_per_token


@pytest.mark.parametrize(
    "config", ["", "[]", "null", "{", '{"num_hidden_layers": "many", "vocab_size": -4}', "\x00"]
)
def test_an_odd_config_gives_fewer_facts(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    save_model(tmp_path, a__weight=(10, 10))
    facts = read_facts(card_of(tmp_path, "model.safetensors"), tmp_path)
    assert facts.total_bytes == 200
    assert facts.num_layers == 0


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00" * 7, struct.pack("<Q", 1 << 62), struct.pack("<Q", 4) + b"{}{}",
     struct.pack("<Q", 10) + b'{"a": [1]}', struct.pack("<Q", 2) + b"[]",
     struct.pack("<Q", 37) + b'{"a":{"data_offsets":1,"shape":[2.5]}}'],
)  # fmt: skip
def test_a_damaged_safetensors_falls_back_to_the_card(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.safetensors").write_bytes(content)
    facts = read_facts(card_of(tmp_path, "model.safetensors", download_mib=5), tmp_path)
    assert facts.total_bytes == 5 << 20
    assert not facts.is_from_files


def test_damaged_headers_raise_nothing_but_what_is_said(tmp_path: Path) -> None:
    chance = random.Random(3)
    whole = save_model(tmp_path, a__weight=(10, 10), b__weight=(4, 4)).read_bytes()
    path = tmp_path / "damaged.safetensors"
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[chance.randrange(0, 150)] = chance.randrange(256)
        path.write_bytes(damaged)
        read_facts(card_of(tmp_path, path.name), tmp_path)
        try:
            facts = safetensors_facts(path)
        except ConfigError:
            continue
        assert facts.linear_elements + facts.other_elements >= 0


def test_damaged_gguf_files_fall_back_to_the_card(tmp_path: Path) -> None:
    with (find_folder(SMOL, tmp_path) / SMOL.weight_file).open("rb") as file:
        start = file.read(6000)
    chance = random.Random(5)
    path = tmp_path / "damaged.gguf"
    card = card_of(tmp_path, path.name, engine="llamacpp", download_mib=7)
    for _ in range(200):
        damaged = bytearray(start[: chance.randrange(30, len(start))])
        damaged[chance.randrange(24, len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        assert read_facts(card, tmp_path).total_bytes == 7 << 20


def test_a_file_that_was_written_anew_is_read_anew(tmp_path: Path) -> None:
    card = card_of(tmp_path, "model.safetensors")
    save_model(tmp_path, a__weight=(10, 10))
    assert read_facts(card, tmp_path).total_bytes == 200
    save_model(tmp_path, a__weight=(10, 30))
    assert read_facts(card, tmp_path).total_bytes == 600


def test_a_gguf_of_layers_that_differ_counts_each(tmp_path: Path) -> None:
    from gguf import GGUFWriter

    path = tmp_path / "hybrid.gguf"
    writer = GGUFWriter(path, "lfm2")
    writer.add_block_count(4)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    writer.add_head_count_kv([0, 2, 0, 2])
    writer.add_tensor("token_embd.weight", np.zeros((50, 64), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    facts = gguf_model_facts(path)
    assert facts.whole_kv_values == 4 * (16 + 16)
    assert facts.recurrent_bytes == 0
    assert facts.vocab_size == 50
    assert facts.weights_bytes == {"F32": 50 * 64 * 4}
