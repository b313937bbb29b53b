"""Read the source once, in a process of its own: its longest functions, and its classes by name.

python tests/architecture/measures.py FOLDER…   →   JSON
"""

from __future__ import annotations

import ast
import json
import sys
from collections import defaultdict
from pathlib import Path


def main(folders: list[str]) -> None:
    functions: dict[str, int] = {}
    classes: dict[str, list[str]] = defaultdict(list)
    for path in sorted(path for folder in folders for path in Path(folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                functions[f"{path}:{node.name}"] = length
            elif isinstance(node, ast.ClassDef):
                classes[node.name].append(str(path))
    json.dump({"functions": functions, "classes": classes}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
