"""A real `llama-server` does what the engine in the process does: the same tests, on the other way.

It is the one that `make environments` builds for this processor.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configs.catalogue import load_catalogue
from tests.needs import TEST_DATA
from tests.text.conftest import CONTEXT_TOKENS, SLOTS, answer, ask, text_of
from tests.text.test_chat import (
    test_a_conversation_that_lost_its_slot_is_still_remembered as test_a_conversation_that_lost_its_slot_is_still_remembered,
)
from tests.text.test_chat import (
    test_a_cut_never_splits_a_character as test_a_cut_never_splits_a_character,
)
from tests.text.test_chat import (
    test_a_long_answer_comes_in_pieces as test_a_long_answer_comes_in_pieces,
)
from tests.text.test_chat import (
    test_a_long_prompt_reports_its_progress as test_a_long_prompt_reports_its_progress,
)
from tests.text.test_chat import (
    test_a_prompt_that_does_not_fit_is_refused_with_both_numbers as test_a_prompt_that_does_not_fit_is_refused_with_both_numbers,
)
from tests.text.test_chat import (
    test_an_answer_that_fills_the_context_ends_as_cut as test_an_answer_that_fills_the_context_ends_as_cut,
)
from tests.text.test_chat import (
    test_an_assistant_turn_at_the_end_is_continued as test_an_assistant_turn_at_the_end_is_continued,
)
from tests.text.test_chat import (
    test_answers_and_counts_tokens as test_answers_and_counts_tokens,
)
from tests.text.test_chat import (
    test_cancel_is_heard_while_the_prompt_is_read as test_cancel_is_heard_while_the_prompt_is_read,
)
from tests.text.test_chat import (
    test_cancel_stops_long_before_the_natural_end as test_cancel_stops_long_before_the_natural_end,
)
from tests.text.test_chat import (
    test_ends_before_a_stop_sequence as test_ends_before_a_stop_sequence,
)
from tests.text.test_chat import (
    test_four_conversations_at_once_keep_apart as test_four_conversations_at_once_keep_apart,
)
from tests.text.test_chat import test_max_tokens_cuts_the_answer as test_max_tokens_cuts_the_answer
from tests.text.test_chat import (
    test_the_next_turn_does_not_read_the_history_again as test_the_next_turn_does_not_read_the_history_again,
)
from tests.text.test_chat import (
    test_the_same_seed_gives_the_same_answer as test_the_same_seed_gives_the_same_answer,
)
from tests.text.test_chat import (
    test_walking_away_frees_the_slot as test_walking_away_frees_the_slot,
)
from tests.vision.test_llamacpp import (
    test_a_follow_up_question_is_about_the_same_picture as test_a_follow_up_question_is_about_the_same_picture,
)
from tests.vision.test_llamacpp import (
    test_the_answer_comes_in_pieces_with_its_cost as test_the_answer_comes_in_pieces_with_its_cost,
)
from tests.vision.tiny_llava.convert import convert
from tests.vision.tiny_llava.seeing import WEIGHTS, Seer, load, write_card
from workers.engines.rag.llama_server import LlamaServerEmbedder
from workers.engines.rag.llamacpp import LlamaCppEmbedder
from workers.engines.text.llama_server import LlamaServerEngine
from workers.engines.text.worker import TextWorker
from workers.messages import Constraint, Ready, TextDelta
from workers.messages.errors import LoadError, UnsupportedInputError
from workers.messages.process_spec import WorkerSettings
from workers.models.llama_server.finding import built_server
from workers.models.weights import find_folder

from .conftest import card_on, settings_for

pytestmark = [pytest.mark.env("llamacpp"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def server() -> Path:
    found = built_server(TEST_DATA)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def worker_settings(server: Path, tmp_path_factory: pytest.TempPathFactory) -> WorkerSettings:
    limits = {"max_context_tokens": CONTEXT_TOKENS}
    data_dir = tmp_path_factory.mktemp("data")
    return settings_for(card_on(server), data_dir, slots=SLOTS, limits=limits)


@pytest.fixture(scope="module")
def loaded(worker_settings: WorkerSettings) -> Iterator[tuple[TextWorker, Ready]]:
    worker = TextWorker(LlamaServerEngine())
    ready = worker.load(worker_settings, lambda loading: None)
    yield worker, ready
    worker.close()


@pytest.fixture(scope="module")
def worker(loaded: tuple[TextWorker, Ready]) -> TextWorker:
    return loaded[0]


@pytest.fixture(scope="module")
def seer(server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seer]:
    folder, cards = tmp_path_factory.mktemp("gguf"), tmp_path_factory.mktemp("cards")
    convert(WEIGHTS, folder)
    options = json.dumps({"server": str(server)})
    seen = load(write_card(cards, "llama-server", folder, options), cards)
    yield seen
    seen.worker.close()


def test_a_schema_and_a_grammar_are_kept(worker: TextWorker) -> None:
    schema = {"type": "object", "properties": {"n": {"enum": [7]}}, "required": ["n"]}
    asked = ask("Give me a number as JSON.", max_tokens=40)
    said = text_of(
        answer(worker, _bound(asked, Constraint(kind="schema", text=json.dumps(schema))))
    )
    assert json.loads(said) == {"n": 7}
    grammar = Constraint(kind="grammar", text='root ::= "yes" | "no"')
    assert text_of(answer(worker, _bound(asked, grammar))) in ("yes", "no")
    with pytest.raises(UnsupportedInputError):
        answer(worker, _bound(asked, Constraint(kind="grammar", text="root ::= unknown")))


def _bound(request: Any, constraint: Constraint) -> Any:
    return replace(request, constraint=constraint)


def test_logprobs_are_those_of_the_words_said(worker: TextWorker) -> None:
    events = answer(worker, ask("What is the capital of France?", num_logprobs=3, max_tokens=4))
    deltas = [event for event in events if isinstance(event, TextDelta) and event.logprobs]
    assert deltas
    for delta in deltas:
        assert "".join(token.token for token in delta.logprobs) == delta.text
        for token in delta.logprobs:
            assert len(token.top) == 3
            assert token.top == tuple(sorted(token.top, key=lambda pair: -pair[1]))
            assert math.isclose(token.logprob, dict(token.top)[token.token], abs_tol=1e-4)


def test_a_damaged_file_is_told_with_what_the_program_said(
    worker_settings: WorkerSettings, tmp_path: Path
) -> None:
    damaged = tmp_path / "model.gguf"
    damaged.write_bytes(b"GGUF" + bytes(1000))
    card = worker_settings.card.model_copy(update={"files": {damaged.name: None}})
    with pytest.raises(LoadError, match=r"could not load SmolLM2 .*exit status 1.*model"):
        LlamaServerEngine().load(tmp_path, replace(worker_settings, card=card), lambda _: None)


def test_vectors_are_those_of_the_engine_in_the_process(server: Path, tmp_path: Path) -> None:
    card = load_catalogue()["all-minilm-l6-v2"]
    folder = find_folder(card, tmp_path)
    texts = ["The cat sleeps.", "A ship in a storm", "word " * 300]
    found = []
    for engine, options in (
        (LlamaCppEmbedder(), {}),
        (LlamaServerEmbedder(), {"server": str(server)}),
    ):
        own = card.model_copy(update={"options": {**card.options, **options}})
        engine.load(folder, settings_for(own, tmp_path), lambda loading: None)
        found.append(engine.embed(texts))
        engine.close()
    assert np.sum(found[0] * found[1], axis=1).min() > 0.999
