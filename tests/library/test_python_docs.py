"""The examples of docs/python.md, run as they stand, in a folder of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.library.test_samples import run_script
from tests.running import ROOT

PAGE = (ROOT / "docs" / "python.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ANSWERS = (
    ("Paris", "leaves in the evening", "24.62", "example-handbook.pdf"),
    ("Paris",),
    ("Paris",),
    ("62",),
)


@pytest.mark.parametrize(("example", "expected"), list(zip(EXAMPLES, ANSWERS, strict=True)))
def test_an_example_of_the_page_works(
    tmp_path: Path, models_dir: Path, example: str, expected: tuple[str, ...]
) -> None:
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    (tmp_path / "models").symlink_to(models_dir)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "tower.txt").write_text("The tower is 62 metres high.")
    done = run_script(tmp_path, example)
    assert [word for word in expected if word not in done.stdout] == []
