"""g4l's engine: a GGUF file by its name."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.catalogue import Templates
from library.gguf_model import MISTRAL, gguf_card
from quintet import DocumentRetriever, LocalEngine, errors

PARIS = [{"role": "USER", "content": "What is the capital of France? Answer briefly."}]


@pytest.fixture(scope="module")
def engine(home: Path, models_dir: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(gpu_layers=-1, models_dir=models_dir)
    yield engine
    engine.close()


def test_an_answer_is_as_openais_with_real_numbers(engine: LocalEngine) -> None:
    answer = engine.chat.completions.create(
        model="smollm2", messages=PARIS, temperature=0, max_tokens=20
    )
    assert "Paris" in (answer.choices[0].message.content or "")
    assert re.fullmatch(r"chatcmpl-[A-Za-z0-9]{28}", answer.id)
    assert (answer.model, answer.choices[0].index) == ("smollm2", 0)
    assert answer.usage is not None
    assert answer.usage.completion_tokens > 1
    assert json.loads(answer.to_json())["provider"] is None


def test_a_stream_closes_with_nothing_and_a_reason(engine: LocalEngine) -> None:
    stream = engine.chat.completions.create(
        model="smollm2", messages=PARIS, stream=True, temperature=0, max_tokens=3
    )
    choices = [chunk.choices[0] for chunk in stream]
    assert all(choice.delta.role is None for choice in choices)
    assert [choice.delta.content is None for choice in choices[-2:]] == [False, True]
    assert choices[-1].finish_reason == "length"


def test_stop_ends_the_answer_before_it(engine: LocalEngine) -> None:
    answer = engine.chat.completions.create(
        model="smollm2", messages=PARIS, temperature=0, max_tokens=20, stop=["Paris"]
    )
    text = answer.choices[0].message.content or ""
    assert text
    assert "Paris" not in text


def test_json_is_json(engine: LocalEngine) -> None:
    answer = engine.chat.completions.create(
        model="smollm2",
        messages=[{"role": "user", "content": "A person with name and age, as JSON."}],
        response_format={"type": "json_object"},
        temperature=0,
        max_tokens=100,
    )
    assert isinstance(json.loads(answer.choices[0].message.content or ""), dict)


def test_a_missing_file_is_not_found_in_a_stream_on_its_first_step(engine: LocalEngine) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing\.gguf"):
        engine.chat.completions.create(model="missing", messages=PARIS)
    stream = engine.chat.completions.create(model="missing", messages=PARIS, stream=True)
    with pytest.raises(FileNotFoundError):
        next(stream)


def test_the_context_window_is_kept(models_dir: Path) -> None:
    engine = LocalEngine(context_window=256, models_dir=models_dir)
    with pytest.raises(errors.ContextTooLongError, match="256"):
        engine.chat.completions.create(
            model="smollm2", messages=[{"role": "user", "content": "word " * 400}]
        )
    engine.close()


def test_a_retriever_rewrites_the_last_message_and_not_the_callers(
    models_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "hours.txt").write_text("The library opens at nine in the morning.")
    retriever = DocumentRetriever(files=["hours.txt"], files_dir=tmp_path)
    engine = LocalEngine(models_dir=models_dir, document_retriever=retriever)
    asked = [{"role": "user", "content": "When does the library open?"}]
    before = copy.deepcopy(asked)
    answer = engine.chat.completions.create(
        model="smollm2", messages=asked, temperature=0, max_tokens=40
    )
    assert "nine" in (answer.choices[0].message.content or "")
    assert asked == before
    engine.close()
    retriever.close()


def test_what_has_no_use_is_named(models_dir: Path) -> None:
    with pytest.warns(UserWarning, match="no use for n_batch"):
        LocalEngine(models_dir=models_dir, n_batch=512)  # type: ignore[call-arg]


def test_a_file_without_a_chat_template_gets_mistrals(models_dir: Path, tmp_path: Path) -> None:
    assert gguf_card(models_dir / "smollm2.gguf", "smollm2", {}).templates is None
    bare = tmp_path / "bare.gguf"
    bare.write_bytes(b"GGUF" + (3).to_bytes(4, "little") + bytes(16))
    assert gguf_card(bare, "bare", {}).templates == MISTRAL
    assert isinstance(MISTRAL, Templates)
    bare.write_bytes(b"nothing")
    with pytest.raises(errors.UnsupportedInputError, match="not a GGUF file"):
        gguf_card(bare, "bare", {})
