"""The terminal chat, driven through a terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, TIMEOUT_S, Quintet

PARIS = "What is the capital of France? Answer briefly."
LONG = "Tell me a very long story about the sea."
TAKE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)
"""Makes standard input the terminal whose Ctrl-C is a signal, then becomes the command."""
CTRL_C, UP, ENTER = "\x03", "\x1b[A", "\n"


class Terminal:
    """A chat behind a pseudo-terminal."""

    def __init__(self, environment: dict[str, str], home: Path) -> None:
        self._end, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE_TERMINAL, *COMMAND, "chat", "--temperature", "0"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=home,
            env={**environment, "TERM": "dumb"},
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def expect(self, pattern: str, timeout_s: float = TIMEOUT_S) -> str:
        """Wait until the pattern is written, and take what was written up to it."""
        give_up = time.monotonic() + timeout_s
        while not (found := re.search(pattern, self.seen, re.DOTALL)):
            assert time.monotonic() < give_up, f"{pattern!r} is not in {self.seen!r}"
            if select.select([self._end], [], [], 0.2)[0]:
                self.seen += os.read(self._end, 65536).decode(errors="replace").replace("\r", "")
        taken, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return taken

    def press_until(self, key: str, pattern: str) -> None:
        """Press a key until it is heard: between two places Python drops a signal, on busy cores."""
        give_up = time.monotonic() + TIMEOUT_S
        while time.monotonic() < give_up:
            self.type(key)
            try:
                self.expect(pattern, timeout_s=2)
            except AssertionError:
                continue
            return
        raise AssertionError(f"{pattern!r} never came")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._end)


@pytest.fixture
def terminal(environment: dict[str, str], home: Path) -> Iterator[Terminal]:
    terminal = Terminal(environment, home)
    yield terminal
    terminal.close()


def test_ctrl_c_stops_the_answer_and_the_chat_goes_on(terminal: Terminal, home: Path) -> None:
    terminal.expect("> ")
    terminal.type(LONG + ENTER)
    terminal.expect(r"story about the sea\.\n.*\w+ \w+ \w+")
    terminal.press_until(CTRL_C, r"\[stopped\]\n.*> ")
    terminal.press_until(CTRL_C, "/quit or Ctrl-D leaves.*> ")
    terminal.type("/clear" + ENTER)
    terminal.expect("Forgotten.*> ")
    terminal.type(PARIS + ENTER)
    terminal.expect(r"briefly\.\n.*Paris.*> ")
    terminal.type("/save talk.json" + ENTER)
    terminal.expect("Saved as talk.json.*> ")
    terminal.type(UP + UP + ENTER)  # the question again, from the history
    terminal.expect(r"briefly\.\n.*Paris.*> ")
    terminal.type("/quit" + ENTER)
    assert terminal.process.wait(60) == 0
    question, answer = json.loads((home / "talk.json").read_text())
    assert question == {"role": "user", "content": PARIS}
    assert "Paris" in answer["content"]
    assert (home / "data" / "chat_history").read_text().count(PARIS) == 2


def test_commands_work_from_a_pipe_too(quintet: Quintet, home: Path) -> None:
    (home / "tower.txt").write_text("The tower is 62 metres high.")
    assert quintet("index", "towers", "tower.txt").returncode == 0
    lines = [
        PARIS,
        "/retry",
        "/system Answer in one word.",
        "/model",
        "/model nobody",
        "/nonsense",
        "/doc nowhere",
        "/doc towers",
        "How high is the tower?",
        "/image none.png",
        "/help",
        "/quit",
        "never asked",
    ]
    done = quintet("chat", "--json", "--temperature", "0", stdin="\n".join(lines))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["question"] for answer in answers] == [PARIS, PARIS, "How high is the tower?"]
    assert "Paris" in answers[0]["text"]
    assert answers[1]["text"] == answers[0]["text"]
    assert "62" in answers[2]["text"]
    for sentence in (
        "The system prompt is set.",
        "* smollm2-135m-instruct",
        "No text model is called 'nobody'",
        "There is no /nonsense.",
        "No collection is called 'nowhere'; known: ",
        "Questions are answered from towers now",
        "There is no file none.png.",
        "/save FILE",
    ):
        assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_end_of_the_input_ends_the_chat(quintet: Quintet) -> None:
    done = quintet("chat", stdin="")
    assert (done.returncode, done.stdout) == (0, "")
