"""The wheel of our own: every file as its card names it, licences inside, found when it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.running import ROOT
from workers.messages.errors import WeightsError
from workers.models.weights_wheel import build_wheel, packaged_cards

CARDS = packaged_cards()
LOOK = """
import sys
from pathlib import Path
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in sys.argv[2:] else find(name, *more)
from workers.models.weights import verified_folder
from workers.models.weights_wheel import packaged_cards
for card in packaged_cards():
    print(verified_folder(card, Path(sys.argv[1]), lambda loading: None))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"), CARDS)


def test_it_holds_five_models_with_their_licences(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        notice = archive.read("quintet_weights-1.0.dist-info/licenses/NOTICE.txt").decode()
        texts = [archive.read(n).decode() for n in names if "/licenses/" in n]
    assert len(CARDS) == 5
    for card in CARDS:
        assert {f"quintet_weights/{card.id}/{name}" for name in card.files} <= set(names)
        assert any(f"/licenses/{card.id}/" in name for name in names)
        assert card.license in notice
    assert any("Apache License" in text and "Version 2.0, January 2004" in text for text in texts)
    assert any("Copyright (c) 2022 OpenAI" in text for text in texts)


def test_installed_it_is_where_every_model_is_loaded_from(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--no-index"]
    subprocess.run([*pip, "--quiet", "--no-deps", "--target", site, wheel], check=True)
    strangers = [card.source.partition("/")[2].partition("/")[0] for card in CARDS]
    done = subprocess.run(
        [sys.executable, "-c", LOOK, tmp_path / "data", *strangers],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(site / "quintet_weights" / card.id) for card in CARDS]


def test_weights_that_are_not_the_cards_are_not_packed(tmp_path: Path) -> None:
    card = next(card for card in CARDS if card.modality == "tts")
    other = card.model_copy(update={"files": dict.fromkeys(card.files, "0" * 64)})
    with pytest.raises(WeightsError, match="its card another one"):
        build_wheel(tmp_path, [other])
    assert not list(tmp_path.glob("*.whl"))
