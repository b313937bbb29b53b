"""What a card needs to know about a GGUF file, from its header; remembered until the file changes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from .gguf_header import Value, read_gguf_header

UNKNOWN = "unknown"

QUANTIZATIONS = {
    0: "f32", 1: "f16", 2: "q4_0", 3: "q4_1", 7: "q8_0", 8: "q5_0", 9: "q5_1", 10: "q2_k",
    11: "q3_k_s", 12: "q3_k_m", 13: "q3_k_l", 14: "q4_k_s", 15: "q4_k_m", 16: "q5_k_s",
    17: "q5_k_m", 18: "q6_k", 19: "iq2_xxs", 20: "iq2_xs", 21: "q2_k_s", 22: "iq3_xs",
    23: "iq3_xxs", 24: "iq1_s", 25: "iq4_nl", 26: "iq3_s", 27: "iq3_m", 28: "iq2_s", 29: "iq2_m",
    30: "iq4_xs", 31: "iq1_m", 32: "bf16",
}  # fmt: skip
"""`general.file_type` → name. Source: enum llama_ftype of llama.cpp."""

_SIZE = re.compile(r"(?:(\d+)x)?([\d.]+)([KMBT])", re.IGNORECASE)
_MILLIONS = {"K": 1e-3, "M": 1.0, "B": 1e3, "T": 1e6}


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufFacts:
    """One file."""

    architecture: str
    name: str
    """For people; "" if the file has none."""
    context_length: int
    """Tokens the model was made for; 0 if it does not say."""
    parameters_m: float
    """Millions; 0 if it does not say."""
    quantization: str
    license: str
    license_url: str
    origin: str
    has_chat_template: bool
    tokenizer: str
    """The vocabulary's kind: "gpt2", "llama", "bert"…"""
    size_mib: int


def gguf_facts(path: Path) -> GgufFacts:
    """Read a file's header, or recall it. Raises: ConfigError if it is no GGUF; OSError."""
    stat = path.stat()
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _read(path: Path, size: int, _mtime_ns: int) -> GgufFacts:
    header = read_gguf_header(path)
    architecture = str(header.get("general.architecture", UNKNOWN))
    return GgufFacts(
        architecture=architecture,
        name=str(header.get("general.name", "")),
        context_length=int(header.get(f"{architecture}.context_length", 0)),
        parameters_m=parameters_m(header),
        quantization=QUANTIZATIONS.get(int(header.get("general.file_type", -1)), UNKNOWN),
        license=str(header.get("general.license", UNKNOWN)),
        license_url=str(header.get("general.license.link", "")),
        origin=str(header.get("general.organization") or header.get("general.author") or UNKNOWN),
        has_chat_template="tokenizer.chat_template" in header,
        tokenizer=str(header.get("tokenizer.ggml.model", UNKNOWN)),
        size_mib=math.ceil(size / (1 << 20)),
    )


def parameters_m(header: dict[str, Value]) -> float:
    """Return millions of parameters: "8x7B" is 56,000."""
    match = _SIZE.search(str(header.get("general.size_label", "")))
    if match is None:
        return int(header.get("general.parameter_count", 0)) / 1e6
    experts, number, unit = match.groups()
    return int(experts or 1) * float(number) * _MILLIONS[unit.upper()]
