"""`quintet doctor` says which program runs models in GGUF, and when building one would pay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli import llama_servers
from configs.settings import load_settings
from workers.models.llama_server import offering

from .conftest import Program, card_on


def findings(tmp_path: Path, *cards: Any, **gguf: Any) -> list[Any]:
    settings = load_settings("cpu", {"data_dir": str(tmp_path / "data"), "gguf": gguf})
    return list(llama_servers.llama_servers(cards, settings))


def test_it_names_the_program_its_version_and_its_devices(program: Program, tmp_path: Path) -> None:
    path = program(devices=["CUDA0"])
    (found,) = findings(tmp_path, card_on(path), card_on(path), engine="llama-server")
    assert found.state == "ok"
    assert f"{path} (version 9000 (abcdef), CUDA0 (A card))" in found.detail


def test_one_that_cannot_be_used_is_broken_and_mended_by_a_command(
    program: Program, tmp_path: Path
) -> None:
    (found,) = findings(tmp_path, card_on(program(without=("--jinja",))))
    assert (found.state, "quintet env create llamacpp" in found.mend) == ("broken", True)
    assert "does not know --jinja" in found.detail


def test_it_offers_to_build_one_where_that_is_faster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offering, "unused_instructions", lambda: ("avx512f",))
    (found,) = findings(tmp_path)
    assert (found.state, found.mend) == ("warning", "quintet env create llamacpp")
    assert "avx512f" in found.detail
    assert findings(tmp_path, engine="llama-server") == []
    monkeypatch.setattr(offering, "built_server", lambda data_dir: tmp_path)
    (found,) = findings(tmp_path)
    assert "QUINTET_GGUF__ENGINE=llama-server" in found.mend
    monkeypatch.setattr(offering, "unused_instructions", tuple)
    assert findings(tmp_path) == []
