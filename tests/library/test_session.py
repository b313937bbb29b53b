"""The five modalities from a script, sync and async."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from library import calls
from library.sync_async import AsyncStream, Stream
from quintet import AsyncQuintet, Persona, Quintet, errors
from tests.spoken import OPENING, sounds_like
from workers.messages import Progress

PARIS = "What is the capital of France? Answer briefly."
LONG = "Tell me a very long story about the sea."
HOURS = (
    "The library opens at nine in the morning and closes at five.\n\nDogs are not allowed inside."
)


def test_chat_answers_with_usage_and_tells_each_piece(quintet: Quintet) -> None:
    pieces: list[str] = []
    answer = quintet.chat(PARIS, temperature=0, max_tokens=20, on_text=pieces.append)
    assert "Paris" in answer.text
    assert "".join(pieces) == answer.text == str(answer)
    assert answer.finish_reason == "stop"
    assert answer.usage.completion_tokens > 0


def test_a_long_answer_is_told_in_pieces(quintet: Quintet) -> None:
    """A short one may come whole: tokens that come faster than anybody reads are joined."""
    pieces: list[str] = []
    answer = quintet.chat(LONG, temperature=0, max_tokens=150, on_text=pieces.append)
    assert "".join(pieces) == answer.text
    assert len(pieces) > 1


def test_a_conversation_may_shout_its_roles_and_leave_a_slot_for_the_answer(
    quintet: Quintet,
) -> None:
    turns = [{"role": "USER", "content": PARIS}, {"role": "ASSISTANT", "content": ""}]
    assert "Paris" in quintet.chat(turns, temperature=0, max_tokens=20).text


def test_a_schema_binds_the_answer(quintet: Quintet) -> None:
    schema = {
        "type": "object",
        "properties": {"age": {"type": "integer"}},
        "required": ["age"],
        "additionalProperties": False,
    }
    answer = quintet.chat("How old is a cat of ten years?", schema=schema, temperature=0)
    assert isinstance(answer.parsed()["age"], int)


def test_an_unknown_keyword_is_an_error_with_the_nearest_name(quintet: Quintet) -> None:
    with pytest.raises(TypeError, match="'temperatur'; did you mean 'temperature'"):
        quintet.chat(PARIS, temperatur=0)  # type: ignore[call-arg]


def test_a_stream_gives_pieces_and_then_the_result(quintet: Quintet) -> None:
    with quintet.stream_chat(PARIS, temperature=0, max_tokens=20) as stream:
        pieces = list(stream)
        assert stream.result().text == "".join(pieces)


def test_leaving_a_stream_frees_the_worker(quintet: Quintet) -> None:
    with quintet.stream_chat(LONG, max_tokens=3000) as stream:
        next(stream)
    assert isinstance(stream, Stream)
    with pytest.raises(errors.RequestError, match="closed before it had a result"):
        stream.result()
    assert "Paris" in quintet.chat(PARIS, temperature=0, max_tokens=20).text


def test_what_is_spoken_is_understood(quintet: Quintet, tmp_path: Path) -> None:
    seconds: list[Progress] = []
    said = "The library opens at nine o'clock. Dogs are not allowed."
    speech = quintet.speak(said)
    assert speech.wav()[:4] == b"RIFF"
    assert [sentence.text for sentence in speech.sentences][1] == "Dogs are not allowed."
    path = speech.save(tmp_path / "hours.mp3")
    transcript = quintet.transcribe(path, words=True, on_progress=seconds.append)
    assert sounds_like(transcript.text, said, OPENING)
    assert transcript.duration_s == pytest.approx(speech.duration_s, abs=0.2)
    assert transcript.segments[0].words
    assert transcript.to_srt().startswith("1\n00:00:0")
    assert seconds[-1].unit == "seconds"
    assert sounds_like(quintet.transcribe(speech.wav()).text, said, OPENING)


def test_pictures_are_read_and_asked_about(quintet: Quintet, receipt: bytes) -> None:
    read = quintet.read(receipt)
    assert read.text == read.lines[0].text == "Total: 42.50 EUR"
    answer = quintet.describe(receipt, "What is the total?")
    assert "42.50" in answer.text
    assert answer.pictures == read.pictures or answer.lines[0].text == read.text


def test_a_flow_streams_and_can_be_left(quintet: Quintet, receipt: bytes) -> None:
    with quintet.stream_description(receipt, "What is the total?") as stream:
        assert next(stream)
    assert "42.50" in quintet.describe(receipt, "What is the total?").text


def test_vectors_have_length_one_and_are_near_for_near_words(quintet: Quintet) -> None:
    cat, kitten, train = quintet.embed(["a cat", "a kitten", "the night train to Prague"])
    assert sum(x * x for x in cat) == pytest.approx(1, abs=1e-3)
    near, far = (sum(a * b for a, b in zip(cat, other, strict=True)) for other in (kitten, train))
    assert near > far + 0.2


def test_documents_are_indexed_searched_and_asked(quintet: Quintet, tmp_path: Path) -> None:
    (tmp_path / "hours.txt").write_text(HOURS)
    (tmp_path / ".hidden").write_text("no")
    chunks: list[Progress] = []
    (outcome,) = quintet.index("house", tmp_path, on_progress=chunks.append)
    assert (outcome.status, outcome.document.name) == ("added", "hours.txt")
    assert chunks
    assert quintet.index("house", [tmp_path / "hours.txt"])[0].status == "unchanged"
    assert "nine" in quintet.search("house", "opening hours", top_k=1)[0].text
    answer = quintet.ask("house", "When does the library open?")
    assert "nine" in answer.text
    assert answer.citations
    assert answer.citations[0].document_name == "hours.txt"
    quoted = quintet.ask("house", "When does the library open?", quote=True)
    assert quoted.is_quoted
    assert quoted.citations[0].text.split()[0] in quoted.text
    assert quoted.usage.completion_tokens == 0
    assert "house" in [collection.name for collection in quintet.collections()]
    document_id = quintet.documents("house")[0].document_id
    assert quintet.delete_document("house", document_id) == ()
    assert "house" not in [left.name for left in quintet.delete_collection("house")]


def test_errors_are_one_sentence_and_know_what_python_calls_them(quintet: Quintet) -> None:
    with pytest.raises(FileNotFoundError, match=r"There is no file .*nowhere\.wav\."):
        quintet.transcribe("nowhere.wav")
    with pytest.raises(errors.NotFoundError):
        quintet.search("nowhere", "anything")
    with pytest.raises(errors.UnknownModelError):
        quintet.chat(PARIS, model="nobody")


async def test_the_sync_library_works_where_a_loop_runs(quintet: Quintet, receipt: bytes) -> None:
    """As in a notebook."""
    assert "42.50" in quintet.describe(receipt, "What is the total?").text


async def test_the_async_twin_answers_the_same(quintet: Quintet) -> None:
    same = quintet.chat(PARIS, temperature=0, max_tokens=20, seed=1).text
    async with AsyncQuintet() as twin:
        answers = await asyncio.gather(
            *(twin.chat(PARIS, temperature=0, max_tokens=20, seed=1) for _ in range(2))
        )
        async with twin.stream_chat(PARIS, temperature=0, max_tokens=20, seed=1) as stream:
            pieces = [piece async for piece in stream]
            assert (await stream.result()).text == "".join(pieces)
    assert [answer.text for answer in answers] == [same, same]


async def test_a_flow_streams_on_a_loop(quintet: Quintet, receipt: bytes) -> None:
    client = quintet.client
    async with AsyncStream(client, calls.describe(client, receipt, "What is the total?")) as stream:
        pieces = [piece async for piece in stream]
        assert "42.50" in (await stream.result()).text == "".join(pieces)


def test_nothing_starts_before_the_first_call_and_nothing_is_left_after_close() -> None:
    session = Quintet()
    assert session.models("text")[0].id == "smollm2-135m-instruct"
    session.embed("word")
    assert [w.modality for w in session.status().workers if w.pid is not None] == ["rag"]
    session.close()
    assert [w.modality for w in session.status().workers if w.pid is not None] == []
    with pytest.raises(errors.PoolClosedError):
        session.embed("word")
    unused = Quintet()
    unused.close()
    with pytest.raises(errors.PoolClosedError, match="Make a new one"):
        unused.embed("word")


def test_models_are_managed_as_everywhere(quintet: Quintet) -> None:
    used = quintet.manager.status("smollm2-135m-instruct")
    assert (used.state, used.actions) == ("in_use", ())
    with pytest.raises(errors.UnsupportedInputError, match="not being downloaded"):
        quintet.manager.pause("qwen3-4b")
    with pytest.raises(errors.NotFetchedError, match="quintet models pull qwen3-4b"):
        quintet.manager.use("qwen3-4b")


def test_a_persona_answers_and_says_what_it_does_without(quintet: Quintet) -> None:
    terse = Persona(name="Terse", system="Be brief.", sampling={"max_tokens": 2}, tools=("clock",))
    answer = quintet.chat(LONG, persona=terse)
    assert (answer.usage.completion_tokens, answer.finish_reason) == (2, "length")
    assert answer.notes == ("The tool clock is not here: Terse works without.",)
    assert quintet.chat(PARIS, persona="plain", temperature=0, max_tokens=3).notes == ()
    with pytest.raises(errors.NotFoundError, match="There is no persona 'codr'"):
        quintet.chat(PARIS, persona="codr")
    assert [one.id for one in quintet.personas.all()][:2] == ["plain", "coder"]
