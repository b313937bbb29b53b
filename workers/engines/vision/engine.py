"""What the vision worker expects of an engine; one file per library implements it.

Its record goes into `specs.py`. The same method serves an engine that only reads text (`PictureRead` per picture) and a
vision-language model that answers questions itself (`TextDelta`s, capability "answers").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from workers.engines.contract import CancelToken, Engine
from workers.messages import Describe, Event

if TYPE_CHECKING:
    from workers.engines.common.pictures.images import Picture


class VisionEngine(Engine, Protocol):
    """One library that looks at pictures.

    Its `capabilities`, of these: "reads": yields PictureRead; "answers": yields TextDelta about the
    conversation. Its `context_length` counts the tokens of pictures too; 0 if it only reads.
    """

    def describe(
        self, request: Describe, pictures: Iterator[Picture], cancel: CancelToken
    ) -> Iterator[Event]:
        """Answer the request; `request.messages` and `request.sampling` are the conversation.

        `pictures` decodes one picture per step and must be consumed once, in order. Looks at
        `cancel` between the smallest pieces of work and returns early when it is set; the last
        event may be a `Finished` that carries the usage. Raises: AppError.
        """
        ...
