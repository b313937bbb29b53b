"""Tools from the shell, with the fake model, which calls what it is told to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Quintet

SUM = '!call calculator {"expression": "2*3"}'
SHOUT = '!call shout {"text": "hi"}'
FAKE = ("--profile", "fake")
FILE = '''
def shout(text: str) -> str:
    """Say it loudly."""
    return text.upper()
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tools")
    (folder / "loud.py").write_text(FILE)
    (folder / "broken.py").write_text("def x(:")
    return folder


def test_tools_lists_what_there_is_and_what_is_broken(quintet: Quintet, folder: Path) -> None:
    done = quintet("tools", QUINTET_TOOLS__FOLDER=str(folder))
    assert done.returncode == 0
    assert "calculator" in done.stdout
    assert "loud/shout  Say it loudly." in done.stdout
    assert "broken.py: invalid syntax" in done.stderr


def test_a_call_runs_and_is_told_of(quintet: Quintet) -> None:
    done = quintet("ask", *FAKE, "--tool", "calculator", SUM)
    assert (done.stdout.strip(), done.returncode) == ("6", 0)
    assert "calculator(2*3) → 6" in done.stderr


def test_a_call_that_wants_leave_gets_it_from_a_flag_alone_where_nobody_is(
    quintet: Quintet, folder: Path
) -> None:
    arguments = ("ask", *FAKE, "--tool", "loud/*", "--json", SHOUT)
    refused = json.loads(quintet(*arguments, QUINTET_TOOLS__FOLDER=str(folder)).stdout)
    assert refused["calls"][0]["state"] == "refused"
    allowed = quintet(*arguments, "--allow-calls", QUINTET_TOOLS__FOLDER=str(folder))
    assert json.loads(allowed.stdout)["text"].strip() == "HI"


def test_a_chat_chooses_its_tools(quintet: Quintet) -> None:
    done = quintet("chat", *FAKE, stdin=f"/tools calculator\n{SUM}\n/tools -\n{SUM}\n")
    assert "→ 6" in done.stderr
    assert done.stderr.count("calculator(") == 1
