"""The process that renders templates, and the hold on it of whoever asks.

Questions are pickled (we write them), answers are JSON (a stranger's template had a hand in them), each
behind its length. The process ends by itself when its asker does, and when nobody asks for a while.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import pickle
import select
import signal
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from workers.messages.amounts import memory_words

from .go_engine import TemplateError, compile_here, render_here

ROOT = Path(__file__).parents[2]
MAX_CPU_S = 2.0
"""Processor time for one template, once; those that people write take milliseconds."""
MAX_MEMORY_MIB = 512
"""Address space of the process: an interpreter with gotpl has 60."""
IDLE_S = 60.0
_LENGTH = struct.Struct(">Q")


class TemplateProcess:
    """Asks the process, and starts another where there is none. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: _Running | None = None
        atexit.register(self._end)

    def ask(self, source: str, name: str, values: dict[str, Any] | None) -> str:
        """Return the rendered template; without values, only see whether it can be read.

        Raises: TemplateError.
        """
        question = pickle.dumps((source, name, values))
        with self._lock:
            answer, exit_code = self._exchange(question), 0
            if answer is None and (exit_code := self._end()) != -signal.SIGVTALRM:
                answer = self._exchange(question)  # it had ended before it was asked, perhaps
                exit_code = 0 if answer is not None else self._end()
        if answer is None:
            raise TemplateError(_why(name, exit_code))
        if "error" in answer:
            raise TemplateError(answer["error"])
        return answer["text"]

    def _exchange(self, question: bytes) -> dict[str, str] | None:
        """Return the answer; None if the process has ended."""
        if self._running is None:
            self._running = _start()
        try:
            write_frame(self._running.questions, question)
            answer = read_frame(self._running.answers)
        except (BrokenPipeError, EOFError):
            return None
        decoded: dict[str, str] = json.loads(answer)
        return decoded

    def _end(self) -> int:
        """Forget the process, which ends if it has not; returns its exit code."""
        running, self._running = self._running, None
        if running is None:
            return 0
        for pipe in (running.questions, running.answers):
            with contextlib.suppress(OSError):  # what could not be written any more
                pipe.close()
        return running.process.wait()


class _Running(NamedTuple):
    process: subprocess.Popen[bytes]
    questions: IO[bytes]
    answers: IO[bytes]


def _start() -> _Running:
    try:
        process = subprocess.Popen(  # noqa: S603 — our own interpreter
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    except OSError as err:
        raise TemplateError(f"Templates cannot be rendered: {err.strerror}.") from err
    return _Running(process, cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout))


def _why(name: str, exit_code: int) -> str:
    if exit_code == -signal.SIGVTALRM:
        return f"{name} takes more than {MAX_CPU_S:g} s of processor time; make it simpler."
    return f"{name} ended the process that renders it (exit status {exit_code}); make it simpler."


def write_frame(file: IO[bytes], content: bytes) -> None:
    """Write some bytes behind their length."""
    file.write(_LENGTH.pack(len(content)) + content)
    file.flush()


def read_frame(file: IO[bytes]) -> bytes:
    """Return what was written as one. Raises: EOFError."""
    head = file.read(_LENGTH.size)
    content = file.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
    if not content:
        raise EOFError
    return content


def serve() -> None:
    """Be the process: answer until nobody asks any more."""
    import resource

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the asker's to handle
    most = MAX_MEMORY_MIB << 20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    while select.select([questions], [], [], IDLE_S)[0]:
        try:
            question = read_frame(questions)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_VIRTUAL, MAX_CPU_S)  # its signal ends the process
        answer = _answer(question)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        write_frame(answers, answer)


def _answer(question: bytes) -> bytes:
    name = "the template"
    try:
        source, name, values = pickle.loads(question)  # noqa: S301 — from our own parent
        if values is None:
            compile_here(source, name)
        text = "" if values is None else render_here(source, values, name)
        return json.dumps({"text": text}).encode()
    except TemplateError as err:
        sentence = str(err)
    except MemoryError:
        sentence = (
            f"{name} needs more than {memory_words(MAX_MEMORY_MIB)} of memory; make it simpler."
        )
    except RecursionError:
        sentence = f"{name} is nested too deeply; make it simpler."
    except Exception as err:  # noqa: BLE001 — of a library, about a stranger's text
        sentence = f"{name} cannot be rendered: {type(err).__name__}: {err}."
    return json.dumps({"error": sentence}).encode()


if __name__ == "__main__":
    serve()
