"""What the records of engines on one library have in common."""

from __future__ import annotations

from dataclasses import replace

from configs.settings import CONFIGS_DIR
from workers.messages import Modality

from .spec import EngineSpec

TORCH_INSTALL = "pip install torch==2.13.0 && pip install --no-deps -r requirements/torch.txt"
"""In Quintet's folder. torch comes by its version alone: which of its builds, for which driver, is the
machine's choice."""
TORCH_SPEED = {
    "text": "workers.pool.speed.estimate_text_speed:estimate_torch",
    "vision": "workers.pool.speed.estimate_text_speed:estimate_torch",
    "stt": "workers.pool.speed.estimate_sound_speed:estimate_whisper",
    "rag": "workers.pool.speed.estimate_embedding_speed:estimate_torch",
}
"""Modality → what estimates the speed of its models."""
TORCH_IMPORTS = ("torch", "transformers", "bitsandbytes")


def fake_spec(modality: Modality, target: str) -> EngineSpec:
    """Return the record of an engine that only pretends: see `workers.engines.common.fake`."""
    return EngineSpec(
        modality=modality,
        name="fake",
        target=target,
        title="no engine: it pretends",
        cards=CONFIGS_DIR / "fake_models",
        is_for_tests=True,
    )


def torch_spec(modality: Modality, target: str) -> EngineSpec:
    """Return the record of an engine on PyTorch and transformers."""
    return EngineSpec(
        modality=modality,
        name="transformers",
        target=target,
        title="PyTorch",
        distributions=("transformers", "torch", "bitsandbytes", "accelerate"),
        imports=TORCH_IMPORTS,
        install=TORCH_INSTALL,
        devices=("cpu", "cuda"),
        has_context=modality in ("text", "vision"),
        memory="workers.pool.memory.estimate_torch:estimate_torch",
        speed=TORCH_SPEED.get(modality, ""),
        runtime_mib=1000,
    )


def llamacpp_spec(modality: Modality, target: str) -> EngineSpec:
    """Return the record of an engine on llama.cpp that may use a GPU."""
    return EngineSpec(
        modality=modality,
        name="llamacpp",
        target=target,
        title="llama.cpp",
        distributions=("xllamacpp",),
        imports=("xllamacpp",),
        devices=("cpu", "cuda", "gpu"),
        devices_probe="workers.models.graphics.devices:llamacpp_devices",
        splits_layers=True,
        is_tunable=modality == "text",
        has_context=modality in ("text", "vision"),
        memory="workers.pool.memory.estimate_llamacpp:estimate_llamacpp",
        speed="workers.pool.speed.estimate_text_speed:estimate_llamacpp",
    )


def llama_server_spec(modality: Modality, target: str) -> EngineSpec:
    """Return the record of an engine on a `llama-server` of this machine.

    Its parameters are those of the package, which must be there too.
    """
    return replace(
        llamacpp_spec(modality, target),
        name="llama-server",
        title="llama-server",
        devices_probe="workers.models.llama_server.asking:model_devices",
    )


def remote_spec(modality: Modality, target: str) -> EngineSpec:
    """Return the record of an engine that asks another server through OpenAI's routes."""
    return EngineSpec(
        modality=modality,
        name="remote",
        target=target,
        title="another server",
        distributions=("openai",),
        devices=(),
    )
