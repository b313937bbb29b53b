"""Questions about files from Python and the shell: read as in a chat of the page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from library.session import Quintet
from workers.messages.errors import UnsupportedInputError

ROOT = Path(__file__).parents[2]
RECEIPT = ROOT / "assets" / "example-receipt.png"


@pytest.fixture(scope="module")
def quintet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quintet]:
    with Quintet("fake", data_dir=str(tmp_path_factory.mktemp("data"))) as quintet:
        yield quintet


def test_an_answer_says_how_each_file_was_read(quintet: Quintet, tmp_path: Path) -> None:
    notes, blank = tmp_path / "notes.txt", tmp_path / "program.bin"
    notes.write_text("The key is under the blue pot.")
    blank.write_bytes(b"MZ" + b"\0" * 50)
    answer = quintet.ask_files([notes, RECEIPT, blank], "Where is the key?")
    assert "under the blue pot" in answer.text
    assert [file["read_as"] for file in answer.files] == [
        "read whole",
        "seen by Fake eye",
        "not read",
    ]
    assert answer.usage.prompt_tokens > 0
    assert (answer.sources, answer.citations) == ((), ())


def test_documents_can_be_asked_besides(quintet: Quintet) -> None:
    quintet.index("Town", [b"The library is open from ten to six."])
    answer = quintet.ask_files([], "When is the library open?", collections=["Town"])
    assert answer.sources[0]["collection"] == "Town"
    assert answer.citations
    assert "[1]" in answer.text


def test_what_cannot_be_attached_is_refused(quintet: Quintet) -> None:
    with pytest.raises(UnsupportedInputError, match=r"is empty \(0 bytes\)"):
        quintet.ask_files([b""], "What is it?")
    with pytest.raises(FileNotFoundError):
        quintet.ask_files("nowhere.txt", "What is it?")


def test_the_shell_reads_them_too(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("The key is under the blue pot.")
    command = [
        sys.executable, "-m", "cli", "ask", "Where is the key?", "--file", str(notes), "--json",
        "--profile", "fake", "--data-dir", str(tmp_path / "data"),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "under the blue pot" in answer["text"]
    assert answer["files"][0]["read_as"] == "read whole"
