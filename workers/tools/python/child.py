"""The process of one Python file of tools: says what is in it, or runs one function, and ends.

    child.py describe FILE            → {"tools": […], "errors": […]}
    child.py call FILE FUNCTION       → {"result": "…"} or {"error": "…"}; arguments as JSON on the input

What the file prints goes to the error stream: the output holds the answer and nothing else.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[3]


def main(arguments: list[str]) -> int:
    """Answer once. Whatever the file does wrong is part of the answer."""
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    verb, file, *rest = arguments
    path = Path(file)
    # Beside the file are its own modules; ours are found first, the folder of this script never.
    sys.path[:1] = [str(ROOT)]
    sys.path.append(str(path.parent))
    said = _described(path) if verb == "describe" else _called(path, rest[0])
    with answer:
        json.dump(said, answer, ensure_ascii=False)
    sys.stdout.flush()
    return 0


def _loaded(path: Path) -> ModuleType:
    name = f"quintet_tool_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _described(path: Path) -> dict[str, Any]:
    from workers.tools.python.functions import described, functions_of

    tools: list[dict[str, Any]] = []
    errors: list[str] = []
    try:
        functions = functions_of(_loaded(path))
    except (Exception, SystemExit) as err:  # noqa: BLE001 — the file is somebody else's
        return {"tools": [], "errors": [_sentence(err, path)]}
    for name, function in functions.items():
        try:
            tools.append(described(name, function))
        except Exception as err:  # noqa: BLE001 — one function must not take the others with it
            errors.append(f"{name}: {_sentence(err, path)}")
    if not tools and not errors:
        errors.append("it defines no public function")
    return {"tools": tools, "errors": errors}


def _called(path: Path, name: str) -> dict[str, Any]:
    from workers.tools.python.functions import called, functions_of

    try:
        result = called(functions_of(_loaded(path))[name], json.load(sys.stdin))
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        text = result if isinstance(result, str) else _as_json(result)
    except (Exception, SystemExit) as err:  # noqa: BLE001 — the function is somebody else's
        return {"error": _sentence(err, path)}
    return {"result": text}


def _as_json(value: object) -> str:
    from pydantic_core import to_json

    return to_json(value, fallback=str).decode()


def _sentence(err: BaseException, path: Path) -> str:
    """Return kind and text of an error, and the line of the file that it came from."""
    place, trace = "", err.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            place = f" (line {trace.tb_lineno})"
        trace = trace.tb_next
    if isinstance(err, SyntaxError) and err.lineno:
        return f"{err.msg} (line {err.lineno})"
    return f"{type(err).__name__}: {err}{place}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
