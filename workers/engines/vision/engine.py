"""What the vision worker expects of an engine; one file per library implements it.

The same three methods serve an engine that only reads text (`PictureRead` per picture) and a
vision-language model that answers questions itself (`TextDelta`s, capability "answers").
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from workers.engines.contract import CancelToken
from workers.messages import Describe, Event
from workers.messages.process_spec import WorkerSettings

if TYPE_CHECKING:
    from .images import Picture


class VisionEngine(Protocol):
    """One library that looks at pictures."""

    capabilities: frozenset[str]
    """"reads": yields PictureRead; "answers": yields TextDelta about the conversation."""
    device: str
    """"cpu", "cuda:0", or the host of a remote one; known after `load`."""
    slots: int
    """Requests that it works on at once; known after `load`."""
    context_length: int
    """Tokens, those of pictures among them; 0 for an engine that only reads. Known after `load`."""

    def load(self, settings: WorkerSettings, folder: Path) -> None:
        """Bring the weights in `folder` (checksums verified) into memory, never from a network.

        Raises: EngineNotInstalledError, LoadError.
        """
        ...

    def describe(
        self, request: Describe, pictures: Iterator[Picture], cancel: CancelToken
    ) -> Iterator[Event]:
        """Answer the request; `request.messages` and `request.sampling` are the conversation.

        `pictures` decodes one picture per step and must be consumed once, in order. Looks at
        `cancel` between the smallest pieces of work and returns early when it is set; the last
        event may be a `Finished` that carries the usage. Raises: AppError.
        """
        ...

    def close(self) -> None:
        """Free what `load` took."""
        ...
