"""A visitor of the page gets no file of this machine and no page of its network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.running import App

from .gradio_door import Visitor, attacks, file_named, inputs_of, listening

SECRET = "the-otter-sleeps-at-noon-4711"
NAMED = {
    "transcribe": lambda file: [file, ""],
    "read_picture": lambda file: [file, ""],
}
"""Endpoints that take a file."""


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text that is also a file of each kind that looks only at the name."""
    path = tmp_path_factory.mktemp("secret") / "secret.txt"
    path.write_text(SECRET * 3)
    return path


def leaks(app: App) -> list[str]:
    """Files that the page gives to whoever knows their name, with a secret in them."""
    words = (SECRET.encode(), f"GRADIO_TEMP_DIR={kept(app)}".encode())
    files = [path for path in kept(app).rglob("*") if path.is_file()]
    return [str(path) for path in files if any(word in path.read_bytes() for word in words)]


def kept(app: App) -> Path:
    return app.data_dir.parent / "gradio"


def readable(visitor: Visitor, heard: str) -> str:
    """What can be read at the addresses in an answer."""
    addresses = set(re.findall(r"/gradio_api/file=[^\"\\]+", heard))
    return "".join(visitor.http.get(address).text for address in addresses)


def values_of(config: dict[str, Any], dependency: dict[str, Any]) -> list[Any]:
    """What an untouched page sends for the inputs of a handler."""
    return [component["props"].get("value") for component in inputs_of(config, dependency)]


def test_no_handler_gives_away_a_file_that_was_not_uploaded(
    served: App, visitor: Visitor, secret: Path
) -> None:
    config = visitor.config()
    files = [file_named(str(secret)), file_named(str(secret), with_meta=False)]
    for dependency, data in attacks(config, [*files, file_named("/proc/self/environ")]):
        heard = visitor.call(dependency["id"], data)
        heard += "" if dependency["queue"] else visitor.run(dependency["id"], data)
        heard += readable(visitor, heard)
        assert SECRET not in heard, (dependency["api_name"], data)
        assert "GRADIO_TEMP_DIR=" not in heard, (dependency["api_name"], data)
    assert leaks(served) == []


def test_what_a_drop_area_sends_is_looked_at_too(
    served: App, visitor: Visitor, secret: Path
) -> None:
    config = visitor.config()
    areas = [one for one in config["dependencies"] if one["api_name"].startswith("on_files")]
    assert len(areas) >= 3
    for dependency in areas:
        for path in (str(secret), "/proc/self/environ", "http://127.0.0.1:1/a.wav", 7, None):
            values = values_of(config, dependency)
            heard = visitor.call(dependency["id"], values, {"files": [path]})
            heard += readable(visitor, heard)
            assert SECRET not in heard, (dependency["api_name"], path)
            assert "unexpected_error" in heard or '"success":false' in heard, heard[-300:]
    assert leaks(served) == []


def test_no_handler_fetches_an_address(visitor: Visitor) -> None:
    with listening(SECRET.encode()) as listener:
        address = f"{listener.url}/a.txt"
        files = [file_named(address), file_named(address, with_meta=False)]
        for dependency, data in attacks(visitor.config(), files):
            assert SECRET not in visitor.call(dependency["id"], data), dependency["api_name"]
        assert listener.heard == []


@pytest.mark.parametrize("name", NAMED)
def test_named_endpoints_refuse_with_a_sentence(visitor: Visitor, secret: Path, name: str) -> None:
    with listening(SECRET.encode()) as listener:
        for path in (
            str(secret),
            "/proc/self/environ",
            f"{listener.url}/a.wav",
            "a\0b",
            "/" * 5000,
        ):
            for with_meta in (True, False):
                file = file_named(path, with_meta=with_meta)
                heard = visitor.call_named(name, NAMED[name](file))
                assert SECRET not in heard
                assert "event: error" in heard
                assert "Send the file itself" in heard
        assert listener.heard == []


@pytest.mark.parametrize("name", NAMED)
def test_neither_a_folder_of_uploads_nor_what_is_no_name_is_a_file(
    visitor: Visitor, name: str
) -> None:
    own = Path(visitor.upload("note.txt", b"mine"))
    for path in (str(own.parent), str(own.parent.parent), 7, ["x"], {"path": 7}):
        heard = visitor.call_named(name, NAMED[name]({"path": path, "orig_name": "a.wav"}))
        assert "Send the file itself" in heard, path
    no_files: list[Any] = [None, "note.txt", [], {}, {"path": None}]
    for file in no_files:
        assert "A file is missing" in visitor.call_named(name, NAMED[name](file)), file


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("ask", [None, "", 0.7], "question has to be a text"),
        ("ask", ["Hi", {}, 0.7], "system has to be a text"),
        ("ask", ["Hi", "", "hot"], "temperature has to be a number"),
        ("speak", [{}, "", 1.0], "text has to be a text"),
        ("speak", ["Hi", "", True], "speed has to be a number"),
        ("search_documents", ["c", 5, 6], "query has to be a text"),
        ("search_documents", ["c", "q", 1.5], "top_k has to be a whole number"),
    ],
)
def test_named_endpoints_take_what_they_say(
    visitor: Visitor, name: str, data: list[Any], sentence: str
) -> None:
    assert sentence in visitor.call_named(name, data)


def test_a_file_that_was_uploaded_is_read(visitor: Visitor) -> None:
    config = visitor.config()
    path = visitor.upload("note.txt", SECRET.encode())
    opened = next(d for d in config["dependencies"] if d["api_name"] == "on_open")
    assert [component["type"] for component in inputs_of(config, opened)] == ["uploadbutton"]
    assert SECRET in visitor.call(opened["id"], [file_named(path)])


def test_no_component_is_called(visitor: Visitor) -> None:
    body = {"data": ["/etc"], "component_id": 1, "fn_name": "ls", "session_hash": "x"}
    assert visitor.http.post("/gradio_api/component_server", json=body).status_code == 403


@pytest.mark.parametrize("door", ["file=", "file/", "proxy="])
def test_the_page_is_nobodys_proxy(visitor: Visitor, door: str) -> None:
    with listening(SECRET.encode()) as listener:
        for address in (listener.url, "https://huggingface.co/robots.txt"):
            answer = visitor.http.get(f"/gradio_api/{door}{address}")
            assert answer.status_code == 403
            assert "fetches no addresses" in answer.text
        assert listener.heard == []


def test_files_outside_the_uploads_are_not_served(
    served: App, visitor: Visitor, secret: Path
) -> None:
    known = visitor.upload("known.txt", b"known")
    (Path(known).parent / "link.txt").symlink_to(secret)
    inside = [str(path) for path in served.data_dir.rglob("*") if path.is_file()]
    roundabout = f"{Path(known).parent}/../../../{secret.parent.name}/{secret.name}"
    link = f"{Path(known).parent}/link.txt"
    for path in [str(secret), "/proc/self/environ", "/etc/passwd", roundabout, link, *inside]:
        answer = visitor.http.get(f"/gradio_api/file={path}")
        assert answer.status_code in (403, 404), path


def test_an_uploaded_picture_with_a_script_is_not_shown_as_a_page(visitor: Visitor) -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    path = visitor.upload("drawing.svg", drawing)
    config = visitor.config()
    for dependency in config["dependencies"]:
        if dependency["api_name"].startswith("on_files"):
            visitor.call(dependency["id"], values_of(config, dependency), {"files": [path]})
    answer = visitor.http.get(f"/gradio_api/file={path}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "svg" not in answer.headers["content-type"]


def test_a_stranger_reaches_nothing_behind_a_password(locked_app: App, secret: Path) -> None:
    import httpx

    with httpx.Client(base_url=locked_app.url) as http:
        body = {"fn_index": 0, "data": [], "session_hash": "s"}
        assert http.post("/gradio_api/queue/join", json=body).status_code == 401
        assert http.post("/gradio_api/run/ask", json=body).status_code == 401
        assert http.post("/gradio_api/call/ask", json=body).status_code == 401
        assert http.post("/gradio_api/upload", files={"files": b"x"}).status_code == 401
        assert http.get(f"/gradio_api/file={secret}").status_code == 401
