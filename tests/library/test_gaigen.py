"""Gai's one instance: load, create, stream, unload, in each category."""

from __future__ import annotations

import base64
import io
import threading
import wave
from pathlib import Path

import pytest

from compat.gai.library.gaigen import Gaigen, GaigenTurn
from quintet import RAG, errors
from tests.spoken import OPENING, sounds_like

pytestmark = pytest.mark.filterwarnings("ignore:The weights of")

PARIS = [
    {"role": "USER", "content": "What is the capital of France? Answer briefly."},
    {"role": "ASSISTANT", "content": ""},
]
BRIEF = {"temperature": 0, "max_new_tokens": 20}
SPOKEN = "The library opens at nine. Dogs are not allowed."


def awake(gaigen: Gaigen) -> set[str]:
    return {worker.modality for worker in gaigen._session.status().workers if worker.pid}


def test_there_is_one_instance(gaigen: Gaigen) -> None:
    assert Gaigen.GetInstance() is gaigen
    with pytest.raises(errors.RequestError, match="one Gaigen already"):
        Gaigen()


def test_text_is_answered_whole_and_in_chunks(gaigen: Gaigen) -> None:
    answer = gaigen.load("mistral7b-exllama").create(messages=PARIS, **BRIEF)
    assert "Paris" in answer.choices[0].message.content
    assert answer.model == "mistral7b-exllama"
    assert answer.usage.total_tokens > 20
    chunks = list(gaigen.create(messages=PARIS, stream=True, **BRIEF))
    assert len({chunk.id for chunk in chunks}) == 1
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == answer.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason in ("stop", "length")


def test_an_open_stream_keeps_the_turn(gaigen: Gaigen) -> None:
    stream = gaigen.load("mistral7b-exllama").create(messages=PARIS, stream=True, max_tokens=200)
    next(stream)
    with pytest.raises(errors.RequestError, match="still open in this thread"):
        gaigen.create(messages=PARIS)
    answers: list[str] = []
    other = threading.Thread(
        target=lambda: answers.append(
            gaigen.create(messages=PARIS, **BRIEF).choices[0].message.content
        )
    )
    other.start()
    other.join(0.3)
    assert other.is_alive()
    stream.close()
    other.join(30)
    assert "Paris" in answers[0]


def test_a_turn_can_be_ended_by_another_thread() -> None:
    turn = GaigenTurn()
    held = turn.taken()
    held.__enter__()
    ending = threading.Thread(target=held.__exit__, args=(None, None, None))
    ending.start()
    ending.join()
    with turn.taken():
        pass


def test_another_model_takes_the_place_of_the_first(gaigen: Gaigen) -> None:
    gaigen.load("mistral7b-exllama").create(messages=PARIS, **BRIEF)
    assert awake(gaigen) == {"text"}
    same = gaigen._wrapper
    assert gaigen.load("mistral7b-exllama")._wrapper is same
    gaigen.load("xtts-2").create("One.")
    assert awake(gaigen) == {"tts"}
    assert gaigen.unload() is gaigen
    assert awake(gaigen) == set()
    with pytest.raises(errors.RequestError, match="Nothing is loaded"):
        gaigen.create(messages=PARIS)


def test_what_is_spoken_is_understood(gaigen: Gaigen, tmp_path: Path) -> None:
    gaigen.load("xtts-2")
    with pytest.warns(UserWarning, match="The usual voice speaks"):
        whole = gaigen.create(SPOKEN, voice="Vjollca Johnnie", language="en")
    with wave.open(io.BytesIO(whole)) as file:
        assert file.getnframes() / file.getframerate() > 2
    pieces = list(gaigen.create(input=SPOKEN, stream=True))
    assert len(pieces) > 1
    assert pieces[0][:4] == b"RIFF"
    with pytest.raises(errors.UnsupportedInputError, match="does not speak 'fr'"):
        gaigen.create(SPOKEN, language="fr")
    (tmp_path / "spoken.wav").write_bytes(whole)
    gaigen.load("whisper-transformers")
    for file in (tmp_path / "spoken.wav", whole, io.BytesIO(b"".join(pieces))):
        heard = gaigen.create(file)
        assert sounds_like(heard["text"], SPOKEN, OPENING)
        start_s, end_s = heard["chunks"][0]["timestamp"]
        assert 0 <= start_s < end_s


def test_pictures_are_asked_about(gaigen: Gaigen, receipt: bytes) -> None:
    url = "data:image/png;base64," + base64.b64encode(receipt).decode()
    parts = [
        {"type": "text", "text": "What is the total?"},
        {"type": "image_url", "image_url": {"url": url}},
    ]
    messages = [{"role": "user", "content": parts}]
    answer = gaigen.load("llava-transformers").create(messages=messages, temperature=0)
    assert "42.50" in answer.choices[0].message.content
    stream = gaigen.create(messages=messages, stream=True, temperature=0)
    assert "42.50" in "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    away = [{"type": "image_url", "image_url": {"url": "http://example.com/a.png"}}]
    with pytest.raises(errors.UnsupportedInputError, match="Picture 1 has no data: address"):
        gaigen.create(messages=[{"role": "user", "content": away}])
    with pytest.raises(errors.UnsupportedInputError, match="no picture"):
        gaigen.create(messages=PARIS)


async def test_documents_are_indexed_retrieved_and_managed(gaigen: Gaigen) -> None:
    gaigen.load("rag")
    percent: list[int] = []
    document_id = await gaigen.index_async(
        "gai house",
        SPOKEN,
        "https://example.com/hours.html",
        metadata={"source": "web", "title": "Hours"},
        status_updater=percent.append,
    )
    assert percent[-1] == 100
    table = gaigen.retrieve("gai house", "opening hours", n_results=1)
    assert table is not None
    assert list(table.columns) == ["documents", "metadatas", "distances", "ids"]
    assert "nine" in table["documents"][0]
    assert table["metadatas"][0]["title"] == "Hours"
    assert 0 < table["distances"][0] < 1
    (document,) = RAG.list_documents("gai house")
    assert (document.Id, document.Title, document.FileName) == (document_id, "Hours", "hours.html")
    (chunk,) = RAG.list_chunks("gai house")
    assert RAG.get_chunk("gai house", chunk.chunk_id) == chunk
    assert RAG.update_document({"Id": document_id, "Title": "New"}).Source == "web"
    assert RAG.get_document(document_id).Title == "New"
    RAG.delete_document(document_id)
    assert gaigen.retrieve("gai house", "opening hours") is None
    RAG.create_collection("empty")
    assert RAG.get_collection("empty").num_documents == 0
    RAG.delete_collection("empty")
    assert not RAG.collection_exists("empty")
    with pytest.raises(errors.RequestError, match="index_async and retrieve"):
        gaigen.create(messages=PARIS)
    with pytest.warns(UserWarning, match="not used"):
        await gaigen.index_async("gai house", SPOKEN, "a.txt", chunk_size=10)


def test_a_refused_load_leaves_what_is_loaded(gaigen: Gaigen) -> None:
    gaigen.load("rag")
    with pytest.raises(errors.UnknownModelError):
        gaigen.load("nobody")
    assert gaigen.retrieve("gai house", "opening hours") is not None
    with pytest.raises(errors.UnsupportedInputError, match="cannot be counted"):
        gaigen.token_count("text")
    with pytest.raises(errors.UnsupportedInputError, match="not given out"):
        gaigen.get_token_ids("text")
    gaigen.load("mistral7b-exllama")
    with pytest.raises(errors.RequestError, match="rag wrapper is not loaded"):
        gaigen.retrieve("gai house", "x")
    gaigen.unload()
