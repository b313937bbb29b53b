"""A program that behaves like `llama-server` towards our engines, but has no model.

Run as a script. What it shall be like stands in `plan.json` beside it; what it was told (arguments and
variables) it writes to `told.json`. It says the last message back, a word a chunk; some words do more.
"""

from __future__ import annotations

import json
import os
import signal
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TextIO

HERE = Path(__file__).parent
PLAN: dict[str, Any] = json.loads((HERE / "plan.json").read_text())


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class Routes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self) -> str:
        return "somebody"

    def log_message(self, *words: object) -> None:
        pass

    def do_GET(self) -> None:
        self._json(200, {"status": "ok"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.headers.get("Authorization") != f"Bearer {os.environ['LLAMA_API_KEY']}":
            self._json(401, {"error": {"message": "Invalid API Key", "code": 401}})
        elif self.path == "/v1/embeddings":
            rows = [{"index": i, "embedding": [3.0, 4.0]} for i, _ in enumerate(body["input"])]
            self._json(200, {"data": rows})
        else:
            self._stream(body["messages"][-1]["content"])

    def _stream(self, text: str) -> None:
        if "!refuse" in text:
            error = {"message": "no such thing", "type": "invalid_request_error", "code": 400}
            self._json(400, {"error": error})
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            self._words(text)
        except OSError:
            (HERE / "left").touch()  # whoever asked has gone

    def _words(self, text: str) -> None:
        for word in text.split():
            if word == "!die":
                _say("ggml: a tensor fell off", sys.stderr)
                os.kill(os.getpid(), signal.SIGSEGV)
                time.sleep(60)
            if word == "!error":
                self._chunk({"error": {"message": "it went wrong", "code": 500}})
                return
            self._chunk({"choices": [_choice(f"{word} ")]})
        while "!forever" in text:
            time.sleep(0.02)
            self._chunk({"choices": [_choice("on ")]})
        usage = {"prompt_tokens": 3, "completion_tokens": len(text.split())}
        self._chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        self._chunk({"choices": [], "usage": usage, "timings": {"prompt_ms": 1, "predicted_ms": 2}})
        self._send(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, chunk: object) -> None:
        self._send(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    def _send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _json(self, status: int, answer: object) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _choice(text: str) -> dict[str, Any]:
    return {"index": 0, "delta": {"content": text}, "finish_reason": None}


def _device(name: str) -> str:
    return f"  {name}: A card (8192 MiB, 8000 MiB free)"


def _say(text: str, where: TextIO = sys.stdout) -> None:
    where.write(f"{text}\n")
    where.flush()


def main(arguments: list[str]) -> int:
    if "--version" in arguments:
        _say(PLAN["version"], sys.stderr)
        return 0
    if "--help" in arguments:
        _say("\n".join(f"{flag} X   {about}" for flag, about in PLAN["flags"].items()))
        return 0
    if "--list-devices" in arguments:
        _say("\n".join(["Available devices:", *map(_device, PLAN["devices"])]))
        return 0
    received = {"arguments": arguments, "variables": dict(os.environ)}
    (HERE / "told.json").write_text(json.dumps(received))
    if "says" in PLAN:
        _say(PLAN["says"], sys.stderr)
        return 1
    if PLAN["dies_loading"]:
        for line in PLAN["last_lines"]:
            _say(line, sys.stderr)
        os.kill(os.getpid(), PLAN["dies_loading"])
    host = arguments[arguments.index("--host") + 1]
    if host.endswith(".sock"):
        server: socketserver.BaseServer = UnixServer(host, Routes)
    else:
        port = int(arguments[arguments.index("--port") + 1])
        server = ThreadingHTTPServer((host, port), Routes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
