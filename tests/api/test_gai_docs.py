"""The examples of docs/gai.md, run as they stand."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.running import ROOT, App

EXAMPLES = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "gai.md").read_text("utf-8"), re.DOTALL)
ANSWERS = ("Paris", "train leaves in the evening", "24.62", "tower")


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize(("example", "expected"), list(zip(EXAMPLES, ANSWERS, strict=True)))
def test_an_example_of_the_page_works(
    app: App, tmp_path: Path, example: str, expected: str
) -> None:
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    done = subprocess.run(
        ["bash", "-euc", example.replace("http://localhost:12031", app.url)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.replace("}[", "}\n[").splitlines()]
    text = "".join(
        choice.get("delta", choice.get("message", {})).get("content") or ""
        for answer in answers
        if isinstance(answer, dict)
        for choice in answer.get("choices", ())
    )
    assert '"type":"error"' not in done.stdout
    assert expected in (text or done.stdout)
