"""Gradio is imported without what the page does not use, and nobody else misses it."""

from __future__ import annotations

import subprocess
import sys

from tests.running import ROOT


def printed_by(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_page_needs_no_stubs_no_pandas_and_no_mcp() -> None:
    code = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import ui.blocks, api.app
print(any(path.endswith(".pyi") for path in opened))
print([name for name in ("pandas", "mcp", "matplotlib") if name in sys.modules])
"""
    assert printed_by(code) == ["False", "[]"]


def test_both_libraries_are_there_for_who_asks() -> None:
    code = """
import ui.blocks, gradio, mcp, pandas
from gradio.caching import pd
print(mcp.__file__ is not None, pandas.DataFrame is pd.DataFrame, pandas is not pd)
table = pandas.DataFrame({"a": [1]})
print(gradio.DataFrame().postprocess(table).headers)
"""
    assert printed_by(code) == ["True True True", "['a']"]


def test_gradio_asks_for_pandas_first_when_it_needs_it() -> None:
    code = """
import sys, ui.blocks
from gradio.caching import pd
before = "pandas" in sys.modules
pd.DataFrame
print(before, "pandas" in sys.modules)
"""
    assert printed_by(code) == ["False True"]


def test_whoever_has_imported_gradio_keeps_it() -> None:
    assert printed_by(
        "import gradio; before = gradio; import ui.blocks; print(ui.blocks.gr is before)"
    ) == ["True"]
