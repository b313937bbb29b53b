"""The server ends while an answer is written and a tool server runs: what was said is kept, nothing stays behind."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.running import STOP_TIMEOUT_S, App, is_alive, start_app

SERVER = """
import os, signal, sys, time
from pathlib import Path
from mcp.server.fastmcp import FastMCP

signal.signal(signal.SIGTERM, signal.SIG_IGN)
Path(sys.argv[1]).write_text(str(os.getpid()))
server = FastMCP("stubborn", log_level="ERROR")

@server.tool()
def add(a: int, b: int) -> int:
    return a + b

server.run("stdio")
while True:  # goes on when nobody speaks to it any more
    time.sleep(60)
"""
SLOW = "!slow " + " ".join(f"word{number}" for number in range(2_000))


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    """Where the tool server writes which process it is; the file of servers names it."""
    script, pid_file = tmp_path / "stubborn.py", tmp_path / "pid"
    script.write_text(SERVER)
    entry = {"command": sys.executable, "args": [str(script), str(pid_file)]}
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mcp.json").write_text(json.dumps({"mcpServers": {"stubborn": entry}}))
    return pid_file


@pytest.fixture
def app(tmp_path: Path, pid_file: Path) -> Iterator[App]:
    app = start_app(tmp_path, "--engine", "fake", QUINTET_SERVER__DRAIN_S="0.2")
    yield app
    app.process.kill()
    app.process.wait()


@pytest.fixture
def page(app: App, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(app.url)
    yield page
    context.close()


def test_what_was_said_is_kept_and_the_tool_server_has_ended(
    app: App, page: Page, pid_file: Path
) -> None:
    page.locator(".q-switch[data-key=tools]").click()
    page.locator('.q-switch-menu [data-value="stubborn/add"]').click()
    expect(page.locator(".q-switch[data-key=tools]")).to_have_text("Tools 1")
    page.locator("#chat-input").fill(SLOW)
    page.keyboard.press("Enter")
    expect(page.locator('#chat-live [data-testid="bot"] .prose')).to_contain_text("word3")
    server = int(pid_file.read_text())
    assert is_alive(server)
    app.process.send_signal(signal.SIGTERM)
    assert app.process.wait(STOP_TIMEOUT_S) == 0
    assert not is_alive(server)
    with closing(sqlite3.connect(app.data_dir / "chats.sqlite3")) as database:
        ((state, text),) = database.execute(
            "SELECT state, text || coalesce(more_text, '') FROM whole_messages "
            "WHERE role = 'assistant'"
        )
    assert state == "interrupted"
    assert "word3" in text
