"""Gradio's own HTTP interface as somebody with curl uses it: no page, no client library."""

from __future__ import annotations

import http.server
import itertools
import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

META = {"_type": "gradio.FileData"}
BARE = ("audio", "video", "image", "uploadbutton", "downloadbutton", "api")
"""Components that take a file as it stands."""
ENDS = ("process_completed", "unexpected_error")


@dataclass(frozen=True)
class Visitor:
    """Somebody who may see the page."""

    http: httpx.Client
    session: str = field(default_factory=lambda: uuid.uuid4().hex)

    def config(self) -> dict[str, Any]:
        return dict(self.http.get("/config").raise_for_status().json())

    def call(self, dependency: int, data: list[Any], event_data: Any = None) -> str:
        """Run one event handler through the queue; returns all that the stream says.

        `event_data` is what a script of the page sends along, such as the files of a drop area.
        """
        body = {
            "fn_index": dependency,
            "data": data,
            "session_hash": self.session,
            "event_data": event_data,
        }
        joined = self.http.post("/gradio_api/queue/join", json=body)
        return joined.text if joined.is_error else self._stream(joined.json()["event_id"])

    def run(self, dependency: int, data: list[Any]) -> str:
        """Run one event handler without the queue, where Gradio allows that."""
        body = {"fn_index": dependency, "data": data, "session_hash": self.session}
        return self.http.post("/gradio_api/run/predict", json=body).text

    def call_named(self, name: str, data: list[Any]) -> str:
        """Call a named endpoint the simple way."""
        started = self.http.post(f"/gradio_api/call/{name}", json={"data": data})
        if started.is_error:
            return started.text
        return self.http.get(f"/gradio_api/call/{name}/{started.json()['event_id']}").text

    def upload(self, name: str, data: bytes) -> str:
        answer = self.http.post("/gradio_api/upload", files={"files": (name, data)})
        return str(answer.raise_for_status().json()[0])

    def _stream(self, event_id: str) -> str:
        heard = []
        params = {"session_hash": self.session}
        with self.http.stream("GET", "/gradio_api/queue/data", params=params) as stream:
            for line in stream.iter_lines():
                heard.append(line)
                said = json.loads(line[5:]) if line.startswith("data:") else {}
                if said.get("event_id") == event_id and said["msg"] in ENDS:
                    break
        return "\n".join(heard)


def file_named(path: str, *, with_meta: bool = True) -> dict[str, Any]:
    """A file as Gradio's JSON names it."""
    return {"path": path, "meta": META} if with_meta else {"path": path}


def inputs_of(config: dict[str, Any], dependency: dict[str, Any]) -> list[dict[str, Any]]:
    """The components whose values an event handler takes."""
    components = {component["id"]: component for component in config["components"]}
    return [components[number] for number in dependency["inputs"]]


def disguises(component: dict[str, Any], file: dict[str, Any]) -> list[Any]:
    """The shapes in which a component takes a file; none for those that take no file."""
    kind = component["type"]
    message = {"role": "user", "content": [{"type": "file", "file": file}]}
    inside = {"type": "component", "component": "file", "value": file}
    carrying = {**inside, "constructor_args": {}, "props": {}}
    shapes: dict[str, list[Any]] = {
        "gallery": [[{"image": file, "caption": None}], [{"video": file, "caption": None}]],
        "chatbot": [[message], [{"role": "user", "content": [carrying]}]],
        "file": [[file], file],
        "multimodaltextbox": [{"text": "", "files": [file]}],
    }
    return shapes.get(kind, [file] if kind in BARE else [])


def attacks(
    config: dict[str, Any], files: list[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Yield every event handler with data that names a file: in each input, in each shape.

    What takes no file by itself is tried too, all such inputs of a handler at once.
    """
    for dependency, file in itertools.product(config["dependencies"], files):
        components = inputs_of(config, dependency)
        if not components:
            continue
        yield dependency, [file for _ in components]
        harmless = [component["props"].get("value") for component in components]
        for place, component in enumerate(components):
            for value in disguises(component, file):
                yield dependency, [*harmless[:place], value, *harmless[place + 1 :]]


@dataclass
class Listener:
    """A server on this machine that nobody should be led to."""

    url: str
    heard: list[str] = field(default_factory=list)


@contextmanager
def listening(answer: bytes) -> Iterator[Listener]:
    """Answer anything with `answer`, and remember who asked."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listener.heard.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        do_HEAD = do_POST = do_GET  # noqa: N815 — the names that http.server calls

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener = Listener(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield listener
        server.shutdown()
