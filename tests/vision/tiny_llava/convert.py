"""The weights as llama.cpp wants them: `convert(FOLDER, OUT)` writes the model and its projector.

Source: llama.cpp's convert_hf_to_gguf.py and tools/mtmd/clip.cpp.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file

MODEL = "tiny-llava.gguf"
PROJECTOR = "mmproj-tiny-llava.gguf"
Array = npt.NDArray[np.float32]

TEXT_NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
TOWER_NAMES = {
    "layer_norm1": "ln1",
    "layer_norm2": "ln2",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.out_proj": "attn_out",
    "mlp.fc1": "ffn_up",
    "mlp.fc2": "ffn_down",
}


def convert(folder: Path, out: Path) -> None:
    """Write both files into `out`."""
    config = json.loads((folder / "config.json").read_text())
    weights = {
        name: value.astype(np.float32)
        for name, value in load_file(folder / "model.safetensors").items()
    }
    out.mkdir(parents=True, exist_ok=True)
    _write_text(config["text_config"], weights, folder, out / MODEL)
    _write_projector(config, weights, out / PROJECTOR)


def _write_text(config: Any, weights: dict[str, Array], folder: Path, path: Path) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    heads = config["num_attention_heads"]
    writer.add_name("Tiny LLaVA")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["head_dim"])
    writer.add_rope_freq_base(config["rope_parameters"]["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_vocab_size(config["vocab_size"])
    _add_tokenizer(writer, config, folder)
    prefix = "language_model.model."
    _add(writer, "token_embd.weight", weights[f"{prefix}embed_tokens.weight"])
    _add(writer, "output_norm.weight", weights[f"{prefix}norm.weight"])
    _add(writer, "output.weight", weights["language_model.lm_head.weight"])
    for layer in range(config["num_hidden_layers"]):
        for theirs, ours in TEXT_NAMES.items():
            tensor = weights[f"{prefix}layers.{layer}.{theirs}.weight"]
            if ours in ("attn_q", "attn_k"):
                tensor = _permuted(tensor, heads)
            _add(writer, f"blk.{layer}.{ours}.weight", tensor)
    _close(writer)


def _add_tokenizer(writer: gguf.GGUFWriter, config: Any, folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    special = {token["content"] for token in tokenizer["added_tokens"]}
    vocabulary = tokenizer["model"]["vocab"]
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([control if token in special else normal for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_pad_token_id(config["pad_token_id"])
    writer.add_add_bos_token(False)
    writer.add_chat_template((folder / "chat_template.jinja").read_text())


def _write_projector(config: Any, weights: dict[str, Array], path: Path) -> None:
    vision = config["vision_config"]
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_projector_type("mlp")
    writer.add_vision_use_gelu(True)
    writer.add_vision_image_size(vision["image_size"])
    writer.add_vision_patch_size(vision["patch_size"])
    writer.add_vision_embedding_length(vision["hidden_size"])
    writer.add_vision_feed_forward_length(vision["intermediate_size"])
    writer.add_vision_projection_dim(config["text_config"]["hidden_size"])
    writer.add_vision_block_count(vision["num_hidden_layers"])
    writer.add_vision_head_count(vision["num_attention_heads"])
    writer.add_vision_attention_layernorm_eps(vision["layer_norm_eps"])
    writer.add_vision_image_mean([0.5, 0.5, 0.5])
    writer.add_vision_image_std([0.5, 0.5, 0.5])
    tower = "vision_tower."
    patches = f"{tower}embeddings.patch_embedding"
    _add(writer, "v.patch_embd.weight", weights[f"{patches}.weight"])
    _add(writer, "v.patch_embd.bias", weights[f"{patches}.bias"])
    places = weights[f"{tower}embeddings.position_embedding.weight"]
    _add(writer, "v.position_embd.weight", places, np.float32)
    # All layers: llama.cpp itself leaves out the last, as LLaVA's vision_feature_layer -2 does.
    for layer in range(vision["num_hidden_layers"]):
        for theirs, ours in TOWER_NAMES.items():
            for part in ("weight", "bias"):
                tensor = weights[f"{tower}encoder.layers.{layer}.{theirs}.{part}"]
                _add(writer, f"v.blk.{layer}.{ours}.{part}", tensor)
    for number, name in ((0, "linear_1"), (2, "linear_2")):
        for part in ("weight", "bias"):
            _add(writer, f"mm.{number}.{part}", weights[f"multi_modal_projector.{name}.{part}"])
    _close(writer)


def _permuted(tensor: Array, heads: int) -> Array:
    """Rows in the order in which llama.cpp rotates them."""
    shape = tensor.shape
    halves = tensor.reshape(heads, 2, shape[0] // heads // 2, *shape[1:])
    rotated: Array = halves.swapaxes(1, 2).reshape(shape)
    return rotated


def _add(writer: gguf.GGUFWriter, name: str, tensor: Array, dtype: Any = None) -> None:
    """Matrices in half precision, as they were saved; vectors in single."""
    writer.add_tensor(name, tensor.astype(dtype or (np.float16 if tensor.ndim > 1 else np.float32)))


def _close(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
