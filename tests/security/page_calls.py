"""The page's handlers called without the page, as an attacker calls them: by number, over HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

API = "/gradio_api"


@dataclass(frozen=True, kw_only=True)
class Press:
    """One event of one component."""

    what: str
    """The component's elem_id, or what is written on it."""
    event: str
    data: list[Any] = field(default_factory=list)
    event_data: dict[str, Any] | None = None


class Page:
    """The page as one caller sees it."""

    def __init__(self, browser: httpx.Client) -> None:
        self._browser = browser
        config = browser.get("/config").raise_for_status().json()
        self._handlers: list[dict[str, Any]] = config["dependencies"]
        self._named = {
            name: component["id"]
            for component in config["components"]
            for name in (component["props"].get("elem_id"), component["props"].get("value"))
            if isinstance(name, str)
        }

    def send(self, press: Press) -> str:
        """Call every handler of the event, each as it wants to be called; returns the answers."""
        target = [self._named[press.what], press.event]
        handlers = [found for found in self._handlers if target in map(list, found["targets"])]
        assert handlers, press
        return "\n".join(self._call(handler, press) for handler in handlers)

    def _call(self, handler: dict[str, Any], press: Press) -> str:
        session = uuid4().hex
        num_inputs = len(handler["inputs"])
        data = (press.data + [None] * num_inputs)[:num_inputs]
        body = {
            "fn_index": handler["id"],
            "data": data,
            "event_data": press.event_data,
            "session_hash": session,
        }
        if handler["queue"] is False:
            return self._browser.post(f"{API}/run/predict", json=body).text
        self._browser.post(f"{API}/queue/join", json=body).raise_for_status()
        asked = {"session_hash": session}
        with self._browser.stream("GET", f"{API}/queue/data", params=asked) as answer:
            for line in answer.iter_lines():
                if "process_completed" in line or "unexpected_error" in line:
                    return json.dumps(json.loads(line.removeprefix("data: ")), ensure_ascii=False)
        raise AssertionError(press)
