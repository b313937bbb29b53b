"""Before a model is added, its repository's quantisations are listed with sizes and plans."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import main
from configs.settings import HubSettings
from tests.downloads.adding import GGUF, HEAD_BYTES
from tests.downloads.conftest import make_card
from tests.downloads.local_hub import LocalHub, serve
from workers.models.quantizations import quantizations_of

HEAD = GGUF.read_bytes()[:HEAD_BYTES]
FILES = {
    "own-Q4_K_M.gguf": HEAD,
    "own-Q8_0.gguf": HEAD + bytes(500_000),
    "big/own-BF16-00001-of-00002.gguf": HEAD,
    "big/own-BF16-00002-of-00002.gguf": bytes(9_000_000),
    "mmproj-F16.gguf": b"sees",
    "README.md": b"# Own",
}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    large = {name for name in FILES if name.endswith(".gguf")}
    with serve(LocalHub({"maker/own": dict(FILES)}, large=large)) as local_hub:
        yield local_hub


def test_each_is_a_card_of_its_own_with_the_projector_beside_it(hub: LocalHub) -> None:
    card = make_card(
        source="hf:maker/own@main",
        files={"own-Q8_0.gguf": None, "mmproj-F16.gguf": None},
        file_bytes={"mmproj-F16.gguf": 4},
    )
    found = quantizations_of(card, HubSettings(endpoint=hub.url))
    assert [(one.label, one.num_bytes, one.is_chosen) for one in found] == [
        ("Q4_K_M", HEAD_BYTES + 4, False),
        ("Q8_0", HEAD_BYTES + 500_000 + 4, True),
        ("BF16", HEAD_BYTES + 9_000_000 + 4, False),
    ]
    pieces = found[2].card
    assert [*pieces.files] == [*(n for n in FILES if n.startswith("big/")), "mmproj-F16.gguf"]
    assert pieces.quantization == "bf16"
    assert hub.gets("own-Q4_K_M.gguf") == []


def test_what_is_no_gguf_of_a_hub_has_no_choice(hub: LocalHub) -> None:
    settings = HubSettings(endpoint=hub.url)
    assert quantizations_of(make_card(files={"model.safetensors": None}), settings) == ()
    assert quantizations_of(make_card(source="path:/somewhere"), settings) == ()
    assert hub.requests == []


def test_the_command_lists_them_and_marks_the_one_that_would_be_taken(
    hub: LocalHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("QUINTET_HUB__ENDPOINT", hub.url)
    asked = ["models", "add", "maker/own", "--as", "text", "--dry-run", "--data-dir", str(tmp_path)]
    assert main(asked) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    marked = [line for line in lines if line[:1] == ["*"] and line[-1].endswith(".gguf")]
    assert [line[1] for line in marked] == ["Q4_K_M"]
    assert {"Q8_0", "BF16"} <= {line[0] for line in lines if line}
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["plan"]["outcome"] for one in said["quantizations"]] == ["fits"] * 3
