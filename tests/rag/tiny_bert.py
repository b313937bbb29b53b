"""Tiny models of BERT's kind, made by the tests: a tokenizer of whole words, and a reranker."""

from __future__ import annotations

import json
import re
from pathlib import Path

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def write_tokenizer(folder: Path, text: str) -> int:
    """Write a WordPiece tokenizer that knows the text's words and all letters; return its size."""
    from transformers import BertTokenizer

    words = sorted(set(re.findall(r"[a-z]+|[0-9]", text.lower())))
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,;:!?'-"
    pieces = [*SPECIAL_TOKENS, *letters, *(f"##{letter}" for letter in letters), *words]
    vocabulary = list(dict.fromkeys(pieces))
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    vocab = {token: number for number, token in enumerate(vocabulary)}
    BertTokenizer(vocab=vocab).save_pretrained(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    return len(vocabulary)
