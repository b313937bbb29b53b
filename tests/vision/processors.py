"""Processors and models of other families, without weights of use: tiny, random, made on the spot.

Their answers mean nothing; what their pictures cost does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.vision.tiny_llava.model import build_tokenizer

TEMPLATE = (
    "{{% for message in messages %}}<|user|>{{% for part in message['content'] %}}"
    "{{% if part['type'] == 'image' %}}{image}{{% else %}}{{{{ part['text'] }}}}{{% endif %}}"
    "{{% endfor %}}<|end|>{{% endfor %}}<|assistant|>"
)


def _tokenizer(*special: str) -> Any:
    tokenizer = build_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": list(special)})
    return tokenizer


def save_qwen(folder: Path) -> None:
    """Qwen2.5-VL: cells of 28 pixels."""
    from transformers import (
        Qwen2_5_VLConfig,
        Qwen2_5_VLForConditionalGeneration,
        Qwen2_5_VLProcessor,
    )
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    from workers.engines.vision.hf_processor import without_videos

    tokens = ("<|vision_start|>", "<|image_pad|>", "<|vision_end|>", "<|video_pad|>")
    tokenizer = _tokenizer(*tokens)
    ids = tokenizer.convert_tokens_to_ids(list(tokens))
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [4, 6, 6],
        },
        "bos_token_id": None,
        "eos_token_id": 1,
        "pad_token_id": 0,
    }
    vision = {"depth": 1, "hidden_size": 32, "intermediate_size": 32, "num_heads": 2}
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision | {"out_hidden_size": 64, "fullatt_block_indexes": [0]},
        vision_start_token_id=ids[0],
        image_token_id=ids[1],
        vision_end_token_id=ids[2],
        video_token_id=ids[3],
    )
    processor = without_videos(Qwen2_5_VLProcessor)(
        Qwen2VLImageProcessorPil(),
        tokenizer,
        chat_template=TEMPLATE.format(image="<|vision_start|><|image_pad|><|vision_end|>"),
    )
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)


def save_smolvlm(folder: Path) -> None:
    """SmolVLM: tiles of 64 pixels, 4 tokens each."""
    from transformers import SmolVLMConfig, SmolVLMForConditionalGeneration, SmolVLMProcessor
    from transformers.models.smolvlm.image_processing_pil_smolvlm import SmolVLMImageProcessorPil

    from workers.engines.vision.hf_processor import without_videos

    tokenizer = _tokenizer("<fake_token_around_image>", "<global-img>", "<end_of_utterance>")
    text = {
        "model_type": "llama",
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "max_position_embeddings": 2048,
        "eos_token_id": 1,
        "pad_token_id": 0,
    }
    vision = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 64,
        "patch_size": 16,
    }
    image_id = tokenizer.convert_tokens_to_ids("<image>")
    config = SmolVLMConfig(
        text_config=text, vision_config=vision, image_token_id=image_id, scale_factor=2
    )
    processor = without_videos(SmolVLMProcessor)(
        SmolVLMImageProcessorPil(size={"longest_edge": 512}, max_image_size={"longest_edge": 64}),
        tokenizer,
        image_seq_len=4,
        chat_template=TEMPLATE.format(image="<image>"),
    )
    SmolVLMForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)
    saved = folder / "processor_config.json"  # what a whole processor would have written there, too
    saved.write_text(json.dumps({**json.loads(saved.read_text()), "image_seq_len": 4}))
