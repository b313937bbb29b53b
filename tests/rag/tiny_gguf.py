"""Tiny models in GGUF with random weights, made by the tests: architectures and tokenizers that embedders have.

The byte-pair vocabulary is SmolLM2's, of the packaged model; the others are made here from letters and words.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from configs.catalogue import ModelCard, load_catalogue
from workers.models.weights import find_folder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Tensors = dict[str, NDArray[np.float32]]

HIDDEN, HEADS, KV_HEADS, HEAD_DIM, INNER, LAYERS = 64, 4, 2, 16, 96, 2
EXPERTS, USED_EXPERTS = 4, 2
GEMMA_LAYERS = 6
"""Of six, the last sees all tokens and the others a window: llama.cpp expects both kinds."""
CONTEXT = 512
EPSILON = 1e-6
ROPE_BASE = 10000.0
WORDS = (
    "the of and harbour boat dog garden piano winter bread castle leaves at nine is old red "
    "search result query title none text document passage"
).split()
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'-_|<>/()\n"
SPACE = "▁"


def write_gguf(
    path: Path, architecture: str, tensors: Tensors, *, pooling: str = "", **keys: Any
) -> Path:
    """Write a model of that architecture; `keys` are further entries of its metadata."""
    import gguf

    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(str(keys.pop("name", f"Tiny {architecture}")))
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(keys.pop("layers", LAYERS))
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    if pooling:
        writer.add_pooling_type(getattr(gguf.PoolingType, pooling.upper()))
    for add, value in keys.items():
        getattr(writer, f"add_{add}")(*value if isinstance(value, tuple) else (value,))
    for name, tensor in tensors.items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def byte_pairs() -> dict[str, Any]:
    """The packaged chat model's vocabulary, as an embedder has it: every text is closed."""
    from gguf import GGUFReader

    card = load_catalogue()["smollm2-135m-instruct"]
    fields = GGUFReader(find_folder(card, Path("/none")) / card.weight_file).fields
    return {
        "tokenizer_model": "gpt2",
        "tokenizer_pre": fields["tokenizer.ggml.pre"].contents(),
        "token_list": (fields["tokenizer.ggml.tokens"].contents(),),
        "token_types": (fields["tokenizer.ggml.token_type"].contents(),),
        "token_merges": (fields["tokenizer.ggml.merges"].contents(),),
        "eos_token_id": 0,
        "add_eos_token": True,
        "add_bos_token": False,
    }


def pieces(kind: str) -> dict[str, Any]:
    """A vocabulary of SentencePiece's kinds: "llama" joins pairs by their scores, "t5" takes the best way."""
    import gguf

    kinds = gguf.TokenType
    special = [("<s>", kinds.CONTROL), ("<pad>", kinds.CONTROL), ("</s>", kinds.CONTROL),
               ("<unk>", kinds.UNKNOWN)]  # fmt: skip
    raw = [(f"<0x{value:02X}>", kinds.BYTE) for value in range(256)] if kind == "llama" else []
    plain = [*(f"{SPACE}{word}" for word in WORDS), SPACE, *LETTERS]
    if kind == "llama":  # each word must be reachable by joining two pieces
        plain += [f"{SPACE}{word[:n]}" for word in WORDS for n in range(1, len(word))]
    plain = list(dict.fromkeys(plain))
    tokens = [*special, *raw, *((token, kinds.NORMAL) for token in plain)]
    scores = [0.0] * (len(special) + len(raw)) + [_score(token, kind) for token in plain]
    return {
        "tokenizer_model": kind,
        "tokenizer_pre": "default",
        "token_list": ([token for token, _ in tokens],),
        "token_types": ([kind for _, kind in tokens],),
        "token_scores": (scores,),
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        "unk_token_id": 3,
        "sep_token_id": 2,
        "add_bos_token": True,
        "add_eos_token": True,
        "add_space_prefix": True,
    }


def _score(token: str, kind: str) -> float:
    if kind == "llama":
        return float(len(token))
    return -1.0 if len(token) > 1 else -8.0


def num_tokens(vocabulary: Mapping[str, Any]) -> int:
    return len(vocabulary["token_list"][0])


def random_tensors(shapes: Mapping[str, tuple[int, ...]], seed: int) -> Tensors:
    """Norms near 1, biases near 0, matrices that keep lengths about as they are."""
    rng = np.random.default_rng(seed)
    made: Tensors = {}
    for name, shape in shapes.items():
        scale = 1.0 if "embd" in name else 1.5 / np.sqrt(shape[-1]) if len(shape) > 1 else 0.1
        values = rng.normal(0.0, scale, shape)
        made[name] = (values + ("norm.weight" in name)).astype(np.float32)
    return made


def decoder_shapes(
    vocab_size: int, layers: int = LAYERS, *, has_outer_norms: bool = False
) -> dict[str, tuple[int, ...]]:
    """Of Qwen3, and with `has_outer_norms` of Gemma's embedder."""
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocab_size, HIDDEN),
        "output_norm.weight": (HIDDEN,),
    }
    layer: dict[str, tuple[int, ...]] = {
        "attn_norm": (HIDDEN,), "ffn_norm": (HIDDEN,), "attn_q_norm": (HEAD_DIM,),
        "attn_k_norm": (HEAD_DIM,), "attn_q": (HEADS * HEAD_DIM, HIDDEN),
        "attn_k": (KV_HEADS * HEAD_DIM, HIDDEN), "attn_v": (KV_HEADS * HEAD_DIM, HIDDEN),
        "attn_output": (HIDDEN, HEADS * HEAD_DIM), "ffn_gate": (INNER, HIDDEN),
        "ffn_up": (INNER, HIDDEN), "ffn_down": (HIDDEN, INNER),
    }  # fmt: skip
    if has_outer_norms:
        layer |= {"post_attention_norm": (HIDDEN,), "post_ffw_norm": (HIDDEN,)}
    return shapes | {f"blk.{n}.{k}.weight": v for n in range(layers) for k, v in layer.items()}


def bert_shapes(vocab_size: int) -> dict[str, tuple[int, ...]]:
    """Of BERT and XLM-RoBERTa."""
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocab_size, HIDDEN),
        "position_embd.weight": (CONTEXT, HIDDEN),
        "token_types.weight": (1, HIDDEN),
        "token_embd_norm.weight": (HIDDEN,),
        "token_embd_norm.bias": (HIDDEN,),
    }
    layer = {
        "attn_q": (HIDDEN, HIDDEN), "attn_k": (HIDDEN, HIDDEN), "attn_v": (HIDDEN, HIDDEN),
        "attn_output": (HIDDEN, HIDDEN), "attn_output_norm": (HIDDEN,),
        "ffn_up": (INNER, HIDDEN), "ffn_down": (HIDDEN, INNER), "layer_output_norm": (HIDDEN,),
    }  # fmt: skip
    for number in range(LAYERS):
        for name, shape in layer.items():
            shapes |= {f"blk.{number}.{name}.weight": shape, f"blk.{number}.{name}.bias": shape[:1]}
    return shapes


def nomic_moe_shapes(vocab_size: int) -> dict[str, tuple[int, ...]]:
    """Of nomic's second embedder: every other layer chooses among experts."""
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (vocab_size, HIDDEN),
        "token_types.weight": (1, HIDDEN),
        "token_embd_norm.weight": (HIDDEN,),
        "token_embd_norm.bias": (HIDDEN,),
    }
    for number in range(LAYERS):
        blk = f"blk.{number}"
        shapes |= {
            f"{blk}.attn_qkv.weight": (3 * HIDDEN, HIDDEN),
            f"{blk}.attn_qkv.bias": (3 * HIDDEN,),
        }
        shapes |= {
            f"{blk}.attn_output.weight": (HIDDEN, HIDDEN),
            f"{blk}.attn_output.bias": (HIDDEN,),
        }
        for norm in ("attn_output_norm", "layer_output_norm"):
            shapes |= {f"{blk}.{norm}.weight": (HIDDEN,), f"{blk}.{norm}.bias": (HIDDEN,)}
        if number % 2:
            shapes |= {f"{blk}.ffn_gate_inp.weight": (EXPERTS, HIDDEN)}
            shapes |= {f"{blk}.ffn_up_exps.weight": (EXPERTS, INNER, HIDDEN)}
            shapes |= {f"{blk}.ffn_down_exps.weight": (EXPERTS, HIDDEN, INNER)}
        else:
            shapes |= {f"{blk}.ffn_up.weight": (INNER, HIDDEN), f"{blk}.ffn_up.bias": (INNER,)}
            shapes |= {f"{blk}.ffn_down.weight": (HIDDEN, INNER), f"{blk}.ffn_down.bias": (HIDDEN,)}
    return shapes


DECODER = {
    "head_count_kv": KV_HEADS, "key_length": HEAD_DIM, "value_length": HEAD_DIM,
    "layer_norm_rms_eps": EPSILON, "rope_freq_base": ROPE_BASE,
}  # fmt: skip
ENCODER = {"layer_norm_eps": EPSILON, "causal_attention": False, "token_type_count": 1}


def qwen3(path: Path, pooling: str = "last", **keys: Any) -> Path:
    """An embedder like Qwen3-Embedding."""
    words = byte_pairs()
    tensors = random_tensors(decoder_shapes(num_tokens(words)), 1)
    return write_gguf(path, "qwen3", tensors, pooling=pooling, **DECODER, **words, **keys)


RANK_TEMPLATE = "query {query} document {document} is"


def qwen3_reranker(path: Path) -> Path:
    """A reranker like Qwen3's: a template, and a head with two answers."""
    words = byte_pairs()
    return write_gguf(
        path, "qwen3", qwen3_reranker_tensors(), pooling="rank",
        classifier_output_labels=(["yes", "no"],),
        chat_template=([{"name": "rerank", "template": RANK_TEMPLATE}],), **DECODER, **words,
    )  # fmt: skip


def qwen3_reranker_tensors() -> Tensors:
    """The embedder's, and the head's."""
    shapes = {**decoder_shapes(num_tokens(byte_pairs())), "cls.output.weight": (2, HIDDEN)}
    return random_tensors(shapes, 7)


def bge_reranker(path: Path) -> Path:
    """A reranker like bge-reranker-v2-m3: a head with one score, a vocabulary of SentencePiece's."""
    words = pieces("t5")
    shapes = bert_shapes(num_tokens(words))
    shapes |= {"cls.weight": (HIDDEN, HIDDEN), "cls.bias": (HIDDEN,)}
    shapes |= {"cls.output.weight": (1, HIDDEN), "cls.output.bias": (1,)}
    return write_gguf(path, "bert", random_tensors(shapes, 8), pooling="rank", **ENCODER, **words)


def embedding_gemma(path: Path) -> Path:
    """An embedder like EmbeddingGemma."""
    words = pieces("llama")
    shapes = decoder_shapes(num_tokens(words), GEMMA_LAYERS, has_outer_norms=True)
    return write_gguf(
        path, "gemma-embedding", random_tensors(shapes, 2), pooling="mean", layers=GEMMA_LAYERS,
        sliding_window=128, **DECODER, **words,
    )  # fmt: skip


def bge_m3(path: Path) -> Path:
    """An embedder like bge-m3: BERT with a vocabulary of SentencePiece's."""
    words = pieces("t5")
    tensors = random_tensors(bert_shapes(num_tokens(words)), 3)
    return write_gguf(path, "bert", tensors, pooling="cls", **ENCODER, **words)


def nomic_moe(path: Path) -> Path:
    """An embedder like nomic-embed-text-v2-moe."""
    words = pieces("t5")
    tensors = random_tensors(nomic_moe_shapes(num_tokens(words)), 4)
    return write_gguf(
        path, "nomic-bert-moe", tensors, pooling="mean", rope_freq_base=ROPE_BASE,
        moe_every_n_layers=2, expert_count=EXPERTS, expert_used_count=USED_EXPERTS,
        **ENCODER, **words,
    )  # fmt: skip


def card_of(path: Path, **changes: Any) -> ModelCard:
    """A card of a model that was made here."""
    values = {
        "id": path.stem, "name": path.stem, "engine": "llamacpp", "source": f"path:{path.parent}",
        "files": {path.name: None}, "context_length": CONTEXT, "options": {},
    }  # fmt: skip
    return load_catalogue()["all-minilm-l6-v2"].model_copy(update={**values, **changes})
