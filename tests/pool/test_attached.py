"""Files attached to questions, read by real workers: each kind, good and broken, once and again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from library.session import Quintet
from tests.pool.attaching import HANDBOOK, RECEIPT, SPEECH, Asking
from tests.rag.pdf_material import drawn, encoded, pdf, scanned
from workers.chats.store import ChatStore
from workers.flows.turns.attached.documents import MAX_WHOLE_CHARS, forget_files
from workers.flows.turns.options import TurnOptions
from workers.flows.turns.runner import TurnRunner
from workers.messages import Collections, Ingest, ListCollections, Media


@pytest.fixture(scope="module")
def quintet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quintet]:
    with Quintet("fake", data_dir=str(tmp_path_factory.mktemp("data"))) as quintet:
        yield quintet


@pytest.fixture(params=["kept", "incognito"])
async def asking(
    request: pytest.FixtureRequest, quintet: Quintet, tmp_path: Path
) -> AsyncIterator[Asking]:
    store = ChatStore(tmp_path / "chats" if request.param == "kept" else None)
    runner = TurnRunner(quintet.client)
    chat = store.of("anna").create(title="Files").id
    yield Asking(store=store, client=quintet.client, runner=runner, chat=chat)
    await runner.close()
    store.close()


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def long_text(word: str) -> str:
    lines = (f"Line {number} is about {word} and nothing else." for number in range(900))
    return "\n\n".join([*lines, "The boat to the island leaves at nine from the harbour."])


async def test_a_short_document_is_given_whole_also_to_the_next_question(
    asking: Asking, tmp_path: Path
) -> None:
    notes = written(tmp_path, "notes.txt", "The key is under the blue pot.")
    first = await asking.ask("Where is it?", [notes])
    assert "under the blue pot" in first.text
    assert first.text.rstrip().endswith("Where is it?")
    (file,) = asking.files_of(first)
    assert (file["name"], file["read_as"], file["note"]) == ("notes.txt", "read whole", "")
    assert first.details["context"]["used"] > 0
    # The fake says the last message back, so an attachment of an earlier one is seen in the prompt's length.
    second = await asking.ask("And what colour?")
    assert second.text == "And what colour?"
    assert second.details["receipt"]["usage"]["prompt_tokens"] > len(first.text.split())


async def test_a_long_document_is_searched_and_cited(asking: Asking, tmp_path: Path) -> None:
    book = written(tmp_path, "book.txt", long_text("gardens"))
    answer = await asking.ask("When does the boat to the island leave from the harbour?", [book])
    (file,) = asking.files_of(answer)
    assert file["read_as"] == "by retrieval"
    sources = answer.details["sources"]
    assert "leaves at nine" in sources[0]["text"]
    assert (sources[0]["document"], sources[0]["is_used"]) == ("book.txt", True)
    assert answer.details["cited"]
    assert "gardens" not in answer.details["search"]["query"]
    again = await asking.ask("boat island harbour")
    assert [source["document"] for source in again.details["sources"]][:1] == ["book.txt"]


async def test_pictures_recordings_and_pages_each_by_their_worker(asking: Asking) -> None:
    answer = await asking.ask("What is all this?", [RECEIPT, SPEECH, HANDBOOK])
    picture, recording, handbook = asking.files_of(answer)
    assert (picture["kind"], picture["read_as"]) == ("picture", "seen by Fake eye")
    assert "pixels, mostly #" in answer.text
    assert (recording["kind"], recording["read_as"]) == ("audio", "transcribed (0:10, en)")
    assert "seconds of sound" in answer.text
    assert (handbook["kind"], handbook["read_as"]) == ("document", "read whole")
    assert "sources" not in answer.details


async def test_scanned_pages_are_read_by_the_vision_worker_once(
    asking: Asking, tmp_path: Path
) -> None:
    fax = written(tmp_path, "fax.tiff", encoded(drawn(["One"]), "TIFF", [drawn(["Two"] * 3)]))
    report = written(tmp_path, "report.pdf", pdf(scanned(["The bell rings at noon"])))
    first = await asking.ask("What do they say?", [fax, report])
    assert "page 1 of fax.tiff: 900 × 130 pixels" in first.text
    assert "page 2 of fax.tiff: 900 × 270 pixels" in first.text
    assert "cover page of the archive" in first.text
    assert "page 2 of report.pdf" in first.text
    notes = [file["note"] for file in asking.files_of(first)]
    assert notes == ["2 pages were read by OCR: 1, 2.", "Page 2 was read by OCR."]
    for file in asking.files_of(first):
        assert asking.store.files.reading(file["id"])["scans"]


async def test_what_cannot_be_read_is_said_and_harms_nothing_else(
    asking: Asking, tmp_path: Path
) -> None:
    broken = [
        written(tmp_path, "broken.pdf", b"%PDF-1.7\n" + b"nonsense " * 50),
        written(tmp_path, "broken.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 99),
        written(tmp_path, "broken.mp3", b"ID3" + b"\0" * 99),
        written(tmp_path, "program.bin", b"MZ" + b"\0" * 99),
        written(tmp_path, "blank.txt", "   \n"),
    ]
    good = written(tmp_path, "good.txt", "All is well.")
    answer = await asking.ask("And this?", [*broken, good])
    assert answer.state == "stop"
    *failed, read = asking.files_of(answer)
    assert {file["read_as"] for file in failed} == {"not read"}
    assert all(file["note"].endswith(".") for file in failed)
    assert read["read_as"] == "read whole"
    assert "All is well." in answer.text
    assert "“broken.pdf” could not be read" in answer.text


async def test_two_files_of_one_name_and_one_file_of_two_names(
    asking: Asking, tmp_path: Path
) -> None:
    files = [
        written(tmp_path / "a", "plan.txt", "First we walk."),
        written(tmp_path / "b", "plan.txt", "Then we swim."),
        written(tmp_path / "b", "same.txt", "First we walk."),
    ]
    answer = await asking.ask("What is planned?", files)
    assert "First we walk." in answer.text
    assert "Then we swim." in answer.text
    assert answer.text.count("First we walk.") == 1
    assert [file["read_as"] for file in asking.files_of(answer)] == ["read whole"] * 3


async def test_one_that_is_gone_is_said_to_be(asking: Asking, tmp_path: Path) -> None:
    (kept,) = asking.attach(written(tmp_path, "notes.txt", "gone tomorrow"))
    question = asking.question("What was it?", [tmp_path / "notes.txt"])
    asking.store.files.path(kept.id).unlink()
    answer = await asking.answer(question)
    (file,) = asking.files_of(answer)
    assert "Attach it again" in file["note"]


async def test_a_stopped_reading_is_begun_again(asking: Asking, tmp_path: Path) -> None:
    book = written(tmp_path, "slow.txt", long_text("rivers"))
    own, question = asking.store.of("anna"), asking.question("boat island harbour", [book])
    turn = asking.runner.answer(own, asking.chat, question, TurnOptions(system=""))
    async for live in turn.follow():
        if live.waits_for is not None:
            turn.stop()
    stopped = own.message(turn.answer.message.id)
    assert (stopped.state, stopped.text) == ("cancelled", "")
    answer = await asking.answer(question)
    assert answer.state == "stop"
    assert "leaves at nine" in answer.details["sources"][0]["text"]


async def test_its_index_is_nobody_elses_and_goes_with_the_file(
    asking: Asking, tmp_path: Path
) -> None:
    book = written(tmp_path, "book.txt", long_text("mountains"))
    await asking.ask("boat island", [book])

    async def collections(*, is_attached: bool) -> set[str]:
        events = await asking.client.arun(ListCollections(is_attached=is_attached))
        (found,) = (event for event in events if isinstance(event, Collections))
        return {one.name for one in found.collections}

    (kept,) = asking.attach(book)
    hidden = asking.store.files.collection(kept.id)
    assert hidden in await collections(is_attached=True)
    assert hidden not in await collections(is_attached=False)
    asking.store.files.path(kept.id).unlink()
    assert await forget_files(asking.client, asking.store.files) >= 1
    assert hidden not in await collections(is_attached=True)


async def test_chosen_collections_are_cited_or_say_that_they_have_nothing(
    asking: Asking,
) -> None:
    text = "The library is open from ten to six.\n\nOn Sundays it is closed."
    media = Media(name="hours.md", data=text.encode())
    await asking.client.arun(Ingest(collection="Town", documents=(media,)))
    answer = await asking.ask("When is the library open?", collections=("Town", "Nowhere"))
    (source, *_) = answer.details["sources"]
    assert (source["collection"], source["document"]) == ("Town", "hours.md")
    assert answer.details["cited"]
    assert "Nowhere" in answer.details["search"]["missing"][0]
    refused = await asking.ask("Zebra xylophone quantum?", collections=("Town",))
    assert refused.text.startswith("Not in these documents")
    assert (refused.details["is_refused"], refused.details["sources"][0]["is_used"]) == (
        True,
        False,
    )
    assert refused.parent is not None
    anyway = await asking.answer(refused.parent, collections=("Town",), answers_anyway=True)
    assert anyway.text == "Zebra xylophone quantum?"


def test_what_is_given_whole_is_bounded() -> None:
    assert len(long_text("gardens")) > MAX_WHOLE_CHARS
