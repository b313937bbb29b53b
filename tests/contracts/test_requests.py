"""Every recorded request of the older systems, at Quintet's own port and at theirs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.doors import OLD_PORTS, Doors
from tests.running import App

from .recorded import HERE, Answered, Conversation, check_body

FILES = sorted(HERE.glob("*/*.yaml"))
OPEN = [path for path in FILES if path.stem != "locked"]
LOCKED = [path for path in FILES if path.stem == "locked"]

pytestmark = pytest.mark.skipif(
    shutil.which("curl") is None, reason="curl is not installed: apt-get install curl"
)


def test_every_system_with_an_address_is_recorded() -> None:
    assert {path.parent.name for path in OPEN} == set(OLD_PORTS)


@pytest.mark.parametrize("door", ["main", pytest.param("old", marks=pytest.mark.slow)])
@pytest.mark.parametrize("path", OPEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_requests_are_answered_as_recorded(
    doors: Doors, material: Path, texts: dict[str, str], path: Path, door: str
) -> None:
    url = doors.url(path.parent.name, door)
    findings = Conversation(url, material, dict(texts)).findings(path)
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.parent.name)
def test_a_key_is_asked_for_as_recorded(locked_app: App, tmp_path: Path, path: Path) -> None:
    findings = Conversation(locked_app.url, tmp_path, {}).findings(path)
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"choices": []}', {"json": "CC"}),
        (
            '{"type": "error", "code": "x", "message": "Something is wrong.", "more": 1}',
            {"json": "GaiError"},
        ),
        ('{"a": 1}\n{"a": 2}\n', {"ndjson": {"first": "Role"}}),
        ("data: {}\n\ndata: {}\n\n", {"sse": {"end": "[DONE]"}}),
        ("data: a\n\n", {"layout": r"(data: [^\r\n]*\r\n\r\n)+"}),
        ("ID3", {"starts": "RIFF"}),
        ("Rome", {"says": "Paris"}),
    ],
)
def test_a_wrong_answer_is_noticed(body: str, expected: dict[str, Any]) -> None:
    assert list(check_body(Answered(200, {}, body.encode()), expected))
