"""Locked packages come by uv with pip's own settings, and by pip where uv cannot."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from tests.wheels import WEIGHTS, lock, make_wheel
from workers.messages import LastWords, Loading
from workers.messages.errors import WeightsError
from workers.models.environments import installer
from workers.models.weights import find_folder, package_of, verified_folder

needs_uv = pytest.mark.skipif(
    installer.find_uv() is None and not os.environ.get("CI"), reason="needs uv: make install"
)
Install = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Run the installer as make does, into a folder, where pip knows of nothing but a folder of wheels."""
    (tmp_path / "wheels").mkdir()
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels")}

    def run(*options: str, **environ: str) -> subprocess.CompletedProcess[str]:
        given = ["--require-hashes", "--no-deps", "--target", str(tmp_path / "site"), *options]
        return subprocess.run(
            [sys.executable, installer.__file__, *given],
            env={**os.environ, "PIP_CONFIG_FILE": os.devnull, **variables, **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def brought_by(site: Path, name: str) -> str:
    return (site / f"{name}-1.0.dist-info" / "INSTALLER").read_text().strip()


@needs_uv
def test_uv_finds_what_pip_was_given(install: Install, tmp_path: Path) -> None:
    listed = lock(tmp_path, make_wheel(tmp_path / "wheels", "tiny_text_weights"))
    done = install("-r", str(listed))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/tiny_text_weights/model/weights.bin").read_bytes() == WEIGHTS
    assert brought_by(tmp_path / "site", "tiny_text_weights") == "uv"


def test_where_uv_fails_pip_does_it_and_that_is_said(install: Install, tmp_path: Path) -> None:
    listed = lock(tmp_path, make_wheel(tmp_path / "wheels", "tiny_text_weights"))
    (broken := tmp_path / "bin" / "uv").parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    done = install("-r", str(listed), PATH=f"{broken.parent}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert "uv could not (exit status 3); once more with pip" in done.stdout
    assert brought_by(tmp_path / "site", "tiny_text_weights") == "pip"


def test_a_wrong_hash_is_refused_by_both(install: Install, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "tiny_text_weights")
    done = install("-r", str(lock(tmp_path, wheel, digest="0" * 64)))
    assert done.returncode != 0
    assert not (tmp_path / "site" / "tiny_text_weights").exists()


def test_only_what_is_named_is_installed(install: Install, tmp_path: Path) -> None:
    wheels = [make_wheel(tmp_path / "wheels", f"tiny_{name}_weights") for name in ("text", "voice")]
    done = install("-r", str(lock(tmp_path, *wheels)), "--only", "tiny-voice-weights")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "site").glob("tiny_*_weights")} == {
        "tiny_voice_weights"
    }


def test_every_setting_of_pip_reaches_uv_and_uvs_own_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://a.example/simple\ntimeout = 7\n"
        "find-links =\n    /wheels/a\n    /wheels/b\n"
        "[install]\nindex-url = https://b.example/simple\ntrusted-host = b.example c.example\n"
        "[download]\nindex-url = https://never.example/simple\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "file:///one file:///two")
    environ = installer.uv_environ(
        installer.pip_settings(), {"UV_HTTP_TIMEOUT": "99", "HOME": "/h"}
    )
    expected = {
        "UV_DEFAULT_INDEX": "https://b.example/simple",
        "UV_INDEX": "file:///one file:///two",
        "UV_FIND_LINKS": "/wheels/a,/wheels/b",
        "UV_INSECURE_HOST": "b.example c.example",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_HTTP_TIMEOUT": "99",
        "HOME": "/h",
    }
    assert environ.items() >= expected.items()


def test_without_settings_uv_is_given_nothing() -> None:
    assert installer.uv_environ({}, {"HOME": "/h"}) == {"HOME": "/h"}


def test_weights_on_their_way_are_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they are while `make run` installs them beside the page that it has opened."""
    card = load_catalogue()["piper-en-us-joe-medium"]
    name = package_of(card)[0].partition("==")[0]
    (marker := tmp_path / "arriving").write_text(f"{os.getpid()} {name}")
    monkeypatch.setattr(installer, "ARRIVING", marker)
    with pytest.raises(WeightsError, match="still being installed"):
        find_folder(card, tmp_path)
    said: list[str] = []
    has_said = threading.Event()

    def report(loading: Loading | LastWords) -> None:
        said.append(loading.what if isinstance(loading, Loading) else "")
        has_said.set()

    found: list[Path] = []
    waiting = threading.Thread(
        target=lambda: found.append(verified_folder(card, tmp_path, report)), daemon=True
    )
    waiting.start()
    assert has_said.wait(30)
    assert (said[0], found) == ("waiting: its weights are still being installed", [])
    marker.unlink()
    waiting.join(30)
    assert found == [find_folder(card, tmp_path)]


def test_only_what_is_not_here_is_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chat's weights came first, and must not wait for the others."""
    (listed := tmp_path / "weights.txt").write_text("pytest==1\nnever-made-weights==1\n")
    monkeypatch.setattr(installer, "ARRIVING", tmp_path / "arriving")
    with installer.announced(installer.missing_of(listed)):
        assert installer.is_arriving("never-made-weights")
        assert not installer.is_arriving("pytest")
    assert not installer.is_arriving("never-made-weights")


def test_who_died_while_installing_installs_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    (marker := tmp_path / "arriving").write_text(f"{dead.pid} some-weights")
    monkeypatch.setattr(installer, "ARRIVING", marker)
    assert not installer.is_arriving("some-weights")
