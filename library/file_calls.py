"""The verb about files: what a chat of the page does with them, for one question. Made as those of `library.calls`."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import ExitStack, aclosing
from pathlib import Path

from typing_extensions import Unpack

from workers.chats.files import AttachedFiles, KeptFile
from workers.chats.records import Message
from workers.chats.store import ChatStore
from workers.client import Client
from workers.flows.turns.ask import TurnAsk
from workers.flows.turns.direct import answer_directly
from workers.flows.turns.options import TurnOptions
from workers.messages import Event, Media
from workers.messages.errors import UnsupportedInputError

from . import results
from .answers import FileAnswer
from .inputs import File, to_files
from .library_call import LibraryCall, OnText, deadline_of, each, text_of_event
from .options import ChatOptions, check_names


def ask_files(
    client: Client,
    /,
    files: File | Iterable[File],
    question: str = "",
    *,
    collections: Sequence[str] = (),
    system: str | None = None,
    on_text: OnText | None = None,
    **options: Unpack[ChatOptions],
) -> LibraryCall[FileAnswer, str]:
    """Answer a question about files of any kind, and about collections of documents if some are named.

    Each file is read as in a chat of the page (docs/attachments.md): `.files` of the answer says how, and
    what was lost; one that cannot be read harms no other. Raises: AppError, FileNotFoundError.
    """
    check_names(options, ChatOptions)
    if "tool_choice" in options:
        raise UnsupportedInputError("A question about files takes no tools.")
    media = to_files(files)
    own = {"model", "timeout_s"}
    sampling = {name: value for name, value in options.items() if name not in own}
    chosen = TurnOptions(
        model=options.get("model"), sampling=sampling, collections=tuple(collections)
    )
    if system is not None:
        chosen = chosen.model_copy(update={"system": system})

    def source(client: Client) -> AsyncGenerator[Event, None]:
        return _answered(client, media, question, chosen)

    return LibraryCall(
        source=source,
        result=results.file_answer,
        piece=text_of_event,
        watch=each(text_of_event, on_text),
        deadline=deadline_of(options.get("timeout_s")),
    )


async def _answered(
    client: Client, media: Sequence[Media], question: str, options: TurnOptions
) -> AsyncGenerator[Event, None]:
    """Yield the events of one answer in a chat that nothing remains of. Raises: AppError."""
    with ExitStack() as cleanup:
        store = ChatStore(None)
        cleanup.callback(store.close)
        details = {"files": [_kept(store.files, one).as_details() for one in media]}
        asked = Message(id=1, parent=None, role="user", text=question, details=details)
        ask = TurnAsk(path=(asked,), options=options, files=store.files)
        async with aclosing(answer_directly(client, ask)) as events:
            async for event in events:
                yield event


def _kept(files: AttachedFiles, media: Media) -> KeptFile:
    """Raises: UnsupportedInputError, ResourceError."""
    if media.path is not None:
        return files.keep(Path(media.path), media.name)
    with tempfile.NamedTemporaryFile() as file:
        file.write(media.read())
        file.flush()
        return files.keep(Path(file.name), media.name)
