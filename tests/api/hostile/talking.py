"""What every dialect is asked, and how to say odd things to a running Quintet."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from typing import Any

import httpx

from tests.running import App

TIMEOUT_S = 20
JSON = {"Content-Type": "application/json"}

CHAT = [{"role": "user", "content": "Hi"}]
DIALECTS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": CHAT, "max_tokens": 2},
    "/v1/completions": {"prompt": "Hi", "max_tokens": 2},
    "/v1/responses": {"input": "Hi", "max_output_tokens": 2},
    "/v1/messages": {"messages": CHAT, "max_tokens": 2},
    "/api/v1/chat": {"user_prompt": "Hi", "max_tokens": 2},
    "/api/v1/chat_vllm": {"messages": CHAT, "max_tokens": 2},
    "/api/v1/chat_llama_cpp": {"messages": CHAT, "max_tokens": 2},
    "/generate": {"prompt": "Hi", "params": {"max_tokens": 2}},
    "/gen/v1/chat/completions": {"messages": CHAT, "max_tokens": 2, "stream": False},
    "/chat/completions": {"messages": CHAT, "max_tokens": 2},
    "/edits": {"instruction": "Shout", "input": "Hi", "max_tokens": 2},
}
OTHERS: dict[str, dict[str, Any]] = {
    "/v1/embeddings": {"input": "Hi"},
    "/v1/rerank": {"query": "Hi", "documents": ["Ho"]},
    "/v1/audio/speech": {"input": "Hi."},
    "/tts": {"input": "Hi."},
    "/gen/v1/rag/retrieve": {"collection_name": "none", "query_texts": "Hi"},
}
ROUTES = {**DIALECTS, **OTHERS}

"""A small wish at every door, by path: of a few tokens, where tokens are made."""

QUESTION = {
    "messages": [{"role": "user", "content": "What is the capital of France? Answer briefly."}],
    "temperature": 0,
}
STORY = {
    "messages": [{"role": "user", "content": "Tell me a very long story about the sea."}],
    "max_tokens": 3000,
    "ignore_eos": True,
}


def states(http: httpx.Client) -> dict[str, str]:
    """Return the state of each worker."""
    return dict(http.get("/readyz").json())


def wait_until(http: httpx.Client, worker: str, state: str, timeout_s: float = TIMEOUT_S) -> None:
    give_up = time.monotonic() + timeout_s
    while (now := states(http)[worker]) != state:
        assert time.monotonic() < give_up, f"{worker} is {now}"
        time.sleep(0.02)


def post(http: httpx.Client, path: str, body: Any) -> httpx.Response:
    """Send JSON as Python writes it: NaN, Infinity and halves of characters too."""
    return http.post(path, content=json.dumps(body), headers=JSON)


def error_of(answer: httpx.Response) -> str:
    """Return the sentence of a refusal, whatever the dialect."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.text
    return answer.text


def raw(app: App, data: bytes, timeout_s: float = 10) -> bytes:
    """Return what the server says to these bytes, until it closes or falls silent."""
    url = httpx.URL(app.url)
    said = b""
    with socket.create_connection((url.host, url.port or 80), timeout_s) as client:
        client.sendall(data)
        with contextlib.suppress(TimeoutError):
            while block := client.recv(65_536):
                said += block
                client.settimeout(0.3)
    return said


def sent(app: App, path: str, body: Any) -> socket.socket:
    """Return a connection whose request has been sent, and nothing read."""
    url = httpx.URL(app.url)
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((url.host, url.port))
    client.sendall(f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content)
    return client
