"""The way to a Quintet that runs elsewhere: its address, its key, what its routes answer."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from configs.errors import ConfigError
from configs.secrets import read_secret
from workers.messages.errors import AppError, RemoteError, RequestError

if TYPE_CHECKING:
    import httpx

KEY_NAME = "QUINTET_KEY"
TIMEOUT_S = 60
CONNECT_TIMEOUT_S = 5


class RemoteConnection:
    """The server at an address; each call is a request of its own."""

    def __init__(self, url: str, key: str) -> None:
        """Raises: ConfigError if the address is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"--url {url} is no address; it must look like http://host:7860.")
        self.url = url.rstrip("/").removesuffix("/v1")
        if key:
            os.environ[KEY_NAME] = key  # the workers read it from there themselves
        self.key = read_secret(KEY_NAME)

    @property
    def headers(self) -> dict[str, str]:
        """What says who we are."""
        return {"Authorization": f"Bearer {self.key.get_secret_value()}"} if self.key else {}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return what a route answers. Raises: RequestError, RemoteError with what the server said."""
        import httpx

        try:
            answer = httpx.request(
                method, self.url + path, json=body, headers=self.headers, timeout=_timeout()
            )
        except httpx.HTTPError as err:
            raise self._unreachable(err) from err
        if answer.is_error:
            raise self._refusal(answer)
        return self._read(answer.content)

    def stream(
        self, path: str, body: Any, headers: Mapping[str, str]
    ) -> Generator[dict[str, Any], None, None]:
        """Yield what a route answers piece by piece; closing this closes the connection.

        Raises: RequestError, RemoteError with what the server said.
        """
        import httpx

        given = {**self.headers, **headers}
        has_begun = False
        try:
            with httpx.stream(
                "POST", self.url + path, json=body, headers=given, timeout=_timeout()
            ) as answer:
                has_begun = True
                if answer.is_error:
                    answer.read()
                    raise self._refusal(answer)
                for line in answer.iter_lines():
                    if line.startswith("data:") and (data := line[5:].strip()) != "[DONE]":
                        yield self._piece(data)
        except httpx.HTTPError as err:
            raise self._broken(err) if has_begun else self._unreachable(err) from err

    def _piece(self, data: str) -> dict[str, Any]:
        piece = self._read(data)
        if not isinstance(piece, dict):
            raise self.is_foreign("it does not answer in its dialect")
        if "error" in piece:
            raise RemoteError(f"{self.url} failed: {_message(piece)}")
        return piece

    def _read(self, data: str | bytes) -> Any:
        try:
            return json.loads(data)
        except ValueError as err:
            raise self.is_foreign("it does not answer in JSON") from err

    def is_foreign(self, why: str) -> RemoteError:
        """Return the error for a server of another kind."""
        return RemoteError(f"{self.url} is no Quintet: {why}.")

    def broke_off(self) -> RemoteError:
        """Return the error for an answer without an end."""
        return RemoteError(f"{self.url} broke off in the middle of the answer.", "Try again.")

    def _broken(self, err: httpx.HTTPError) -> RemoteError:
        if "Timeout" in type(err).__name__:
            return RemoteError(f"{self.url} was silent for {TIMEOUT_S} seconds.", "Try again.")
        return self.broke_off()

    def _unreachable(self, err: httpx.HTTPError) -> RemoteError:
        return RemoteError(
            f"No Quintet answers at {self.url}: {err}.", "Is `quintet serve` running there?"
        )

    def _refusal(self, answer: httpx.Response) -> AppError:
        if answer.status_code == 401:
            return self._locked()
        try:
            said = _message(json.loads(answer.content))
        except ValueError:
            return self.is_foreign("it does not answer in JSON")
        if answer.is_client_error:
            return RequestError(said)
        return RemoteError(f"{self.url} failed: {said}")

    def _locked(self) -> RemoteError:
        if self.key:
            return RemoteError(
                f"The key is wrong: {self.url} does not accept it.", f"Check --key, or {KEY_NAME}."
            )
        return RemoteError(f"{self.url} asks for a key.", f"Give --key, or set {KEY_NAME}.")


def _timeout() -> httpx.Timeout:
    import httpx

    return httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S)


def _message(said: Any) -> str:
    """Return the sentence in an error, in whichever dialect it is told."""
    error = said.get("error", said) if isinstance(said, dict) else said
    found = error.get("message", error.get("detail", error)) if isinstance(error, dict) else error
    return str(found)
