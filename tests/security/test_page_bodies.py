"""What is sent to the page itself is bounded: in memory, on the disk, and before anybody has logged in."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import ROOT, App, start_app

from .gradio_door import Visitor

MIB = 1 << 20
JSON_DOORS = ("queue/join", "run/predict", "call/ask", "stream/x", "reset", "cancel")
JSON = {"content-type": "application/json"}
FORM = {"content-type": "multipart/form-data; boundary=x"}
FIELD = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n'
END = b"\r\n--x--\r\n"


def events(num_mib: int) -> Iterator[bytes]:
    """An event whose data is long, without a length in front."""
    yield b'{"fn_index":0,"event_id":"x","session_hash":"x","data":["'
    yield from (b"a" * MIB for _ in range(num_mib))
    yield b'"]}'


def form(field: bytes, num_mib: int) -> Iterator[bytes]:
    yield field
    yield from (b"a" * MIB for _ in range(num_mib))
    yield END


def kept(app: App) -> list[Path]:
    return [path for path in (app.data_dir.parent / "gradio").rglob("*") if path.is_file()]


def wait_for_none(find: str, folder: Path, besides: Collection[Path] = ()) -> None:
    give_up = time.monotonic() + 30
    while left := set(folder.glob(find)).difference(besides):
        assert time.monotonic() < give_up, left
        time.sleep(0.05)


@pytest.mark.parametrize("door", JSON_DOORS)
def test_a_stranger_sends_little(locked_app: App, door: str) -> None:
    address = f"{locked_app.url}/gradio_api/{door}"
    assert httpx.post(address, content=events(3), headers=JSON, timeout=60).status_code == 413
    declared = httpx.post(address, content=b"".join(events(3)), headers=JSON, timeout=60)
    assert declared.status_code == 413


@pytest.mark.parametrize("door", JSON_DOORS)
def test_a_visitor_sends_no_more_than_a_conversation(visitor: Visitor, door: str) -> None:
    address = f"/gradio_api/{door}"
    assert visitor.http.post(address, content=events(16), headers=JSON).status_code == 413
    assert visitor.http.post(address, content=events(4), headers=JSON).status_code != 413


def test_a_field_that_is_no_file_is_short(served: App, visitor: Visitor) -> None:
    field = form(FIELD % (b"note", b""), 1)
    answer = visitor.http.post("/gradio_api/upload", content=field, headers=FORM)
    assert answer.status_code == 400
    assert "64 KiB" in answer.text


def test_a_file_of_another_name_is_not_kept(served: App, visitor: Visitor) -> None:
    before = set(kept(served))
    files = {"else": ("a.txt", b"a" * MIB)}
    assert visitor.http.post("/gradio_api/upload", files=files).json() == []
    assert set(kept(served)) <= before


def test_an_upload_that_is_cut_off_leaves_nothing(app: App) -> None:
    url = httpx.URL(app.url)
    head = "POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000000\r\n"
    begun = f"{head}Content-Type: {FORM['content-type']}\r\n\r\n".encode()
    folder = app.data_dir.parent / "gradio"
    before = set(folder.glob("tmp*"))
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall(begun + FIELD % (b"files", b'; filename="a.bin"') + b"a" * MIB)
        give_up = time.monotonic() + 30
        while not set(folder.glob("tmp*")) - before:
            assert time.monotonic() < give_up
            time.sleep(0.05)
    wait_for_none("tmp*", folder, besides=before)


def test_uploads_of_a_killed_process_are_gone_after_the_next_start(tmp_path: Path) -> None:
    own = {"TMPDIR": str(tmp_path), "GRADIO_TEMP_DIR": ""}
    first = start_app(tmp_path, "--engine", "fake", **own)
    with httpx.Client(base_url=first.url, timeout=60) as http:
        path = Path(Visitor(http).upload("note.txt", b"kept"))
        assert http.get(f"/gradio_api/file={path}").text == "kept"
    assert path.is_relative_to(tmp_path)
    first.process.kill()
    first.process.wait()
    assert path.exists()
    with socket.create_server(("127.0.0.1", 0)) as taken:  # it sweeps, and gets no further
        port = str(taken.getsockname()[1])
        second = subprocess.run(
            [sys.executable, "app.py", "--port", port, "--data-dir", str(first.data_dir)],
            cwd=ROOT,
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            check=False,
        )
    assert "Cannot listen on" in second.stderr
    assert not path.exists()
    assert list(tmp_path.glob("quintet-uploads-*")) == []
