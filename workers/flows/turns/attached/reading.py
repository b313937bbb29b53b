"""How one attached file was read for one answer, and how a request is heard for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from workers.chats.files import AttachedFiles, KeptFile
from workers.client import Client
from workers.flows.turns.answer import WAITING
from workers.messages import Event, Finished, Media, Request

NOT_READ = "not read"


@dataclass(slots=True, kw_only=True)
class FileReading:
    """A file on the way to the model; its reader fills in what comes of it."""

    file: KeptFile
    question: int
    """Id of the message that names it."""
    text: str = ""
    """What it says, or its beginning if it is long."""
    is_long: bool = False
    """Whether it is too long to be given whole: then its passages are searched."""
    is_seen: bool = False
    """Whether the answering model looks at it itself."""
    read_as: str = ""
    """How it was read, for people; "": not yet."""
    note: str = ""
    """What was lost, as sentences; "": nothing."""
    is_stopped: bool = False
    """Whether somebody has stopped it: what there is of it then is nothing."""

    def media(self, files: AttachedFiles) -> Media:
        """Return it as a request has it. Raises: NotFoundError."""
        return Media(name=self.file.name, path=str(files.path(self.file.id)))

    def fail(self, reason: str) -> None:
        """Say that it could not be read, and why: the next question tries again."""
        self.text, self.is_long, self.is_seen = "", False, False
        self.read_as, self.note = NOT_READ, reason

    @property
    def is_read(self) -> bool:
        """Whether the model gets anything of it."""
        return self.read_as not in ("", NOT_READ)

    def as_details(self) -> dict[str, Any]:
        """Return it as the question's details have it."""
        return self.file.as_details(read_as=self.read_as, note=self.note)


async def relayed(
    client: Client, request: Request, kept: list[Event]
) -> AsyncGenerator[Event, None]:
    """Yield what says how far a request is, and keep the rest. Raises: AppError."""
    async with aclosing(client.astream(request)) as events:
        async for event in events:
            if isinstance(event, WAITING):
                yield event
            else:
                kept.append(event)


def was_stopped(kept: list[Event]) -> bool:
    """Return whether a request ended because somebody stopped it."""
    return any(isinstance(event, Finished) and event.reason == "cancelled" for event in kept)
