"""Write a model's weights the way AWQ files have them: 4 bits, a scale and a zero for 32 inputs each.

gptqmodel quantises to AWQ on a GPU only. Here the weights are rounded to the nearest step, without the
search for scales that gives AWQ its name: the file has the same layout and is loaded the same way.
Source: the GEMM layout of AutoAWQ (`WQLinear_GEMM`).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

GROUP = 32
ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
"""Which of eight neighbours lies in which four bits, the lowest first."""


def pack_awq(folder: Path, out: Path) -> Path:
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, out)
    packed: dict[str, Any] = {}
    for name, weight in load_file(folder / "model.safetensors").items():
        if name.endswith("_proj.weight"):
            packed.update(_quantized(name.removesuffix("weight"), weight))
        else:
            packed[name] = weight.half()
    save_file(packed, out / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    config |= {"dtype": "float16", "quantization_config": {
        "quant_method": "awq", "bits": 4, "group_size": GROUP, "zero_point": True, "version": "gemm",
    }}  # fmt: skip
    (out / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return out


def _quantized(prefix: str, weight: Any) -> dict[str, Any]:
    """`weight` (out, in) → codes (in, out / 8), zeros (in / 32, out / 8), scales (in / 32, out)."""
    groups = weight.float().T.reshape(-1, GROUP, weight.shape[0])
    low, high = groups.amin(1).clamp(max=0), groups.amax(1).clamp(min=0)
    scales = ((high - low) / 15).clamp(min=1e-6).half()
    zeros = (-low / scales.float()).round().clamp(0, 15)
    codes = (groups / scales.float()[:, None] + zeros[:, None]).round().clamp(0, 15)
    return {
        f"{prefix}qweight": _packed(codes.reshape(-1, weight.shape[0])),
        f"{prefix}qzeros": _packed(zeros),
        f"{prefix}scales": scales,
    }


def _packed(codes: Any) -> Any:
    import torch

    eights = codes.reshape(codes.shape[0], -1, 8).long()
    words = torch.zeros(eights.shape[:2], dtype=torch.long)
    for place, column in enumerate(ORDER):
        words |= eights[:, :, column] << (4 * place)
    return torch.where(words >= 2**31, words - 2**32, words).int()
