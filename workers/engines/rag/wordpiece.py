"""The tokenizer of a GGUF embedder, rebuilt from the vocabulary in the file.

llama.cpp spells a WordPiece vocabulary its own way (words marked, not their pieces) and lower-cases
every text; see `minilm.py` for the way there.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from workers.messages.errors import LoadError
from workers.models.facts.gguf import gguf_facts

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_WORD_START = "\u2581"
_KIND = "bert"


def tokenizer_of(path: Path) -> Tokenizer:
    """Return the tokenizer. Raises: LoadError if the file has another kind of vocabulary."""
    from gguf import GGUFReader

    if gguf_facts(path).tokenizer != _KIND:
        raise LoadError(
            f"The embedding model {path.name} has no WordPiece vocabulary.",
            hint="Use a GGUF of a BERT model, such as all-MiniLM-L6-v2.",
        )
    return build(list(GGUFReader(path).fields["tokenizer.ggml.tokens"].contents()))


def build(tokens: list[str]) -> Tokenizer:
    """Return the tokenizer of a vocabulary as llama.cpp spells it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    vocabulary = {_spelled(token): number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"])
    )
    return tokenizer


def _spelled(token: str) -> str:
    if token.startswith("[") and token.endswith("]"):
        return token
    return token[1:] if token.startswith(_WORD_START) else f"##{token}"
