"""Lines typed at a prompt: arrow keys, a history file, /commands completed with Tab."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

PROMPT = "> "
HISTORY_LINES = 1000


@contextlib.contextmanager
def line_editing(history: Path, commands: Sequence[str]) -> Iterator[None]:
    """Keep what is typed in a file, and complete commands, where Python has readline."""
    readline = _readline() if sys.stdin.isatty() else None
    if readline is None:
        yield
        return
    readline.set_completer(lambda text, state: _complete(commands, text, state))
    readline.set_completer_delims(" \t\n")
    is_libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if is_libedit else "tab: complete")
    history.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # there is none yet, or it is damaged
        readline.read_history_file(history)
    try:
        yield
    finally:
        readline.set_history_length(HISTORY_LINES)
        with contextlib.suppress(OSError):
            readline.write_history_file(history)


def lines() -> Iterator[str]:
    """Yield what is typed until Ctrl-D; Ctrl-C at the prompt begins a new line."""
    is_typed = sys.stdin.isatty()
    while True:
        try:
            line = input(PROMPT) if is_typed else sys.stdin.readline()
        except EOFError:
            return
        except KeyboardInterrupt:
            sys.stderr.write("\n(/quit or Ctrl-D leaves)\n")
            continue
        if not is_typed and not line:
            return
        if line.strip():
            yield line.strip()


def _complete(commands: Sequence[str], text: str, state: int) -> str | None:
    found = [name for name in commands if text.startswith("/") and name.startswith(text)]
    return found[state] if state < len(found) else None


def _readline() -> ModuleType | None:
    try:
        import readline
    except ImportError:  # Windows, and some builds of Python
        return None
    return readline
