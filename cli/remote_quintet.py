"""A Quintet that runs elsewhere, seen as models on another server.

Its models become cards of the remote engines, so every command that talks to models talks to these
in the same way; only documents, which lie there, are asked for through its routes.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from configs.secrets import read_secret
from workers.messages import Media, Modality, Passage
from workers.messages.errors import RemoteError, RequestError
from workers.models.lookup import Models

KEY_NAME = "QUINTET_KEY"
TIMEOUT_S = 60
CONNECT_TIMEOUT_S = 5
MEMORY_MIB = 70
"""Of a worker that only passes on what another server says."""


class RemoteQuintet:
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

    def cards(self, voice: str = "", language: str = "") -> tuple[ModelCard, ...]:
        """Return its models as cards; a voice and a language that are asked for are its to judge.

        Raises: RemoteError.
        """
        own = {"tts": {"voices": (voice,)} if voice else {}}
        known = {"stt": {"languages": (language,)} if language else {}}
        cards = []
        for card in map(self._card, self._listed()):
            options = {**card.options, **own.get(card.modality, {})}
            update = {"options": options, **known.get(card.modality, {})}
            cards.append(card.model_copy(update=update))
        return tuple(cards)

    def read(self, pictures: Sequence[Media]) -> str:
        """Return the text in pictures. Raises: RequestError, RemoteError, OSError."""
        from .reading import read_there

        self._listed()  # an address or a key that is wrong is told as everywhere
        return read_there(self._url, self._headers(), pictures)

    def models(self) -> Models:
        """Return its models and defaults, and none of this machine's. Raises: RemoteError."""
        defaults = cast(dict[Modality, str], self.defaults())
        return Models(lambda: {card.id: card for card in self.cards()}, defaults)

    def defaults(self) -> dict[str, str]:
        """Return the model of each modality that it uses by default. Raises: RemoteError."""
        return {model["modality"]: model["id"] for model in self._listed() if model["is_default"]}

    def search(self, collection: str, query: str, top_k: int) -> tuple[Passage, ...]:
        """Return the nearest passages of a collection there, best first.

        Raises: RequestError if there is no such collection; RemoteError.
        """
        body = {"collection_name": collection, "query_texts": query, "n_results": top_k}
        rows = self.call("POST", "/gen/v1/rag/retrieve?format=records", body) or []
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
            listed = self.call("GET", "/v1/models").get("data", [])
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

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key.get_secret_value()}"} if self._key else {}

    def _locked(self) -> RemoteError:
        if self._key:
            return RemoteError(
                f"The key is wrong: {self._url} does not accept it.", f"Check --key, or {KEY_NAME}."
            )
        return RemoteError(f"{self._url} asks for a key.", f"Give --key, or set {KEY_NAME}.")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Return what a route answers. Raises: RequestError, RemoteError with what the server said."""
        import httpx

        timeout = httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        try:
            answer = httpx.request(
                method, self._url + path, json=body, headers=self._headers(), timeout=timeout
            )
        except httpx.HTTPError as err:
            raise RemoteError(
                f"No Quintet answers at {self._url}: {err}.", "Is `quintet serve` running there?"
            ) from err
        if answer.status_code == 401:
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
