"""What the page makes to be downloaded lies where it is swept, and is gone after the end."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import av
import httpx
import pytest

from tests.running import ROOT, App, start_app, stop_app

from .gradio_door import Visitor, inputs_of

pytestmark = pytest.mark.slow


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def speak(visitor: Visitor) -> bytes:
    heard = visitor.call_named("speak", ["The boat leaves at nine.", "", 1.0])
    assert "event: complete" in heard, heard
    data = next(line for line in heard.splitlines() if line.startswith("data: [{"))
    return visitor.http.get(f"/gradio_api/file={json.loads(data[6:])[0]['path']}").content


def read_receipt(visitor: Visitor) -> str:
    config = visitor.config()
    path = visitor.upload("receipt.png", (ROOT / "assets" / "example-receipt.png").read_bytes())
    areas = [d for d in config["dependencies"] if d["api_name"].startswith("on_files")]
    kinds = {d["id"]: [one["type"] for one in inputs_of(config, d)] for d in areas}
    vision = next(number for number, found in kinds.items() if found == ["state", "state"])
    return visitor.call(vision, [None, None], {"files": [path]})


def test_downloads_are_swept_and_nothing_is_left_behind(tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    running: App = start_app(tmp_path, TMPDIR=str(temporary), QUINTET_POOL__WARM="[]")
    try:
        with httpx.Client(base_url=running.url, timeout=120) as http:
            visitor = Visitor(http)
            with av.open(io.BytesIO(speak(visitor))) as spoken:
                assert spoken.format.name == "mp3"
            heard = read_receipt(visitor)
            text = re.search(r"/gradio_api/file=[^\"\\]+receipt\.txt", heard)
            assert text is not None
            assert "24.62" in http.get(text[0]).text
        assert [
            path for path in files_in(temporary) if path.suffix in (".mp3", ".txt", ".json")
        ] == []
        assert list(temporary.glob("quintet-vision-*")) == []
    finally:
        stop_app(running)
    assert files_in(tmp_path / "gradio") == []
