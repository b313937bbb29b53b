"""What a card needs to know about a GGUF file, from its header; remembered until the file changes."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from workers.models.facts.gguf_values import number_of, text_of

from .gguf_embedder import EmbedderFacts, embedder_facts
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

MAX_LABEL_CHARS = 32
_SIZE = re.compile(r".*?(?:(\d{1,5})x)?(\d{1,6}(?:\.\d{1,6})?)([KMBT]).*", re.IGNORECASE)
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
    embedding: EmbedderFacts
    """Whether it makes vectors, or ranks."""
    size_mib: int


def gguf_facts(path: Path) -> GgufFacts:
    """Read a file's header, or recall it. Raises: ConfigError if it is no GGUF; OSError."""
    stat = path.stat()
    return _read(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=256)
def _read(path: Path, size: int, _mtime_ns: int) -> GgufFacts:
    header = read_gguf_header(path)
    architecture = text_of(header, "general.architecture", UNKNOWN)
    maker = text_of(header, "general.organization") or text_of(header, "general.author")
    return GgufFacts(
        architecture=architecture,
        name=text_of(header, "general.name"),
        context_length=number_of(header, f"{architecture}.context_length"),
        parameters_m=parameters_m(header),
        quantization=quantization(header),
        license=text_of(header, "general.license", UNKNOWN),
        license_url=text_of(header, "general.license.link"),
        origin=maker or UNKNOWN,
        has_chat_template="tokenizer.chat_template" in header,
        tokenizer=text_of(header, "tokenizer.ggml.model", UNKNOWN),
        embedding=embedder_facts(header),
        size_mib=math.ceil(size / (1 << 20)),
    )


def quantization(header: Mapping[str, Value]) -> str:
    """Return the name of how the weights are kept. Raises: ConfigError if its number is none."""
    return QUANTIZATIONS.get(number_of(header, "general.file_type", -1), UNKNOWN)


def parameters_m(header: Mapping[str, Value]) -> float:
    """Return millions of parameters: "8x7B" is 56,000. Raises: ConfigError."""
    match = _SIZE.fullmatch(text_of(header, "general.size_label")[:MAX_LABEL_CHARS].strip())
    if match is None:
        return number_of(header, "general.parameter_count") / 1e6
    experts, number, unit = match.groups()
    return int(experts or 1) * float(number) * _MILLIONS[unit.upper()]
