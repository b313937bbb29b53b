"""Cards as no card should be: one file for every way to be wrong that was thought of."""

from __future__ import annotations

import os
from pathlib import Path

GOOD = """
id: mine
name: Mine
modality: text
engine: llamacpp
source: path:/nowhere
files: {model.gguf: null}
license: MIT
license_url: none
origin: me
parameters_m: 1
memory_mib: 100
"""
BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(9)
)
BAD: dict[str, bytes] = {
    "latin.yaml": GOOD.replace("Mine", "Mïne").encode("latin-1"),
    "utf16.yaml": GOOD.encode("utf-16"),
    "binary.yaml": bytes(range(256)) * 8,
    "cut.yaml": b"id: [",
    "empty.yaml": b"",
    "words.yaml": b"just words",
    "list.yaml": b"- id: a\n- id: b\n",
    "bomb.yaml": BOMB.encode(),
    "endless.yaml": b"id: &a [*a]",
    "deep.yaml": b"[" * 100_000,
    "deeper.yaml": b"- " * 100_000,
    "huge.yaml": GOOD.encode() + b"# " + b"x" * (2 << 20),
    "object.yaml": b"id: !!python/object/apply:os.system ['true']",
    "month.yaml": b"id: 2020-13-45",
    "digits.yaml": GOOD.replace("memory_mib: 100", "memory_mib: " + "9" * 5000).encode(),
    "hex.yaml": GOOD.replace("memory_mib: 100", "memory_mib: 0x" + "f" * 5000).encode(),
    "nan.yaml": GOOD.replace("parameters_m: 1", "parameters_m: .nan").encode(),
    "inf.yaml": GOOD.replace("parameters_m: 1", "parameters_m: .inf").encode(),
    "negative.yaml": GOOD.replace("memory_mib: 100", "memory_mib: -5").encode(),
    "vast.yaml": GOOD.replace("memory_mib: 100", "memory_mib: 99999999999999999999999").encode(),
    "nameless.yaml": GOOD.replace("id: mine", "id: ''").encode(),
    "unknown-key.yaml": (GOOD + "colour: red\n").encode(),
    "twice.yaml": GOOD.encode(),
    "usurper.yaml": GOOD.replace("id: mine", "id: smollm2-135m-instruct")
    .replace("modality: text", "modality: stt")
    .encode(),
}
SPECIAL = ("folder.yaml", "pipe.yaml", "dangling.yaml", "device.yaml")
"""Directory, named pipe, a link to nothing, and a file without an end."""


def write_all(folder: Path) -> None:
    """Put every bad card into a folder, and one good one that sorts in between."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in BAD.items():
        (folder / name).write_bytes(content)
    (folder / "good.yaml").write_text(GOOD, encoding="utf-8")
    (folder / "folder.yaml").mkdir()
    os.mkfifo(folder / "pipe.yaml")
    (folder / "dangling.yaml").symlink_to(folder / "nothing")
    (folder / "device.yaml").symlink_to("/dev/zero")
