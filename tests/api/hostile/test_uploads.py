"""Forms that are none, files that are not what they say, and names that would be paths."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import httpx
import pytest

from tests.running import App

from .talking import error_of

pytestmark = pytest.mark.slow

FORM = "multipart/form-data; boundary=x"
UPLOADS = (
    "/v1/audio/transcriptions",
    "/v1/audio/translations",
    "/gen/v1/audio/transcriptions",
    "/gen/v1/rag/index_file",
)


def part(head: str, data: bytes = b"x") -> bytes:
    return (
        b"--x\r\nContent-Disposition: form-data; "
        + head.encode("latin-1")
        + b"\r\n\r\n"
        + data
        + b"\r\n"
    )


NAMED = part('name="collection_name"', b"c")
FORMS: dict[str, tuple[str, bytes]] = {
    "no boundary": ("multipart/form-data", b"x"),
    "no file": (FORM, NAMED + b"--x--\r\n"),
    "cut off": (FORM, part('name="file"; filename="a.wav"')[:-8]),
    "10,000 parts": (FORM, part('name="a"') * 10_000 + b"--x--\r\n"),
    "a field of 2 MB": (FORM, part('name="model"', b"x" * 2_000_000) + b"--x--\r\n"),
    "a name of 100 kB": (FORM, part(f'name="file"; filename="{"a" * 100_000}"') + b"--x--\r\n"),
    "headers in a name": (FORM, part('name="file"; filename="a\rSet-Cookie: a=b"') + b"--x--\r\n"),
    "no headers": (FORM, b"--x\r\nnothing\r\n\r\nx\r\n--x--\r\n"),
    "halves by encoding": (
        FORM + "; charset=unicode_escape",
        part('name="file"; filename="\\ud83d.wav"')
        + part('name="collection_name"', b"\\ud83d")
        + part('name="prompt"', b"\\ud83d")
        + part('name="model"', b"\\ud83d")
        + b"--x--\r\n",
    ),
    "an encoding that is none": (
        FORM + "; charset=hex",
        part('name="file"; filename="a.wav"') + b"--x--\r\n",
    ),
    "text for a file": (FORM, NAMED + part('name="file"') + b"--x--\r\n"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_no_form_is_refused(http: httpx.Client, name: str) -> None:
    kind, content = FORMS[name]
    for path in UPLOADS:
        error_of(http.post(path, content=content, headers={"Content-Type": kind}))


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "a\\b.wav", "\u202ewav.exe", "con", "😀.wav"]
)
def test_a_file_is_not_a_recording_whatever_its_name(http: httpx.Client, name: str) -> None:
    files = {"file": (name, b"this is no recording" * 100)}
    for path in ("/v1/audio/transcriptions", "/gen/v1/audio/transcriptions"):
        assert "not a recording" in error_of(http.post(path, files=files))


def test_a_playlist_opens_no_other_file(http: httpx.Client) -> None:
    playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    files = {"file": ("list.m3u8", playlist)}
    answer = http.post("/v1/audio/transcriptions", files=files)
    assert "not a recording" in error_of(answer)


def test_one_of_two_files_of_one_name_is_taken(http: httpx.Client) -> None:
    data = {"collection_name": "twins"}
    files = [("file", ("a.txt", b"The first.")), ("file", ("b.txt", b"The second."))]
    answer = http.post("/gen/v1/rag/index_file", files=files, data=data)
    assert answer.status_code == 200
    listed = http.get("/gen/v1/rag/collection/twins").json()["documents"]
    assert [document["title"] for document in listed] == ["b.txt"]


def bomb() -> bytes:
    """600 MB in 600 kB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b" " * (600 << 20))
    return file.getvalue()


DAMAGED: dict[str, Callable[[], bytes]] = {
    "bomb.docx": bomb,
    "a.docx": lambda: b"PK\x03\x04" + b"\xff" * 1000,
    "a.pdf": lambda: b"%PDF-1.7\n" + b"\xff" * 1000,
    "a.xlsx": lambda: b"",
    "a.png": lambda: b"\x89PNG\r\n\x1a\n" + b"\xff" * 1000,
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_document_is_reported(http: httpx.Client, name: str) -> None:
    answer = http.post(
        "/gen/v1/rag/index_file",
        data={"collection_name": "damaged"},
        files={"file": (name, DAMAGED[name]())},
    )
    assert name in error_of(answer)


@pytest.mark.parametrize("name", ["..", "../../x", ".", "%2e%2e", "con", "a/b", "é😀"])
def test_a_collection_is_a_name_not_a_path(app: App, http: httpx.Client, name: str) -> None:
    answer = http.post(
        "/gen/v1/rag/index_file",
        data={"collection_name": name},
        files={"file": ("a.txt", f"The collection {name}.".encode())},
    )
    document_id = answer.json()["document_id"]
    kept = {path.name for path in app.data_dir.iterdir()}
    assert "x" not in kept
    url = f"/gen/v1/rag/document/{document_id}"
    assert http.get(url).json()["document"]["CollectionName"] == name
    assert http.delete(url).status_code == 200
