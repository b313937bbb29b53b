"""Scripted programs, and engines that run on them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import ModelCard, load_catalogue
from workers.messages.process_spec import WorkerSettings
from workers.models.llama_server.asking import NEEDED

SCRIPT = Path(__file__).with_name("scripted_server.py")
KNOWN = (
    *NEEDED, "--offline", "--no-ui", "--no-slots", "--no-kv-unified", "--cache-ram", "--fit",
    "--device", "--mmproj", "--no-mmproj-offload", "--image-max-tokens", "--pooling",
    "--embeddings", "--reranking", "--no-warmup", "--no-mmap", "--mlock", "--poll", "--flash-attn",
)  # fmt: skip

Program = Callable[..., Path]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Write a `llama-server` that is as described; returns its path."""

    def write(
        name: str = "llama-server",
        *,
        sockets: bool = True,
        without: tuple[str, ...] = (),
        more: tuple[str, ...] = (),
        **plan: Any,
    ) -> Path:
        flags = {flag: "" for flag in (*KNOWN, *more) if flag not in without}
        flags["--host"] = "or a UNIX socket if it ends with .sock" if sockets else "an address"
        about = {"version": "version: 9000 (abcdef)", "flags": flags, "devices": []}
        folder = tmp_path / name
        folder.mkdir()
        lines = ["llama_model_load: error: this is no model"]
        death = {"dies_loading": 0, "last_lines": lines}
        (folder / "plan.json").write_text(json.dumps({**about, **death, **plan}))
        path = folder / "llama-server"
        path.write_text(f"#!{sys.executable}\n" + SCRIPT.read_text("utf-8"))
        path.chmod(0o755)
        return path

    return write


def received_by(path: Path) -> dict[str, Any]:
    """Return what a scripted program was started with."""
    found: dict[str, Any] = json.loads((path.parent / "told.json").read_text())
    return found


def card_on(path: Path, **changes: Any) -> ModelCard:
    """The packaged model, to be run by this program."""
    card = load_catalogue()["smollm2-135m-instruct"]
    options = {"server": str(path), **changes.pop("options", {})}
    return card.model_copy(update={"engine": "llama-server", "options": options, **changes})


def settings_for(card: ModelCard, data_dir: Path, **changes: Any) -> WorkerSettings:
    values: dict[str, Any] = {"threads": 2, "slots": 2, "data_dir": data_dir, "limits": {}}
    return WorkerSettings(card=card, **{**values, **changes})
