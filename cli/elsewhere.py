"""A Quintet that runs elsewhere, seen as models on another server.

Its models become cards of the remote engines, so every command that talks to models talks to these
in the same way; only documents, which lie there, are asked for through its routes.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from configs.secrets import read_secret
from workers.errors import RemoteError, RequestError
from workers.messages import Passage

KEY_NAME = "QUINTET_KEY"
TIMEOUT_S = 60
CONNECT_TIMEOUT_S = 5
MEMORY_MIB = 70
"""Of a worker that only passes on what another server says."""


class Elsewhere:
    """The server at an address."""

    def __init__(self, url: str, key: str) -> None:
        """Raises: ConfigError if the address is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"--url {url} is no address; it must look like http://host:7860.")
        self._url = url.rstrip("/").removesuffix("/v1")
        if key:
            os.environ[KEY_NAME] = key  # the workers read it from there themselves
        self._key = read_secret(KEY_NAME)
        self._models: list[dict[str, Any]] | None = None

    def cards(self) -> tuple[ModelCard, ...]:
        """Return its models as cards. Raises: RemoteError."""
        return tuple(self._card(model) for model in self._listed())

    def defaults(self) -> dict[str, str]:
        """Return the model of each modality that it uses by default. Raises: RemoteError."""
        return {model["modality"]: model["id"] for model in self._listed() if model["is_default"]}

    def search(self, collection: str, query: str, top_k: int) -> tuple[Passage, ...]:
        """Return the nearest passages of a collection there, best first.

        Raises: RequestError if there is no such collection; RemoteError.
        """
        body = {"collection_name": collection, "query_texts": query, "n_results": top_k}
        rows = self._json("POST", "/gen/v1/rag/retrieve?format=records", body) or []
        return tuple(
            Passage(
                chunk_id=row["ids"],
                document_id=row["metadatas"]["document_id"],
                document_name=row["metadatas"]["filename"],
                page=row["metadatas"]["page"],
                text=row["documents"],
                score=1 - row["distances"],
            )
            for row in rows
        )

    def _listed(self) -> list[dict[str, Any]]:
        if self._models is None:
            listed = self._json("GET", "/v1/models").get("data", [])
            self._models = [model for model in listed if "is_default" in model]
            if not self._models:
                raise RemoteError(
                    f"{self._url} is no Quintet.",
                    "Another server's models are used through a card; see docs/remote.md.",
                )
        return self._models

    def _card(self, model: dict[str, Any]) -> ModelCard:
        key = {"api_key_env": KEY_NAME} if self._key else {}
        return ModelCard(
            id=model["id"],
            name=f"{model['display_name']} at {urlsplit(self._url).netloc}",
            modality=model["modality"],
            engine="remote",
            source=f"remote:{self._url}/v1",
            files={},
            license=model["license"],
            license_url="",
            origin=model["owned_by"],
            parameters_m=0,
            context_length=model["context_length"] or 0,
            memory_mib=MEMORY_MIB,
            options=key,
        )

    def _locked(self) -> RemoteError:
        if self._key:
            return RemoteError(
                f"The key is wrong: {self._url} does not accept it.", f"Check --key, or {KEY_NAME}."
            )
        return RemoteError(f"{self._url} asks for a key.", f"Give --key, or set {KEY_NAME}.")

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        """Raises: RequestError, RemoteError with what the server said."""
        import httpx

        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}"} if self._key else {}
        timeout = httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        try:
            answer = httpx.request(
                method, self._url + path, json=body, headers=headers, timeout=timeout
            )
        except httpx.HTTPError as err:
            raise RemoteError(
                f"No Quintet answers at {self._url}: {err}.", "Is `quintet serve` running there?"
            ) from err
        if answer.status_code in (401, 403):
            raise self._locked()
        try:
            said = answer.json()
        except ValueError as err:
            raise RemoteError(f"{self._url} is no Quintet: it does not answer in JSON.") from err
        if answer.is_client_error:
            raise RequestError(_message(said))
        if answer.is_error:
            raise RemoteError(f"{self._url} failed: {_message(said)}")
        return said


def _message(said: Any) -> str:
    """Return the sentence in an error, in whichever dialect it is told."""
    error = said.get("error", said) if isinstance(said, dict) else said
    found = error.get("message", error.get("detail", error)) if isinstance(error, dict) else error
    return str(found)
