"""A BERT sentence embedder as safetensors → the same model as one GGUF file.

Knows tensor names and file formats; runs no model. The file is made once, named by the SHA-256 of
its source, and moved into place when complete, so that a killed conversion leaves no half model.
Source: the GGUF specification; architecture "bert" with mean pooling.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gguf import GGUFWriter, PoolingType

_VERSION = 1
"""Part of the file name; raise it when the conversion changes."""
_SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_WORD_START = "\u2581"


def converted_path(folder: Path, source_sha256: str, data_dir: Path) -> Path:
    """Return the GGUF of the model in `folder`, converting it if that was not done before.

    Raises: KeyError, ValueError or OSError where the source is not a BERT model or the disk is full.
    """
    target = data_dir / "converted" / f"{source_sha256}-f16-{_VERSION}.gguf"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}.part")
    try:
        _convert(folder, unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def _convert(folder: Path, target: Path) -> None:
    import gguf

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config.get("model_type") != "bert":
        raise ValueError(f"expected a BERT model, found {config.get('model_type')!r}")
    logging.getLogger("gguf").setLevel(logging.WARNING)  # it reports every file it writes
    writer = gguf.GGUFWriter(target, "bert")
    add_hyperparameters(writer, config, gguf.PoolingType.MEAN)
    add_vocabulary(writer, (folder / "vocab.txt").read_text(encoding="utf-8").splitlines())
    _add_tensors(writer, folder, config["num_hidden_layers"])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def add_hyperparameters(writer: GGUFWriter, config: dict[str, Any], pooling: PoolingType) -> None:
    """Write what BERT's `config.json` says of its layers."""
    import gguf

    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(pooling)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_token_type_count(config["type_vocab_size"])


def add_vocabulary(writer: GGUFWriter, vocabulary: list[str]) -> None:
    """Write the WordPiece tokens the way llama.cpp spells them: words marked, not their pieces."""
    import gguf

    def spelled(token: str) -> str:
        if token.startswith("[") and token.endswith("]"):
            return token
        return token[2:] if token.startswith("##") else _WORD_START + token

    kinds = gguf.TokenType
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([spelled(token) for token in vocabulary])
    writer.add_token_types(
        [kinds.CONTROL if token in _SPECIAL_TOKENS else kinds.NORMAL for token in vocabulary]
    )
    ids = {token: vocabulary.index(token) for token in _SPECIAL_TOKENS}
    writer.add_pad_token_id(ids["[PAD]"])
    writer.add_unk_token_id(ids["[UNK]"])
    writer.add_bos_token_id(ids["[CLS]"])  # llama.cpp reads BERT's CLS from the BOS field
    writer.add_sep_token_id(ids["[SEP]"])
    writer.add_mask_token_id(ids["[MASK]"])


def _add_tensors(writer: GGUFWriter, folder: Path, num_layers: int) -> None:
    """Matrices as F16; biases, norms, positions and token types stay F32, as llama.cpp expects."""
    import gguf
    import numpy as np
    from safetensors.numpy import load_file

    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.BERT, num_layers)
    for source_name, tensor in load_file(folder / "model.safetensors").items():
        if source_name.startswith("pooler.") or source_name.endswith("position_ids"):
            continue  # the pooler belongs to BERT's training task; position ids are 0, 1, 2, …
        name = names.get_name(source_name, try_suffixes=(".weight", ".bias"))
        if name is None:
            raise KeyError(f"no GGUF name for the tensor {source_name}")
        is_small = tensor.ndim == 1 or "position_emb" in source_name or "token_type" in source_name
        writer.add_tensor(name, tensor.astype(np.float32 if is_small else np.float16))
