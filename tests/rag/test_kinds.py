"""Documents of many kinds, indexed and found again: the place, what the file says of itself, what was lost."""

from __future__ import annotations

import pytest

from tests.rag import kinds_material as made
from tests.rag.conftest import add, ask
from workers.engines.rag.worker import RagWorker
from workers.messages import DocumentRead, Media, ReadDocument, Retrieve, Retrieved

FILES = {
    "slides.pptx": (made.slides(), "How many metres high is the tower?", {"slide": "1"}),
    "stock.xlsx": (made.workbook(), "In which year was the boat Petrel built?", {"sheet": "Boats"}),
    "light.epub": (made.book(), "When did the storm come?", {"chapter": "2"}),
    "talk.srt": (made.SRT, "Who wishes a good night?", {"time": "0:05:01–0:05:03"}),
    "mail.eml": (bytes(made.mail()), "Which river is in Prague?", {"attachment": "rivers.csv"}),
    "garden.docx": (made.word(), "Who approved it?", {"part": "footer"}),
}


@pytest.mark.parametrize("name", FILES)
def test_the_right_place_of_a_file_is_found(worker: RagWorker, collection: str, name: str) -> None:
    data, question, place = FILES[name]
    (done,) = add(worker, collection, **{name.replace(".", "__"): data})
    assert (done.status, done.reason) == ("added", "")
    (event,) = ask(worker, Retrieve(collection=collection, query=question, top_k=1))
    assert isinstance(event, Retrieved)
    (passage,) = event.passages
    assert dict(passage.place) == place


def test_what_a_file_says_of_itself_is_its_metadata(worker: RagWorker, collection: str) -> None:
    (done,) = add(worker, collection, tower__pptx=made.slides())
    assert dict(done.document.metadata)["author"] == "Ada Berg"


def test_a_lost_slide_is_named_when_a_file_is_indexed_and_when_it_is_attached(
    worker: RagWorker, collection: str
) -> None:
    data = made.with_part(made.slides(), "ppt/slides/slide1.xml", "<p:sld")
    (done,) = add(worker, collection, tower__pptx=data)
    assert done.reason == "Slide 1 of tower.pptx could not be read: it is damaged."
    request = ReadDocument(document=Media(name="tower.pptx", data=data), max_chars=1000)
    read = next(event for event in ask(worker, request) if isinstance(event, DocumentRead))
    assert read.note == done.reason
    assert read.text.startswith("slide 2 · The keepers\nName | Since")


def test_a_file_of_which_nothing_could_be_read_says_why(worker: RagWorker, collection: str) -> None:
    data = made.with_part(made.workbook(far=True), "xl/worksheets/sheet2.xml", "<work")
    (done,) = add(worker, collection, stock__xlsx=data)
    assert done.status == "failed"
    assert "stock.xlsx contains no text." in done.reason
    assert "Sheet Boats of stock.xlsx could not be read" in done.reason
    (again,) = add(worker, collection, tower__pptx=made.slides())
    assert again.status == "added"
