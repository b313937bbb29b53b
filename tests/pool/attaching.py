"""Chats with files, answered by real workers around the fake engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workers.chats.files import KeptFile
from workers.chats.records import Message
from workers.chats.store import ChatStore
from workers.client import Client
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.runner import TurnRunner

ASSETS = Path(__file__).parents[2] / "assets"
HANDBOOK = ASSETS / "example-handbook.pdf"
RECEIPT = ASSETS / "example-receipt.png"
SPEECH = ASSETS / "example-speech.mp3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One chat of one person."""

    store: ChatStore
    client: Client
    runner: TurnRunner
    chat: str

    def attach(self, *files: Path) -> list[KeptFile]:
        return [self.store.files.keep(file, file.name) for file in files]

    def question(self, text: str, files: Sequence[Path] = ()) -> int:
        """Add a question after what is shown."""
        own = self.store.of("anna")
        details = {"files": [file.as_details() for file in self.attach(*files)]} if files else {}
        return own.add_question(self.chat, own.get(self.chat).shown, text, details)

    async def ask(self, text: str, files: Sequence[Path] = (), **options: Any) -> Message:
        """Return the answer to one more question, as it is kept."""
        question = self.question(text, files)
        return await self.answer(question, **options)

    async def answer(self, question: int, **options: Any) -> Message:
        own = self.store.of("anna")
        chosen = TurnOptions(system="", **options)
        answer = await self.runner.answer(own, self.chat, question, chosen).wait()
        return own.message(answer.message.id)

    def files_of(self, answer: Message) -> list[Mapping[str, Any]]:
        """Return what the question of an answer says of its files."""
        assert answer.parent is not None
        files: list[Mapping[str, Any]] = (
            self.store.of("anna").message(answer.parent).details["files"]
        )
        return files
