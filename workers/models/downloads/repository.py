"""What the source of an `hf:` card says: `hf:OWNER/REPOSITORY@REVISION:FOLDER`, the last two may be left out."""

from __future__ import annotations

from dataclasses import dataclass

from configs.catalogue import ModelCard


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSource:
    """A place on the hub."""

    name: str
    """OWNER/REPOSITORY."""
    revision: str
    folder: str
    """Within the repository; "": its top."""


def hub_source(source: str) -> HubSource:
    """Take the source of an `hf:` card apart."""
    place, _, folder = source.removeprefix("hf:").partition(":")
    name, _, revision = place.partition("@")
    return HubSource(name=name, revision=revision or "main", folder=folder.strip("/"))


def on_hub(card: ModelCard) -> ModelCard | None:
    """Return the card that fetches a packaged model's files from the hub; None if it has none there."""
    return card.model_copy(update={"source": card.hub, "hub": ""}) if card.hub else None
