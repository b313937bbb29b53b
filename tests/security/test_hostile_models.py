"""Model files that lie: each is refused with one sentence, and costs neither time nor memory.

Every file is put before `models add` (`adding.propose`), as the page and the command line do.
"""

from __future__ import annotations

import json
import math
import resource
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from configs.settings import HubSettings
from tests.security.gguf_files import (
    ARRAY,
    BOOL,
    F32,
    F64,
    I32,
    STRING,
    U32,
    U64,
    Pair,
    array,
    gguf,
    llama,
    tensor,
    write,
)
from workers.messages.errors import UnsupportedInputError
from workers.models.importing import propose
from workers.pool.memory.facts import read_facts

HUB = HubSettings()
ROOT = Path(__file__).parents[2]
MATRIX = tensor("blk.0.attn_q.weight", [64, 64], 0, 0)
MATRIX_BYTES = 64 * 64 * 4
LIMIT_S, LIMIT_MIB = 30, 1024
"""Of processor time and of memory, for one look at a file: a tenth of what the attacks took."""

WRONG_VALUES: dict[str, list[Pair]] = {
    "file type in words": llama(general__file_type=(STRING, "many")),
    "file type is no number": llama(general__file_type=(F32, math.nan)),
    "file type is infinite": llama(general__file_type=(F64, math.inf)),
    "context in words": llama(llama__context_length=(STRING, "4096")),
    "context is no number": llama(llama__context_length=(F32, math.nan)),
    "context is negative": llama(llama__context_length=(I32, -1)),
    "context is vast": llama(llama__context_length=(U64, 2**64 - 1)),
    "layers are true": llama(llama__block_count=(BOOL, True)),
    "layers are negative": llama(llama__block_count=(I32, -32)),
    "heads are infinite": llama(llama__attention__head_count=(F32, math.inf)),
    "more heads than values": llama(llama__attention__head_count=(U32, 4_000_000_000)),
    "the architecture is a number": llama(general__architecture=(U32, 7)),
    "the name is a number": llama(general__name=(F32, math.nan)),
    "the licence is true": llama(general__license=(BOOL, True)),
    "the licence is a book": llama(general__license=(STRING, "x" * 3_000_000)),
    "the size is a number": llama(general__size_label=(F32, math.nan)),
    "the count is no number": llama(
        general__size_label=(STRING, ""), general__parameter_count=(F64, math.nan)
    ),
    "the alignment is 0": llama(general__alignment=(U32, 0)),
    "the alignment is in words": llama(general__alignment=(STRING, "wide")),
}
WRONG_FORMS: dict[str, bytes] = {
    "an array of arrays": gguf([*llama(), ("x", ARRAY, array(ARRAY, 1, array(U32, 0)))]),
    "arrays without end": gguf([*llama(), ("x", ARRAY, array(ARRAY, 1) * 100_000)]),
    "more arrays than there are": gguf([*llama(), ("x", ARRAY, array(ARRAY, 2**64 - 1))]),
    "8 million empty words": gguf(
        [*llama(), ("x", ARRAY, array(STRING, 8_000_000, bytes(1 << 26)))]
    ),
    "a word behind the end": gguf(
        [*llama(), ("x", ARRAY, array(STRING, 2, (2**63).to_bytes(8, "little")))]
    ),
    "an array longer than the file": gguf([*llama(), ("x", ARRAY, array(U64, 2**60))]),
    "an array of an unknown type": gguf([*llama(), ("x", ARRAY, array(99, 3))]),
    "a value of an unknown type": gguf(num_keys=1) + b"\x01\0\0\0\0\0\0\0x\x63\0\0\0",
    "-1 keys": gguf(llama(), num_keys=2**64 - 1),
    "-1 tensors": gguf(llama(), num_tensors=2**64 - 1),
    "a million tensors": gguf(llama(), num_tensors=1_000_000),
    "a key of 4 GB": gguf(num_keys=1) + (1 << 32).to_bytes(8, "little"),
    "a tensor of 4 thousand million dimensions": gguf(llama(), num_tensors=1)
    + b"\x01\0\0\0\0\0\0\0x\xff\xff\xff\xff",
    "cut in the metadata": gguf(llama())[:90],
    "cut in the list of tensors": gguf(llama(), [MATRIX, MATRIX])[:-9],
    "cut in the tensors": gguf(llama(), [MATRIX]) + bytes(MATRIX_BYTES // 2),
    "no tensors behind the list": gguf(llama(), [MATRIX]),
    "a tensor far behind the end": gguf(llama(), [tensor("a", [4], 0, 2**62)]) + bytes(64),
    "a tensor of 2^256 values": gguf(llama(), [tensor("a", [2**63] * 4, 0, 0)]) + bytes(64),
}


@pytest.mark.parametrize("name", WRONG_VALUES)
def test_a_gguf_with_a_value_that_is_none_is_refused(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, gguf(WRONG_VALUES[name], [MATRIX]), hole=MATRIX_BYTES + 64)
    assert_refused(path)


@pytest.mark.parametrize("name", WRONG_FORMS)
def test_a_gguf_that_is_put_together_wrongly_is_refused(name: str, tmp_path: Path) -> None:
    assert_refused(write(tmp_path, WRONG_FORMS[name]))


def test_one_that_is_whole_is_taken(tmp_path: Path) -> None:
    card = propose(str(write(tmp_path, gguf(llama(), [MATRIX]), hole=MATRIX_BYTES + 64)), HUB)
    assert (card.parameters_m, card.context_length, card.quantization) == (1, 512, "q4_0")
    assert read_facts(card, tmp_path).total_bytes == MATRIX_BYTES


@pytest.mark.parametrize("label", ["1.2.3B", "9" * 5000 + "B", "1" * 3_000_000, "x" * 99 + "7B"])
def test_an_odd_size_label_says_nothing(label: str, tmp_path: Path) -> None:
    pairs = llama(general__size_label=(STRING, label))
    card = propose(str(write(tmp_path, gguf(pairs, [MATRIX]), hole=MATRIX_BYTES + 64)), HUB)
    assert 0 <= card.parameters_m < 10_000


@pytest.mark.parametrize(
    "content",
    [
        WRONG_FORMS["8 million empty words"],
        WRONG_FORMS["arrays without end"],
        gguf([(f"k{n}", ARRAY, array(U32, 4096, bytes(16384))) for n in range(4000)]),
        gguf([(f"k{n}", STRING, "x" * 60_000) for n in range(4000)]),
    ],
    ids=["words", "arrays", "series", "texts"],
)
def test_looking_at_a_hostile_gguf_is_cheap(content: bytes, tmp_path: Path) -> None:
    assert_cheap(write(tmp_path, content))


# --- safetensors and config.json --------------------------------------------------------------------

LLAMA = {
    "architectures": ["LlamaForCausalLM"], "hidden_size": 64, "num_attention_heads": 4,
    "num_hidden_layers": 2, "num_key_value_heads": 2, "max_position_embeddings": 2048,
}  # fmt: skip
ONE = {"w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}


def folder(path: Path, config: str | bytes, header: bytes, data: bytes = bytes(16)) -> Path:
    (path / "config.json").write_bytes(config if isinstance(config, bytes) else config.encode())
    (path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


@pytest.mark.parametrize(
    ("header", "data"),
    [
        (b"{", bytes(16)),
        (b"[" * 100_000, bytes(16)),
        (b"[]", bytes(16)),
        (b'{"w": 5}', bytes(16)),
        (b'{"w": {"dtype": "F32", "shape": [2, 2]}}', bytes(16)),
        (json.dumps({"w": {**ONE["w"], "shape": ["2", 2]}}).encode(), bytes(16)),
        (json.dumps({"w": {**ONE["w"], "shape": [math.nan, 2]}}).encode(), bytes(16)),
        (json.dumps({"w": {**ONE["w"], "shape": [-2, 2]}}).encode(), bytes(16)),
        (json.dumps({"w": {**ONE["w"], "shape": [2] * 1000}}).encode(), bytes(16)),
        (json.dumps({"w": {**ONE["w"], "data_offsets": [16, 0]}}).encode(), bytes(16)),
        (json.dumps({"w": {**ONE["w"], "data_offsets": [0]}}).encode(), bytes(16)),
        (json.dumps({"w": {**ONE["w"], "data_offsets": [0, 2**80]}}).encode(), bytes(16)),
        (json.dumps(ONE).encode(), bytes(15)),
        (json.dumps(ONE).encode(), b""),
        (b"\xff\xfe" * 50, bytes(16)),
    ],
)
def test_a_safetensors_file_that_lies_is_refused(
    header: bytes, data: bytes, tmp_path: Path
) -> None:
    assert_refused(folder(tmp_path, json.dumps(LLAMA), header, data))


def test_a_safetensors_header_of_the_formats_bound_is_cheap(tmp_path: Path) -> None:
    assert_cheap(folder(tmp_path, json.dumps(LLAMA), b"[" + b"{}," * 33_000_000 + b"{}]"))


@pytest.mark.parametrize(
    "changed",
    [
        {"num_hidden_layers": "two"},
        {"num_hidden_layers": math.nan},
        {"num_hidden_layers": math.inf},
        {"num_hidden_layers": -2},
        {"num_hidden_layers": [2]},
        {"hidden_size": 1e300},
        {"hidden_size": 10**400},
        {"num_attention_heads": {"a": 1}},
        {"max_position_embeddings": "many"},
        {"max_position_embeddings": -5},
        {"max_position_embeddings": math.inf},
        {"architectures": 5},
        {"text_config": 7},
        {"quantization_config": "int4"},
        {"vocab_size": 10**30},
    ],
    ids=str,
)
def test_a_configuration_that_makes_no_sense_is_refused(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    assert_refused(folder(tmp_path, json.dumps({**LLAMA, **changed}), json.dumps(ONE).encode()))


@pytest.mark.parametrize("config", [b"\xff\xfe", b"[" * 100_000, b"{", b'{"a": ' * 50_000, b"[]"])
def test_a_configuration_that_is_no_json_is_refused(config: bytes, tmp_path: Path) -> None:
    assert_refused(folder(tmp_path, config, json.dumps(ONE).encode()))


def assert_refused(path: Path) -> None:
    with pytest.raises(UnsupportedInputError) as caught:
        propose(str(path), HUB)
    assert 20 < len(str(caught.value)) < 1000


def assert_cheap(path: Path) -> None:
    """Look at it in a process of its own that may take only so much."""
    code = (
        "import sys\nfrom configs.settings import HubSettings\nfrom workers.models.importing import propose\n"
        "from workers.messages.errors import AppError\n"
        "try:\n    propose(sys.argv[1], HubSettings())\n"
        "except AppError as err:\n    print(err)\n"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_S, LIMIT_S))
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT_MIB << 20, LIMIT_MIB << 20))

    asked = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        preexec_fn=limit,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout


def test_many_at_once_are_refused_all_the_same(tmp_path: Path) -> None:
    path = write(tmp_path, WRONG_FORMS["8 million empty words"])
    errors: list[str] = []

    def look() -> None:
        try:
            propose(str(path), HUB)
        except UnsupportedInputError as err:
            errors.append(str(err))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(errors) == 8
