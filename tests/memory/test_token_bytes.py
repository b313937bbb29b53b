"""What a token reads of a model's weights, by its files: without what is looked up, and experts that rest."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from workers.models.facts.gguf_model import gguf_model_facts
from workers.pool.memory.facts import read_facts

F32 = 0
UINT32, STRING = 4, 8


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def gguf(path: Path, numbers: dict[str, int], tensors: dict[str, tuple[int, ...]]) -> Path:
    """Write a file of float32 tensors; their values do not matter."""
    keys = [text("general.architecture") + struct.pack("<I", STRING) + text("moe")]
    keys += [text(f"moe.{name}") + struct.pack("<II", UINT32, n) for name, n in numbers.items()]
    listed, offset = [], 0
    for name, shape in tensors.items():
        place = struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, F32, offset)
        listed.append(text(name) + place)
        offset += 4 * int.__mul__(*shape) if len(shape) == 2 else 4 * shape[0] * shape[1] * shape[2]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    path.write_bytes(head + b"".join([*keys, *listed]) + bytes(offset + 64))
    return path


EXPERTS = {"expert_count": 8, "expert_used_count": 2, "block_count": 1, "embedding_length": 16}
LAYER = {"blk.0.attn_q.weight": (16, 16), "blk.0.ffn_up_exps.weight": (16, 32, 8)}


@pytest.mark.parametrize(
    ("head", "read"),
    [
        # The table of 16 × 100 words is the head, too: 4 × (1600 + 256 + 2 of 8 × 512).
        ({}, 4 * (1600 + 256 + 1024)),
        # It is only looked up; the head of its own is read.
        ({"output.weight": (16, 100)}, 4 * (1600 + 256 + 1024)),
    ],
)
def test_experts_that_rest_and_words_that_are_looked_up_are_not_read(
    tmp_path: Path, head: dict[str, tuple[int, ...]], read: int
) -> None:
    tensors = {"token_embd.weight": (16, 100), **head, **LAYER}
    facts = gguf_model_facts(gguf(tmp_path / "model.gguf", EXPERTS, tensors))
    assert facts.token_bytes == {"F32": read}
    assert facts.total_bytes == 4 * (1600 * len([1, *head]) + 256 + 4096)


def test_a_model_that_is_not_here_is_read_as_large_as_its_card_says(tmp_path: Path) -> None:
    card = load_catalogue()["qwen3-4b"]
    facts = read_facts(card, tmp_path)
    assert facts.token_bytes == {card.quantization: facts.total_bytes}
