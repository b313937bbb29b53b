"""A Quintet that runs elsewhere, seen as models on another server.

Its models become cards of the remote engines, so every command that talks to models talks to these
in the same way; only documents, which lie there, are asked for through its routes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit

from configs.catalogue import ModelCard
from workers.messages import Media, Modality, Passage
from workers.messages.errors import RemoteError
from workers.models.lookup import Models

from .remote_connection import KEY_NAME, RemoteConnection

MEMORY_MIB = 70
"""Of a worker that only passes on what another server says."""


class RemoteQuintet:
    """The server at an address."""

    def __init__(self, url: str, key: str) -> None:
        """Raises: ConfigError if the address is none."""
        self._server = RemoteConnection(url, key)
        self.call = self._server.call
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
        return read_there(self._server.url, self._server.headers, pictures)

    def models(self) -> Models:
        """Return its models and defaults, and none of this machine's. Raises: RemoteError."""
        defaults = cast(dict[Modality, str], self.defaults())
        return Models(lambda: {card.id: card for card in self.cards()}, defaults)

    def defaults(self) -> dict[str, str]:
        """Return the model of each modality that it uses by default. Raises: RemoteError."""
        return {model["modality"]: model["id"] for model in self._listed() if model["is_default"]}

    def search(
        self, collection: str, query: str, top_k: int, only: Mapping[str, Any]
    ) -> tuple[Passage, ...]:
        """Return the nearest passages of a collection there, best first; `only` as `filter_of` reads it.

        Raises: RequestError if there is no such collection; RemoteError.
        """
        body = {"collection_name": collection, "query_texts": query, "n_results": top_k}
        body |= {f"only_{key}": value for key, value in only.items() if value}
        rows = self.call("POST", "/gen/v1/rag/retrieve?format=records", body) or []
        return tuple(
            Passage(
                chunk_id=row["ids"],
                document_id=row["metadatas"]["document_id"],
                document_name=row["metadatas"]["filename"],
                page=row["metadatas"]["page"],
                text=row["documents"],
                score=1 - row["distances"],
                place=tuple((row["metadatas"].get("place") or {}).items()),
            )
            for row in rows
        )

    def _listed(self) -> list[dict[str, Any]]:
        if self._models is None:
            listed = self.call("GET", "/v1/models").get("data", [])
            self._models = [model for model in listed if "is_default" in model]
            if not self._models:
                raise RemoteError(
                    f"{self._server.url} is no Quintet.",
                    "Another server's models are used through a card; see docs/remote.md.",
                )
        return self._models

    def _card(self, model: dict[str, Any]) -> ModelCard:
        key = {"api_key_env": KEY_NAME} if self._server.key else {}
        return ModelCard(
            id=model["id"],
            name=f"{model['display_name']} at {urlsplit(self._server.url).netloc}",
            modality=model["modality"],
            engine="remote",
            source=f"remote:{self._server.url}/v1",
            files={},
            license=model["license"],
            license_url="",
            origin=model["owned_by"],
            parameters_m=0,
            context_length=model["context_length"] or 0,
            memory_mib=MEMORY_MIB,
            options=key,
        )
