"""What every chat dialect does alike: find the model, fetch the pictures, open the answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.client import Client
from workers.flows.pictures import ask_about_pictures
from workers.media.fetch import fetch_public
from workers.messages import Complete, Describe, Event, Generate

from .flows import FlowQuestion, answer_in_flow, named_flow

Question = Generate | Complete | Describe | FlowQuestion


@dataclass(frozen=True, slots=True)
class Conversations:
    """Opens answers on behalf of a dialect's routes."""

    client: Client
    settings: Settings

    def text_card(self, model: str | None, *, has_pictures: bool = False) -> ModelCard:
        """Return the text model that answers; with pictures, `model` may name one that only sees.

        Raises: UnknownModelError.
        """
        if named_flow(model) is not None:
            model = None
        if model is None or (has_pictures and self.client.models.get(model).modality == "vision"):
            return self.client.card("text")
        return self.client.models.get(model, "text")

    async def with_pictures(
        self, request: Generate, urls: Sequence[str], model: str | None
    ) -> Generate | Describe:
        """Return the request, as a question about the pictures at `urls` if there are any.

        Raises: UnsupportedInputError for an address that cannot be fetched or may not.
        """
        if not urls:
            return request
        max_mib = self.settings.server.max_upload_mib
        return Describe(
            images=tuple([await fetch_public(url, max_mib) for url in urls]),
            messages=request.messages,
            sampling=request.sampling,
            model=model if model and self._sees(model) else None,
            text_model=request.model,
            keep_s=request.keep_s,
        )

    def open(self, request: Question) -> AsyncGenerator[Event, None]:
        """Return the answer's events; closing them stops the work."""
        if isinstance(request, FlowQuestion):
            return answer_in_flow(self.client, request)
        if isinstance(request, Describe):
            return ask_about_pictures(self.client, request)
        return self.client.astream(request)

    def _sees(self, model: str) -> bool:
        return self.client.models.get(model).serves("vision")
