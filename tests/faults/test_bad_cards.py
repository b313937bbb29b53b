"""One bad card keeps nothing else from starting; it is left out, and said wherever models are listed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.checks import cards as findings_of
from configs.catalogue import load_catalogue
from configs.settings import load_settings
from tests.faults.bad_cards import BAD, GOOD, SPECIAL, write_all
from tests.running import App, start_app, stop_app
from ui.models.state import ModelsState
from ui.models.view import models_html
from workers.assembly import build_models
from workers.models.importing import read_added

ODD_OPTIONS = {
    "gpu": "gpu_layers: many",
    "context": "context_tokens: -7",
    "words": "context_tokens: a few",
    "slots": "slots: [1, 2]",
    "threads": "threads: {a: b}",
    "device": "device: 12",
    "infinite": "context_tokens: .inf",
    "load-in": "load_in: [int8]",
}
"""Each makes a card that cannot be used."""
BENT_OPTIONS = {
    "unknown": "colour: [red]",
    "pooling": "pooling: 3",
    "mmap": "use_mmap: perhaps",
    "kv": "offload_kqv: {a: b}",
    "trim": "trimspace: 5",
}
"""Each is its engine's to refuse, if it looks."""


@pytest.mark.parametrize("name", [*BAD, *SPECIAL])
def test_a_bad_card_is_left_out_with_one_sentence(name: str, tmp_path: Path) -> None:
    write_all(tmp_path / "all")
    (tmp_path / "models.d").mkdir()
    (tmp_path / "models.d" / "a-good.yaml").write_text(GOOD)
    (tmp_path / "all" / name).rename(tmp_path / "models.d" / name)
    models = build_models(load_settings("cpu", {"data_dir": str(tmp_path)}), load_catalogue())
    assert models.get("mine").name == "Mine"
    assert models.default("text").id == "smollm2-135m-instruct"
    (warning,) = models.left_out
    assert name in warning or "smollm2-135m-instruct" in warning
    assert len(warning) < 600
    assert str(tmp_path) not in warning


def test_cards_that_may_not_be_read_are_left_out(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is forbidden to root")
    folder = tmp_path / "models.d"
    folder.mkdir()
    (folder / "shut.yaml").write_text(GOOD)
    (folder / "shut.yaml").chmod(0)
    warnings: list[str] = []
    assert read_added(tmp_path, warnings.append) == {}
    folder.chmod(0)
    assert read_added(tmp_path, warnings.append) == {}
    folder.chmod(0o700)
    assert ["cannot be read" in sentence for sentence in warnings] == [True, True]


def test_a_file_in_the_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "models.d").write_text("no folder")
    warnings: list[str] = []
    assert read_added(tmp_path, warnings.append) == {}
    assert len(warnings) == 1


def test_the_bad_cards_are_listed_on_the_page_and_by_the_doctor() -> None:
    sentence = "models.d/<b>.yaml cannot be used"
    assert "models.d/&lt;b&gt;.yaml cannot be used" in models_html(ModelsState(left_out=[sentence]))
    (finding,) = findings_of([sentence])
    assert finding.state == "warning"
    assert finding.detail == sentence


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("cards")
    write_all(folder / "data" / "models.d")
    for name, option in {**ODD_OPTIONS, **BENT_OPTIONS}.items():
        text = GOOD.replace("id: mine", f"id: odd-{name}").replace(
            "path:/nowhere", f"path:{folder}"
        )
        (folder / "data" / "models.d" / f"odd-{name}.yaml").write_text(
            f"{text}options: {{{option}}}"
        )
    (folder / "model.gguf").write_bytes(b"GGUF but not really")
    running = start_app(folder)
    yield running
    stop_app(running)


@pytest.mark.slow
def test_quintet_starts_among_bad_cards_and_says_which(app: App) -> None:
    listed = httpx.get(f"{app.url}/v1/models", timeout=60)
    assert listed.status_code == 200, listed.text
    ids = [model["id"] for model in listed.json()["data"]]
    assert "smollm2-135m-instruct" in ids
    warnings = "\n".join(listed.json()["warnings"])
    log = app.log.read_text()
    odd = {f"odd-{name}.yaml" for name in ODD_OPTIONS}
    for name in ({*BAD, *SPECIAL} | odd) - {"twice.yaml", "usurper.yaml"}:
        assert name in warnings, name
        assert name in log, name
    assert "Traceback" not in log


@pytest.mark.slow
def test_a_card_with_odd_options_harms_nobody_else(app: App) -> None:
    body: dict[str, object]
    for name in BENT_OPTIONS:
        body = {"model": f"odd-{name}", "messages": [{"role": "user", "content": "Hi"}]}
        answer = httpx.post(f"{app.url}/v1/chat/completions", json=body, timeout=60)
        assert answer.status_code >= 400
        assert answer.json()["error"]["message"]
    body = {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 2}
    assert httpx.post(f"{app.url}/v1/chat/completions", json=body, timeout=60).status_code == 200
    assert "Traceback" not in app.log.read_text()
