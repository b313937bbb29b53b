"""Personas from the shell: kept, given away, asked as."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Quintet

PILOT = """
name: Pilot
system: Speak like a pilot who has time.
model: nonesuch
tools: [clock]
sampling: {max_tokens: 3}
"""
COUNT = "one two three four five"
FAKE = ("--profile", "fake")


@pytest.fixture
def data(tmp_path: Path) -> dict[str, str]:
    return {"QUINTET_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def pilot(here: Quintet, tmp_path: Path, data: dict[str, str]) -> Path:
    path = tmp_path / "pilot.persona.yaml"
    path.write_text(PILOT, "utf-8")
    assert here("personas", "add", path, **data).stdout == "Added Pilot as pilot.\n"
    return path


def test_what_there_is_is_listed_and_shown(
    here: Quintet, data: dict[str, str], pilot: Path
) -> None:
    listed = here("personas", "list", "--json", **data).stdout.splitlines()
    rows = [json.loads(line) for line in listed]
    assert [(row["id"], row["origin"]) for row in rows] == [
        ("plain", "shipped"),
        ("coder", "shipped"),
        ("summariser", "shipped"),
        ("translator", "shipped"),
        ("tutor", "shipped"),
        ("pilot", "machine"),
    ]
    assert "this machine" in here("personas", "list", **data).stdout
    assert "system: Speak like a pilot" in here("personas", "show", "Pilot", **data).stdout


def test_one_is_given_away_deleted_and_brought_back(
    here: Quintet, data: dict[str, str], pilot: Path, tmp_path: Path
) -> None:
    given = tmp_path / "given.yaml"
    assert here("personas", "export", "pilot", "-o", given, **data).returncode == 0
    again = here("personas", "export", "pilot", "-o", given, **data)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    assert here("personas", "add", given, **data).stdout == "Added Pilot 2 as pilot-2.\n"
    assert "Deleted Pilot." in here("personas", "delete", "pilot", **data).stdout
    assert here("personas", "show", "pilot", **data).returncode == 2
    assert here("personas", "restore", "pilot", **data).stdout == "Pilot is back as pilot.\n"


def test_a_bad_file_is_named_and_nothing_is_added(
    here: Quintet, data: dict[str, str], pilot: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: X\nsystm: y\n", "utf-8")
    refused = here("personas", "add", pilot, bad, **data)
    assert refused.returncode == 2
    assert (
        "bad.yaml: This is no persona: unknown key 'systm', did you mean 'system'?"
        in refused.stderr
    )
    assert "pilot-2" not in here("personas", "list", **data).stdout
    assert "comes with Quintet" in here("personas", "delete", "coder", **data).stderr


def test_a_question_is_asked_as_a_persona(
    quintet: Quintet, data: dict[str, str], pilot: Path
) -> None:
    """The fake says the question back, and its tokens are words."""
    done = quintet("ask", COUNT, "--persona", "pilot", "--json", *FAKE, **data)
    answer = json.loads(done.stdout)
    assert (answer["text"], answer["usage"]["prompt_tokens"]) == ("one two three ", 7 + 5)
    assert "The model nonesuch is not here: the model in use answers." in done.stderr
    assert "The tool clock is not here: Pilot works without." in done.stderr
    longer = quintet("ask", COUNT, "--persona", "pilot", "--max-tokens", "4", *FAKE, **data)
    assert longer.stdout == "one two three four \n"


def test_a_chat_changes_who_answers(quintet: Quintet, data: dict[str, str], pilot: Path) -> None:
    said = f"{COUNT}\n/persona plain\n{COUNT}\n/system\n/persona\n"
    done = quintet("chat", "--persona", "pilot", *FAKE, stdin=said, **data)
    assert done.stdout.splitlines() == ["one two three ", COUNT]
    assert "Plain answers now." in done.stderr
    assert "System prompt: You are a helpful assistant." in done.stderr
    assert "coder  Text to code" in done.stderr


def test_what_does_not_go_together_is_refused(here: Quintet, data: dict[str, str]) -> None:
    refused = here("ask", "x", "--persona", "coder", "--collection", "c", **data)
    assert (refused.returncode, "cannot be combined" in refused.stderr) == (2, True)
    nobody = here("ask", "x", "--persona", "codr", **data)
    assert (nobody.returncode, "Did you mean coder?" in nobody.stderr) == (2, True)
