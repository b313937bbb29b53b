"""From `python app.py` to a served page and to an answer, what a command costs, and all that memory.

Seconds on the clock depend on who else uses the machine; seconds of the processor hardly do. Bare
`import gradio` is measured in turn with the start: its share is what a page needs at least.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterable
from statistics import median

from .harness import Measurement
from .served import ROOT, Served, served

RUNS = 3
ALL = ("text", "stt", "tts", "vision", "rag")
GRADIO = ("-c", "import gradio")
VERSION = ("quintet.py", "--version")


def measure() -> list[Measurement]:
    """Return what a start takes, what two commands compute, and the memory of all processes."""
    page, ready, cpu, bare = [], [], [], []
    rows: list[Measurement] = []
    for run in range(RUNS):
        bare.append(_cpu_of(*GRADIO))
        with served() as quintet:
            page.append(quintet.page_s())
            cpu.append(quintet.cpu_s())
            ready.append(quintet.ready_s("text"))
            if run == RUNS - 1:
                quintet.ready_s(*ALL)
                rows = [_asked(quintet), *_memory(quintet)]
    shares = [ours / gradio for ours, gradio in zip(cpu, bare, strict=True)]
    return [
        _row("start → page served", page, "s", "≤ 3"),
        _row("start → chat ready", ready, "s", "≤ 4"),
        _row("start → page served, processor time of the main process", cpu, "s"),
        _row("the same ÷ bare `import gradio`", shares, "ratio", "≤ 0.9"),
        _row("`quintet --version`, processor time", _times(VERSION), "s", "≤ 0.15"),
        *rows,
    ]


def _asked(quintet: Served) -> Measurement:
    command = ("quintet.py", "ask", "--url", quintet.url, "--max-tokens", "1", "Hello")
    return _row("`quintet ask --url`, processor time", _times(command), "s", "≤ 0.5")


def _memory(quintet: Served) -> Iterable[Measurement]:
    resident = [process.memory_info().rss / 2**20 for process in quintet.family()]
    yield Measurement(what="main process, resident", value=resident[0], unit="MiB", bar="≤ 400")
    yield Measurement(
        what="all five workers awake, resident", value=sum(resident), unit="MiB", bar="≤ 3072"
    )


def _row(what: str, values: list[float], unit: str, bar: str = "") -> Measurement:
    return Measurement(what=what, value=median(values), unit=unit, bar=bar, runs=len(values))


def _times(command: tuple[str, ...]) -> list[float]:
    return [_cpu_of(*command) for _ in range(RUNS)]


def _cpu_of(*arguments: str) -> float:
    """Return what a command of Python and its children compute, in seconds."""
    before = _children_s()
    command = [sys.executable, *arguments]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return _children_s() - before


def _children_s() -> float:
    """Return what the children that have ended computed: no server of ours ends in between."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
