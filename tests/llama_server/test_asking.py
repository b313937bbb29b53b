"""Which program runs a model, and what is said of one that cannot."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from workers.messages.errors import EngineNotInstalledError
from workers.models.environments.places import Environments, write_stamp
from workers.models.environments.recipes import read_recipe
from workers.models.llama_server.asking import ask, devices
from workers.models.llama_server.choosing import adapted
from workers.models.llama_server.finding import find_server
from workers.models.llama_server.offering import offer, unused_instructions

from .conftest import Program, card_on


def test_a_program_says_its_version_its_flags_and_its_devices(program: Program) -> None:
    found = ask(path := program(devices=["CUDA0", "Vulkan0"]))
    assert found.version == "9000 (abcdef)"
    assert found.has_sockets
    assert found.knows("--no-webui", "--no-ui") == "--no-ui"
    assert [device.name for device in devices(path)] == ["CUDA0", "Vulkan0"]
    assert devices(program("other")) == ()


def test_one_that_is_too_old_is_refused_with_what_it_lacks(program: Program) -> None:
    old = program(without=("--jinja", "--reasoning-format"), version="version: 1200 (old)")
    with pytest.raises(EngineNotInstalledError) as caught:
        ask(old)
    sentence = str(caught.value)
    assert f"{old} (version 1200 (old)) is too old: it does not know --jinja" in sentence
    assert "quintet env create llamacpp" in sentence


def test_another_program_is_refused() -> None:
    with pytest.raises(EngineNotInstalledError, match="is another program"):
        ask(Path(sys.executable))


def test_a_program_that_does_not_start_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "llama-server"
    broken.write_bytes(b"\x7fELF nothing")
    broken.chmod(0o755)
    with pytest.raises(EngineNotInstalledError, match="does not run here"):
        ask(broken)


def test_one_built_for_another_processor_is_told(tmp_path: Path) -> None:
    foreign = tmp_path / "llama-server"
    foreign.write_text("#!/bin/sh\nkill -ILL $$\n")
    foreign.chmod(0o755)
    with pytest.raises(EngineNotInstalledError, match="another processor"):
        ask(foreign)


def test_a_program_that_was_replaced_is_asked_again(program: Program) -> None:
    path, newer = program(), program("newer", version="version: 9100 (fedcba)")
    assert ask(path).version == "9000 (abcdef)"
    (newer.parent / "plan.json").replace(path.parent / "plan.json")
    path.write_text(path.read_text() + "\n")
    assert ask(path).version == "9100 (fedcba)"


def test_the_card_comes_before_what_was_built_and_that_before_the_path(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, on_path = program("named"), program("on-path")
    unnamed = card_on(named).model_copy(update={"options": {}})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineNotInstalledError, match="none is on this machine"):
        find_server(unnamed, tmp_path)
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert find_server(unnamed, tmp_path) == on_path
    folder = Environments(data_dir=tmp_path).folder("llamacpp")
    (folder / "bin").mkdir(parents=True)
    built = folder / "bin" / "llama-server"
    built.touch(0o755)
    assert find_server(unnamed, tmp_path) == on_path, "half an environment is none"
    write_stamp(folder, read_recipe("llamacpp"))
    assert find_server(unnamed, tmp_path) == built
    assert find_server(card_on(named), tmp_path) == named
    with pytest.raises(EngineNotInstalledError, match="no program that can be run"):
        find_server(card_on(tmp_path / "nowhere"), tmp_path)


def with_settings(**gguf: Any) -> Any:
    return adapted(load_settings("cpu", {"gguf": gguf, "workers": {"text": {"device": "cpu"}}}))


def test_one_setting_moves_every_model_in_gguf_and_no_other() -> None:
    adapt = with_settings(engine="llama-server", server="/opt/llama-server")
    moved = {card.id for card in load_catalogue().values() if adapt(card).engine == "llama-server"}
    assert "smollm2-135m-instruct" in moved
    assert {"whisper-tiny-en", "all-minilm-l6-v2", "ppocr-v6-small"} & moved == set()
    options = adapt(load_catalogue()["smollm2-135m-instruct"]).options
    assert options == {"server": "/opt/llama-server", "device": "cpu"}


def test_without_it_a_card_alone_decides(program: Program) -> None:
    adapt = with_settings()
    card = load_catalogue()["smollm2-135m-instruct"]
    assert adapt(card) is card
    own = card_on(program())
    assert adapt(own).engine == "llama-server"
    assert adapt(own).options["server"] == own.options["server"]


def test_building_one_is_offered_where_the_package_leaves_something_unused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    info = tmp_path / "cpuinfo"
    info.write_text("model name: A\nflags\t\t: sse avx2 avx512f amx_int8 x\nflags\t: avx2\n")
    assert unused_instructions(info) == ("avx512f", "amx_int8")
    assert "avx512f, amx_int8" in offer(("avx512f", "amx_int8"))
    assert "minutes, once" in offer(("avx512f",))
    info.write_text("flags\t\t: sse avx2\n")
    assert unused_instructions(info) == ()
    assert unused_instructions(tmp_path / "none") == ()
