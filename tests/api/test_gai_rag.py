"""Gai/Gen's documents on the running app: index while a WebSocket listens, find, change, delete."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.apps import PASSWORD
from tests.rag.material import handbook_pdf
from tests.running import App

PAPER: dict[str, Any] = {
    "title": "The handbook",
    "authors": ["Ada", "Bob"],
    "published_date": "2017-Jun-12",
}
COLUMNS = (
    "Id CollectionName ChunkCount ByteSize ChunkSize Overlap SplitAlgo FileName Source Abstract "
    "Authors Title Publisher PublishedDate Comments IsActive CreatedAt UpdatedAt"
).split()

Json = dict[str, Any]


def rag(app: App, path: str) -> str:
    return f"{app.url}/gen/v1/rag{path}"


def index(
    app: App, collection: str, data: bytes, *, path: str = "/index_file", **metadata: object
) -> httpx.Response:
    return httpx.post(
        rag(app, path),
        data={"collection_name": collection, "metadata": json.dumps(metadata)},
        files={"file": ("handbook.pdf", data)},
        timeout=90,
    )


def retrieve(app: App, **body: object) -> httpx.Response:
    return httpx.post(rag(app, "/retrieve"), json=body, timeout=60)


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["type"], answer.json()["code"]) == (
        status,
        "error",
        code,
    )
    return str(answer.json()["message"])


def heard(socket: ClientConnection) -> list[int]:
    """The numbers that a listener hears, up to 100."""
    numbers: list[int] = []
    while 100 not in numbers:
        numbers.append(json.loads(socket.recv(timeout=60))["status"])
    return numbers


def websocket(app: App, path: str) -> ClientConnection:
    return connect(app.url.replace("http", "ws") + path)


@pytest.fixture(scope="module")
def paper(app: App) -> Iterator[tuple[str, str]]:
    """A collection with one document, and the document's id."""
    answer = index(app, "papers", handbook_pdf(), **PAPER)
    assert answer.status_code == 200, answer.text
    yield "papers", answer.json()["document_id"]
    httpx.delete(rag(app, "/collection/papers"), timeout=60)


def test_a_passage_has_the_picture_of_its_page(app: App, paper: tuple[str, str]) -> None:
    found = httpx.get(rag(app, f"/passage/{paper[1]}:0/page"), timeout=60)
    assert found.status_code == 200, found.text
    page = found.json()
    assert (page["page"], page["num_pages"]) == (1, 25)
    assert base64.b64decode(page["picture"]).startswith(b"\x89PNG")
    assert page["boxes"]
    assert all(0 <= share <= 1 for box in page["boxes"] for share in box)
    assert httpx.get(rag(app, "/passage/unknown:0/page"), timeout=60).status_code == 404


def test_two_listeners_hear_rising_numbers_up_to_100(app: App) -> None:
    with (
        websocket(app, "/ws") as one,
        websocket(app, "/gen/v1/rag/ws") as other,
        ThreadPoolExecutor(1) as pool,
    ):
        one.send("hello")
        assert one.recv(timeout=60) == "Received: hello"
        one.send(b"\x00bytes")
        assert one.recv(timeout=60) == "Received: "
        answer = pool.submit(index, app, "watched", handbook_pdf(12))
        numbers = heard(one)
        assert heard(other) == numbers
        assert answer.result().status_code == 200
    assert numbers == sorted(set(numbers))
    assert numbers[0] == 0
    assert len(numbers) > 5
    with websocket(app, "/ws") as late:  # a duplicate is refused, and never said to be done
        refused(index(app, "watched", handbook_pdf(12)), 400, "duplicate_chunk")
        assert json.loads(late.recv(timeout=60)) == {"status": 0}
        with pytest.raises(TimeoutError):
            late.recv(timeout=0.5)
    assert httpx.delete(rag(app, "/collection/watched"), timeout=60).status_code == 200


def test_the_right_chunk_is_found_column_by_column(app: App, paper: tuple[str, str]) -> None:
    collection, document_id = paper
    answer = retrieve(
        app,
        collection_name=collection,
        query_texts="What is the code for the cellar where bikes are kept?",
    ).json()
    assert set(answer) == {"documents", "metadatas", "distances", "ids"}
    assert all(list(column) == ["0", "1", "2"] for column in answer.values())
    assert "4471" in answer["documents"]["0"]
    distances = list(answer["distances"].values())
    assert distances == sorted(distances)
    assert 0 < distances[0] < 1
    text = answer["documents"]["0"]
    assert answer["ids"]["0"] == hashlib.sha256(text.encode()).hexdigest()
    metadata = answer["metadatas"]["0"]
    assert (metadata["document_id"], metadata["page"]) == (document_id, 8)
    assert (metadata["title"], metadata["authors"]) == ("The handbook", "Ada, Bob")


@pytest.mark.parametrize("place", ["query", "body"])
def test_rows_on_request(app: App, paper: tuple[str, str], place: str) -> None:
    body: Json = {"collection_name": paper[0], "query_texts": "May dogs come?", "n_results": 2}
    where = "/retrieve" + ("?format=records" if place == "query" else "")
    rows = httpx.post(
        rag(app, where), json=body | ({"format": "records"} if place == "body" else {}), timeout=60
    ).json()
    assert len(rows) == 2
    assert "Dogs are welcome" in rows[0]["documents"]
    assert rows[0]["distances"] <= rows[1]["distances"]


def test_nothing_found_is_null(app: App) -> None:
    document_id = index(app, "hollow", b"%PDF-1.4 broken")
    refused(document_id, 400, "unsupported_input")
    answer = retrieve(app, collection_name="hollow", query_texts="anything")
    assert (answer.status_code, answer.json()) == (200, None)
    assert httpx.delete(rag(app, "/collection/hollow"), timeout=60).status_code == 200


def test_collections_and_their_documents_are_listed(app: App, paper: tuple[str, str]) -> None:
    assert "papers" in httpx.get(rag(app, "/collections")).json()["collections"]
    (row,) = httpx.get(rag(app, "/collection/papers")).json()["documents"]
    assert row == {
        "id": paper[1],
        "title": "The handbook",
        "size": len(handbook_pdf()),
        "chunk_count": 25,
        "chunk_size": 200,
        "overlap_size": 30,
        "source": None,
    }


def test_a_document_is_shown_changed_and_kept(app: App, paper: tuple[str, str]) -> None:
    document_id = paper[1]
    shown = httpx.get(rag(app, f"/document/{document_id}")).json()["document"]
    assert list(shown) == [*COLUMNS, "chunks"]
    assert (shown["FileName"], shown["CollectionName"]) == ("handbook.pdf", "papers")
    assert shown["PublishedDate"] == "2017-Jun-12"
    assert len(shown["chunks"]) == shown["ChunkCount"] == 25
    assert set(shown["chunks"][0]) == {"Id", "ChunkId", "DocumentId"}

    body = {"Id": document_id, "Publisher": "Works council"}
    answer = httpx.post(rag(app, "/document"), json=body)
    assert answer.status_code == 200
    assert set(answer.json()) == {"message", "document"}
    shown = httpx.get(rag(app, f"/document/{document_id}")).json()["document"]
    assert (shown["Publisher"], shown["Title"]) == ("Works council", "The handbook")
    again = httpx.post(rag(app, "/document"), json={**shown, "Comments": "Sent back whole."})
    assert again.json()["document"]["Comments"] == "Sent back whole."
    assert again.json()["document"]["Authors"] == "Ada, Bob"


def test_the_alias_indexes_and_what_is_deleted_is_gone(app: App, paper: tuple[str, str]) -> None:
    document_id = index(app, "brief", handbook_pdf(3), path="/index-file").json()["document_id"]
    assert re.fullmatch("[0-9a-f]{64}", document_id)
    answer = httpx.delete(rag(app, f"/document/{document_id}"), timeout=60)
    assert "brief" in answer.json()["message"]
    assert httpx.get(rag(app, "/collection/brief")).json() == {"documents": []}
    refused(httpx.get(rag(app, f"/document/{document_id}")), 404, "document_not_found")
    left = httpx.delete(rag(app, "/collection/brief"), timeout=60).json()["count"]
    assert left == len(httpx.get(rag(app, "/collections")).json()["collections"])
    refused(httpx.delete(rag(app, "/collection/brief")), 404, "collection_not_found")


def test_a_document_of_two_collections_is_deleted_where_it_is_said(
    app: App, paper: tuple[str, str]
) -> None:
    document_id = index(app, "copies", handbook_pdf(), **PAPER).json()["document_id"]
    assert document_id == paper[1]
    address = rag(app, f"/document/{document_id}")
    error = refused(httpx.delete(address), 400, "unsupported_input")
    assert "“copies”, “papers”" in error
    answer = httpx.delete(address, params={"collection_name": "copies"}, timeout=60)
    assert answer.status_code == 200
    assert httpx.get(address).json()["document"]["CollectionName"] == "papers"
    httpx.delete(rag(app, "/collection/copies"), timeout=60)


def test_what_is_not_there_is_404(app: App) -> None:
    refused(httpx.get(rag(app, "/collection/nowhere")), 404, "collection_not_found")
    refused(httpx.get(rag(app, "/document/f00")), 404, "document_not_found")
    refused(httpx.delete(rag(app, "/document/f00")), 404, "document_not_found")
    refused(httpx.post(rag(app, "/document"), json={"Id": "f00"}), 404, "document_not_found")
    answer = retrieve(app, collection_name="nowhere", query_texts="anything")
    refused(answer, 404, "collection_not_found")


def test_bad_input_is_refused(app: App, paper: tuple[str, str]) -> None:
    answer = retrieve(app, collection_name="papers", query_texts="x", n_results=10**40)
    refused(answer, 400, "unsupported_input")
    assert retrieve(app, collection_name="papers").status_code == 422
    for metadata in ("[1]", "{", '{"a": "\\ud800"}'):
        answer = httpx.post(
            rag(app, "/index_file"),
            data={"collection_name": "papers", "metadata": metadata},
            files={"file": ("a.txt", b"text")},
        )
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"][:2] == ["body", "metadata"]
    sent = json.dumps({"Id": "\ud800"})
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(rag(app, "/document"), content=sent, headers=headers)
    assert answer.status_code == 422


def test_a_password_guards_the_socket_too(locked_app: App) -> None:
    for path in ("/ws", "/gen/v1/rag/ws"):
        with pytest.raises(InvalidStatus) as caught, websocket(locked_app, path):
            pass
        assert caught.value.response.status_code == 401
        assert json.loads(caught.value.response.body or b"")["code"] == "unauthorized"
        address = locked_app.url.replace("http", "ws") + path
        with connect(address, additional_headers={"Authorization": f"Bearer {PASSWORD}"}) as ws:
            ws.send("hello")
            assert ws.recv(timeout=60) == "Received: hello"
    refused(httpx.get(rag(locked_app, "/collections")), 401, "unauthorized")
