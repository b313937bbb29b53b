"""The text worker on its packaged weights: streams, ends, refuses, remembers."""

from __future__ import annotations

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from workers.engines.contract import CancelToken
from workers.engines.text.llamacpp import LlamaCppEngine
from workers.engines.text.worker import TextWorker
from workers.messages import ChatMessage, Generate, Progress, Ready, TextDelta
from workers.messages.errors import ContextTooLongError, LoadError, UnsupportedInputError
from workers.messages.process_spec import WorkerSettings

from .conftest import CONTEXT_TOKENS, SLOTS, answer, ask, end_of, text_of

CAPITALS = (("France", "Paris"), ("Spain", "Madrid"), ("Japan", "Tokyo"), ("Germany", "Berlin"))
CAPITAL = "What is the capital of France? Answer briefly."
NOVEL = "The old sailor told the children about the storm that sank his ship. "


def test_ready_says_what_was_loaded(loaded: tuple[TextWorker, Ready]) -> None:
    ready = loaded[1]
    assert (ready.slots, ready.device, ready.context_length) == (SLOTS, "cpu", CONTEXT_TOKENS)


def test_answers_and_counts_tokens(worker: TextWorker) -> None:
    events = answer(worker, ask(CAPITAL))
    end = end_of(events)
    assert "Paris" in text_of(events)
    assert end.reason == "stop"
    assert end.usage.prompt_tokens > 10
    assert end.usage.completion_tokens >= 2
    assert end.usage.prefill_s > 0
    assert end.usage.decode_s > 0


def test_a_long_answer_comes_in_pieces(worker: TextWorker) -> None:
    """A short one may come whole: tokens that come faster than anybody reads are joined."""
    events = answer(worker, ask(NOVEL, max_tokens=150, ignore_eos=True))
    assert sum(isinstance(event, TextDelta) for event in events) > 1


def test_max_tokens_cuts_the_answer(worker: TextWorker) -> None:
    end = end_of(answer(worker, ask("Tell a long story about a ship.", max_tokens=7)))
    assert (end.reason, end.usage.completion_tokens) == ("length", 7)


def test_ends_before_a_stop_sequence(worker: TextWorker) -> None:
    question = "Count from one to ten in digits, separated by commas."
    whole = text_of(answer(worker, ask(question, max_tokens=24)))
    middle = whole[len(whole) // 2 :][:4]
    events = answer(worker, ask(question, max_tokens=24, stop=(middle,)))
    assert text_of(events) == whole[: whole.index(middle)]
    assert end_of(events).reason == "stop"


def test_the_same_seed_gives_the_same_answer(worker: TextWorker) -> None:
    story = ("Write one sentence about the sea.",)
    first = text_of(answer(worker, ask(*story, temperature=1.0, seed=7)))
    answer(worker, ask("Something else entirely."))
    again = text_of(answer(worker, ask(*story, temperature=1.0, seed=7)))
    other = text_of(answer(worker, ask(*story, temperature=1.0, seed=8)))
    assert first == again
    assert first != other


def test_a_seeded_turn_is_repeatable_and_reads_only_what_is_new(worker: TextWorker) -> None:
    opening = f"A tale for gamblers. {NOVEL * 6}"
    first = answer(worker, ask(opening, seed=3, temperature=1.0, max_tokens=12))
    turn = ask(opening, text_of(first), "And then?", seed=3, temperature=1.0, max_tokens=12)
    once, again = answer(worker, turn), answer(worker, turn)
    history = end_of(first).usage.prompt_tokens
    assert end_of(once).usage.cached_tokens >= history - 5
    assert end_of(once).usage.prompt_tokens - end_of(once).usage.cached_tokens < 60
    assert text_of(once) == text_of(again)
    assert end_of(once).usage.completion_tokens == end_of(again).usage.completion_tokens


def test_the_system_prompt_is_heard(worker: TextWorker) -> None:
    system = "You are a parrot. Whatever is asked, you answer only: Polly wants a cracker."
    assert "olly" in text_of(answer(worker, ask("Who are you?", system=system)))


def test_an_assistant_turn_at_the_end_is_continued(worker: TextWorker) -> None:
    events = answer(worker, ask("What is the capital of France?", "The capital of France is"))
    assert text_of(events).lstrip().startswith("Paris")


@pytest.mark.parametrize("max_tokens", [1, 2, 3, 5, 8, 13])
def test_a_cut_never_splits_a_character(worker: TextWorker, max_tokens: int) -> None:
    request = ask("Repeat exactly: 🦜🌊🚢🎉 日本語 Привет", "🦜🌊", max_tokens=max_tokens)
    events = answer(worker, request)
    for event in events:
        if isinstance(event, TextDelta):
            assert "\ufffd" not in event.text
            event.text.encode("utf-8")  # a lone surrogate would raise


def test_four_conversations_at_once_keep_apart(worker: TextWorker) -> None:
    requests = [
        ask(f"What is the capital of {country}? Answer briefly.") for country, _ in CAPITALS
    ]
    with ThreadPoolExecutor(len(requests)) as pool:
        answers = list(pool.map(lambda request: text_of(answer(worker, request)), requests))
    for (_, capital), text in zip(CAPITALS, answers, strict=True):
        assert capital in text


def test_the_next_turn_does_not_read_the_history_again(worker: TextWorker) -> None:
    opening = f"Remember this tale. {NOVEL * 8}"
    first = answer(worker, ask(opening))
    others = [
        ask(f"{number}: name {country}'s capital.") for number, (country, _) in enumerate(CAPITALS)
    ]
    for other in others[: SLOTS - 1]:
        answer(worker, other)
    second = end_of(answer(worker, ask(opening, text_of(first), "Who told it?"))).usage
    history = end_of(first).usage.prompt_tokens
    assert second.cached_tokens >= history - 5
    assert second.prompt_tokens - second.cached_tokens < 60


def test_a_conversation_that_lost_its_slot_is_still_remembered(worker: TextWorker) -> None:
    opening = f"A different tale entirely. {NOVEL * 8}"
    first = answer(worker, ask(opening))
    for number in range(SLOTS + 1):
        answer(worker, ask(f"{number} {'apples and pears ' * 20}", max_tokens=2))
    second = end_of(answer(worker, ask(opening, text_of(first), "Who told it?"))).usage
    assert second.cached_tokens >= end_of(first).usage.prompt_tokens - 5


def test_a_prompt_that_does_not_fit_is_refused_with_both_numbers(
    worker: TextWorker,
) -> None:
    with pytest.raises(ContextTooLongError, match=r"is \d{3} tokens long.* holds 512"):
        answer(worker, ask(NOVEL * 60))
    assert "Paris" in text_of(answer(worker, ask(CAPITAL)))


def test_an_answer_that_fills_the_context_ends_as_cut(worker: TextWorker) -> None:
    events = answer(worker, ask(NOVEL * 30 + "Tell it again.", max_tokens=None))
    end = end_of(events)
    assert end.reason == "length"
    assert end.usage.prompt_tokens + end.usage.completion_tokens <= CONTEXT_TOKENS


def test_a_long_prompt_reports_its_progress(worker: TextWorker) -> None:
    events = answer(worker, ask(f"Yet another tale. {NOVEL * 10}", max_tokens=1))
    progress = [event for event in events if isinstance(event, Progress)]
    assert [event.done for event in progress] == sorted(event.done for event in progress)
    assert progress[-1].done == progress[-1].total > 100


def test_cancel_stops_long_before_the_natural_end(worker: TextWorker) -> None:
    """How many pieces an answer has says nothing: tokens that come fast are joined."""
    cancel = CancelToken()
    pieces = []
    request = ask("Count from one to a thousand in words.", max_tokens=400, ignore_eos=True)
    for event in worker.handle(request, cancel):
        if isinstance(event, TextDelta):
            pieces.append(event.text)
            cancel.cancel()
    assert len(pieces) == 1
    assert len(pieces[0].split()) < 100


def test_cancel_is_heard_while_the_prompt_is_read(worker: TextWorker) -> None:
    cancel = CancelToken()
    events = []
    for event in worker.handle(ask(f"A tale to interrupt. {NOVEL * 25}"), cancel):
        events.append(event)
        cancel.cancel()
    assert len(events) == 1
    assert isinstance(events[0], Progress)
    assert events[0].done < events[0].total / 2


def test_walking_away_frees_the_slot(worker: TextWorker) -> None:
    for _ in range(SLOTS + 1):
        events = worker.handle(ask("Tell a story.", max_tokens=240), CancelToken())
        next(iter(events))
        events.close()  # type: ignore[attr-defined]
    assert "Paris" in text_of(answer(worker, ask(CAPITAL)))


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        ((), "empty"),
        ((ChatMessage(role="user", text="  \n"),), "empty"),
        ((ChatMessage(role="system", text="Be brief."),), "empty"),
        ((ChatMessage(role="narrator", text="Once."),), "'narrator'"),  # type: ignore[arg-type]
    ],
)
def test_a_conversation_without_a_question_is_refused(
    worker: TextWorker, messages: tuple[ChatMessage, ...], sentence: str
) -> None:
    with pytest.raises(UnsupportedInputError, match=sentence):
        answer(worker, Generate(messages=messages))


def test_nothing_else_on_the_machine_can_reach_the_engine(worker: TextWorker) -> None:
    connections = psutil.Process(os.getpid()).net_connections(kind="all")
    listening = [c for c in connections if c.status == psutil.CONN_LISTEN]
    assert not listening
    sockets = [
        Path(str(c.laddr))
        for c in connections
        if c.family == socket.AF_UNIX and "quintet-text-" in str(c.laddr)
    ]
    assert sockets
    assert not any(path.parent.exists() for path in sockets)


def test_a_damaged_file_is_reported_in_one_sentence(
    tmp_path: Path, worker_settings: WorkerSettings
) -> None:
    damaged = tmp_path / "model.gguf"
    card = worker_settings.card.model_copy(update={"files": {damaged.name: None}})
    settings = replace(worker_settings, card=card)
    damaged.write_bytes(b"GGUF" + bytes(1000))
    with pytest.raises(LoadError, match="could not load SmolLM2"):
        LlamaCppEngine().load(tmp_path, settings, lambda loading: None)
