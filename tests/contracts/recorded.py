"""Recorded requests: a YAML list of what is sent, by curl, and of the shape that comes back.

    - name: …
      request: {POST: /path, json: …, form: …, body: text, headers: {…}, user: name:password}
      answer:
        status: 200
        type, headers      what the answer's headers hold
        json               a shape: JSON Schema, or the name of one in shapes.yaml
        ndjson, sse        {first, each, last: shapes; end: the last event's data}
        layout             a regular expression that all bytes match
        starts, says       the first bytes; a text in the answer, its pieces joined
        save, keep         write the body into a file; remember one of its keys as {key}

In paths, bodies and forms {name} stands for a remembered or prepared text.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

HERE = Path(__file__).parent
SHAPES = yaml.safe_load((HERE / "shapes.yaml").read_text())
METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS")

Json = Any


@dataclass(frozen=True)
class Answered:
    """What came back, its chunks joined by curl."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass
class Conversation:
    """The requests of one file, sent one after the other to one address from one folder."""

    url: str
    folder: Path
    texts: dict[str, str]

    def findings(self, path: Path) -> list[str]:
        """Return what is not as recorded, a line each."""
        return [
            f"{entry['name']}: {finding}"
            for entry in yaml.safe_load(path.read_text())
            for finding in self._check(entry["request"], entry["answer"])
        ]

    def _check(self, request: Json, expected: Json) -> Iterator[str]:
        answered = self._send(request)
        if answered.status != expected["status"]:
            yield f"{answered.status} instead of {expected['status']}: {answered.text[:300]}"
            return
        headers = {**expected.get("headers", {})}
        if "type" in expected:
            headers["content-type"] = expected["type"]
        for name, value in headers.items():
            if value not in answered.headers.get(name, ""):
                yield f"the header {name} is {answered.headers.get(name)!r}"
        yield from check_body(answered, expected)
        if "save" in expected:
            (self.folder / expected["save"]).write_bytes(answered.body)
        if "keep" in expected:
            self.texts[expected["keep"]] = json.loads(answered.body)[expected["keep"]]

    def _send(self, request: Json) -> Answered:
        method = next(method for method in METHODS if method in request)
        command = ["curl", "-sS", "--globoff", "-D", "head", "-o", "body", "-X", method]
        command += [
            "--max-time",
            "60",
            self.url + self._filled(request[method]).replace("^", "%5E"),
        ]
        for name, value in request.get("headers", {}).items():
            command += ["-H", f"{name}: {value}"]
        for name, value in request.get("form", {}).items():
            command += ["-F", f"{name}={value}"]
        if "user" in request:
            command += ["-u", request["user"]]
        body = request.get("body")
        if "json" in request:
            command += ["-H", "Content-Type: application/json"]
            body = self._filled(json.dumps(request["json"]))
        if body is not None:
            command += ["--data-binary", "@-"]
        for name in ("head", "body"):
            (self.folder / name).write_bytes(b"")
        subprocess.run(command, cwd=self.folder, input=(body or "").encode(), check=True)
        return self._answered()

    def _answered(self) -> Answered:
        *_, last = (self.folder / "head").read_text().strip().split("\n\n")
        first, *lines = last.splitlines()
        headers = dict(line.split(": ", 1) for line in lines if ": " in line)
        return Answered(
            status=int(first.split()[1]),
            headers={name.lower(): value for name, value in headers.items()},
            body=(self.folder / "body").read_bytes(),
        )

    def _filled(self, text: str) -> str:
        for name, value in self.texts.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def check_body(answered: Answered, expected: Json) -> Iterator[str]:
    """Yield what is wrong with a body."""
    text = answered.text
    if "json" in expected:
        text = joined([json.loads(text)])
        yield from check_shape(json.loads(answered.text), expected["json"])
    if "layout" in expected and not re.fullmatch(expected["layout"].encode(), answered.body):
        yield f"the bytes are {answered.body[:200]!r}"
    if "ndjson" in expected:
        items = [json.loads(line) for line in text.splitlines()]
        text = joined(items)
        yield from check_stream(items, expected["ndjson"])
    if "sse" in expected:
        data = [event.removeprefix("data: ") for event in text.split("\n\n")[:-1]]
        end = expected["sse"]["end"]
        if data[-1:] != [end]:
            yield f"the stream ends in {data[-1:]}, not in {end}"
        items = [json.loads(item) for item in data if item != end]
        text = joined(items)
        yield from check_stream(items, expected["sse"])
    if not answered.body.startswith(expected.get("starts", "").encode()):
        yield f"the first bytes are {answered.body[:8]!r}"
    if expected.get("says", "") not in text:
        yield f"it says {text[:300]!r}"


def check_stream(items: list[Json], expected: Json) -> Iterator[str]:
    """Yield what is wrong with the events of a stream."""
    if len(items) < 2:
        yield f"the stream has only {len(items)} events"
        return
    places = {"first": items[:1], "each": items, "last": items[-1:]}
    for place, those in places.items():
        for item in those if place in expected else []:
            for finding in check_shape(item, expected[place]):
                yield f"{place}: {finding}"


def check_shape(value: Json, shape: Json) -> Iterator[str]:
    """Yield where a value leaves its shape."""
    schema = {"$ref": f"#/$defs/{shape}"} if isinstance(shape, str) else shape
    validator = Draft202012Validator({"$defs": SHAPES, **schema})
    for error in validator.iter_errors(value):
        yield f"{error.json_path}: {error.message[:300]}"


def joined(items: list[Json]) -> str:
    """Return the text of an answer: its pieces joined; where it has none of OpenAI's, all of it."""
    choices = [c for item in items if isinstance(item, dict) for c in item.get("choices", ())]
    pieces = [
        choice.get("text") or (choice.get("delta") or choice.get("message") or {}).get("content")
        for choice in choices
    ]
    return "".join(piece or "" for piece in pieces) if choices else json.dumps(items)
