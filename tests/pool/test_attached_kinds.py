"""A presentation that is attached to a question."""

from __future__ import annotations

from pathlib import Path

from library.session import Quintet
from tests.pool.attaching import Asking
from tests.rag import kinds_material as made
from workers.chats.store import ChatStore
from workers.flows.turns.runner import TurnRunner


async def test_an_attached_presentation_is_read_and_its_lost_slide_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tower.pptx"
    file.write_bytes(made.with_part(made.slides(), "ppt/slides/slide1.xml", "<p:sld"))
    with Quintet("fake", data_dir=str(tmp_path / "data")) as quintet:
        store = ChatStore(tmp_path / "chats")
        runner = TurnRunner(quintet.client)
        chat = store.of("anna").create(title="Files").id
        asking = Asking(store=store, client=quintet.client, runner=runner, chat=chat)
        answer = await asking.ask("Who keeps it?", [file])
        assert "slide 2 · The keepers" in answer.text
        (read,) = asking.files_of(answer)
        assert read["note"] == "Slide 1 of tower.pptx could not be read: it is damaged."
        await runner.close()
        store.close()
