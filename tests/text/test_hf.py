"""A tiny Llama with known answers, through transformers: what it says, when it stops, what it costs."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_llama import ANSWERS, CONTEXT_TOKENS
from workers.engines.common.torch.generation import Order, Read, Written
from workers.engines.contract import CancelToken
from workers.engines.text.worker import TextWorker
from workers.messages import (
    ChatMessage,
    Complete,
    Finished,
    TextDelta,
)
from workers.messages.errors import ContextTooLongError, OutOfMemoryError

from .hf_asking import (
    COUNT,
    FRANCE,
    GREEDY,
    JAPANESE,
    Load,
    ask,
    end_of,
    engine_of,
    run,
    text_of,
)

pytestmark = pytest.mark.torch


@pytest.fixture
def worker(hf_worker: TextWorker) -> TextWorker:
    return hf_worker


@pytest.mark.parametrize("options", [{}, {"load_in": "int8"}, {"load_in": "nf4"}], ids=str)
def test_every_answer_is_right_plain_and_quantised(load: Load, options: dict[str, Any]) -> None:
    worker, ready = load(**options)
    assert (ready.device, ready.context_length) == ("cpu", CONTEXT_TOKENS)
    assert {question: text_of(run(worker, ask(question))) for question in ANSWERS} == ANSWERS
    worker.close()


def test_weights_that_are_quantised_in_their_file_need_no_option(
    load: Load, tiny_llama: Path, tmp_path: Path
) -> None:
    worker, _ = load(load_in="nf4")
    for file in tiny_llama.iterdir():
        shutil.copy(file, tmp_path)
    engine_of(worker)._writer._model.save_pretrained(tmp_path)
    worker.close()
    saved, _ = load(folder=tmp_path)
    assert (tmp_path / "model.safetensors").stat().st_size < _size(tiny_llama)
    assert text_of(run(saved, ask(FRANCE))) == ANSWERS[FRANCE]
    saved.close()


def _size(folder: Path) -> int:
    return (folder / "model.safetensors").stat().st_size


def test_a_half_of_the_memory_says_the_same(load: Load) -> None:
    worker, _ = load(dtype="bfloat16")
    assert text_of(run(worker, ask(COUNT))) == ANSWERS[COUNT]
    worker.close()


def test_characters_arrive_whole_and_piece_by_piece(worker: TextWorker) -> None:
    deltas = [e.text for e in run(worker, ask(JAPANESE)) if isinstance(e, TextDelta)]
    assert "".join(deltas) == ANSWERS[JAPANESE]
    assert len(deltas) > 8
    assert not any("\N{REPLACEMENT CHARACTER}" in delta for delta in deltas)


def test_the_end_tells_what_it_cost(worker: TextWorker) -> None:
    whole, cut = end_of(run(worker, ask(COUNT))), end_of(run(worker, ask(COUNT, max_tokens=5)))
    assert (whole.reason, cut.reason) == ("stop", "length")
    assert cut.usage.completion_tokens == 5 < whole.usage.completion_tokens
    assert cut.usage.prompt_tokens == whole.usage.prompt_tokens > 5
    assert whole.usage.prefill_s > 0 < whole.usage.decode_s


@pytest.mark.parametrize("stop", [" seven", "ven ei", "en eight n", "s"])
def test_nothing_of_a_stop_sequence_is_sent(worker: TextWorker, stop: str) -> None:
    events = run(worker, ask(COUNT, stop=("never said", stop)))
    assert text_of(events) == ANSWERS[COUNT].partition(stop)[0]
    assert end_of(events).reason == "stop"


def test_what_only_begins_like_a_stop_sequence_is_sent(worker: TextWorker) -> None:
    assert text_of(run(worker, ask(COUNT, stop=("ten thousand",)))) == ANSWERS[COUNT]


def test_a_text_is_continued_with_its_spaces(worker: TextWorker) -> None:
    prompt = f"<|im_start|>user\n{FRANCE}<|im_end|>\n<|im_start|>assistant\nThe capital of"
    events = run(worker, Complete(prompt=prompt, sampling=GREEDY))
    assert text_of(events) == " France is Paris."


def test_an_assistants_turn_is_continued(worker: TextWorker) -> None:
    begun = ChatMessage(role="assistant", text="one two three")
    request = ask(COUNT)
    events = run(worker, replace(request, messages=(*request.messages, begun)))
    assert text_of(events) == ANSWERS[COUNT].removeprefix(begun.text)


def test_a_prompt_beyond_the_context_is_refused_with_the_numbers(worker: TextWorker) -> None:
    with pytest.raises(ContextTooLongError, match=f"holds {CONTEXT_TOKENS}"):
        run(worker, ask("word " * CONTEXT_TOKENS))


def test_an_answer_ends_where_the_context_does(load: Load) -> None:
    worker, ready = load({"max_context_tokens": 40})
    assert ready.context_length == 40
    end = end_of(run(worker, ask(COUNT, max_tokens=None, ignore_eos=True)))
    assert end.reason == "length"
    assert end.usage.prompt_tokens + end.usage.completion_tokens == 40
    worker.close()


def test_a_prompt_read_in_pieces_gets_the_same_answer(worker: TextWorker) -> None:
    import torch

    engine = engine_of(worker)
    ids, _ = engine._prompts.encode(ask(COUNT))
    row = torch.tensor([ids])
    order = Order(sampling=GREEDY, max_tokens=60, prefill_tokens=4)
    inputs = {"input_ids": row, "attention_mask": torch.ones_like(row)}
    pieces = list(engine._writer.write(inputs, order, CancelToken()))
    reads = [piece for piece in pieces if isinstance(piece, Read)]
    assert [piece.done for piece in reads] == list(range(4, len(ids), 4))
    assert {piece.total for piece in reads} == {len(ids)}
    assert "".join(p.text for p in pieces if isinstance(p, Written)) == ANSWERS[COUNT]


def test_five_requests_at_once_keep_their_own_answers(worker: TextWorker) -> None:
    answers: dict[str, str] = {}

    def work(question: str) -> None:
        answers[question] = text_of(run(worker, ask(question)))

    threads = [threading.Thread(target=work, args=(question,)) for question in ANSWERS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ANSWERS


def test_stop_is_heard_between_tokens_and_frees_the_slot(worker: TextWorker) -> None:
    cancel = CancelToken()
    events = worker.handle(ask(COUNT, max_tokens=400, ignore_eos=True), cancel)
    next(events)
    cancel.cancel()
    assert not any(isinstance(event, (TextDelta, Finished)) for event in events)
    assert "generate" not in {thread.name for thread in threading.enumerate()}


def test_stop_is_heard_between_two_layers(worker: TextWorker) -> None:
    """Also while a prompt is read: the layers after the one that heard it are not computed."""
    cancel, seen = CancelToken(), []
    layers = engine_of(worker)._writer._model.model.layers

    def stop_after_the_first(*_: Any) -> None:
        seen.append(0)
        cancel.cancel()

    hooks = [
        layers[0].register_forward_hook(stop_after_the_first),
        layers[1].register_forward_hook(lambda *_: seen.append(1)),
    ]
    try:
        assert list(worker.handle(ask(COUNT), cancel)) == []
    finally:
        for hook in hooks:
            hook.remove()
    assert seen == [0]


def test_full_memory_fails_one_request_and_the_next_is_answered(worker: TextWorker) -> None:
    import torch

    def too_much(*_: Any) -> None:
        torch.empty(1 << 62, dtype=torch.uint8)

    hook = engine_of(worker)._writer._model.model.layers[0].register_forward_hook(too_much)
    try:
        with pytest.raises(OutOfMemoryError, match="Tiny Llama does not fit"):
            run(worker, ask(COUNT))
    finally:
        hook.remove()
    assert text_of(run(worker, ask(COUNT))) == ANSWERS[COUNT]


@pytest.mark.gpu
@pytest.mark.parametrize("options", [{}, {"load_in": "int8"}, {"load_in": "nf4"}], ids=str)
def test_every_answer_is_right_on_a_graphics_card(load: Load, options: dict[str, Any]) -> None:
    worker, ready = load(device="cuda:0", **options)
    assert ready.device == "cuda:0"
    answers: dict[str, str] = {}
    threads = [
        threading.Thread(target=lambda q=q: answers.update({q: text_of(run(worker, ask(q)))}))
        for q in ANSWERS
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ANSWERS
    worker.close()


@pytest.mark.gpu
def test_a_full_graphics_card_is_reported_with_its_numbers(load: Load) -> None:
    import torch

    worker, _ = load(device="cuda:0")
    num_bytes = torch.cuda.get_device_properties(0).total_memory * 2
    layer = engine_of(worker)._writer._model.model.layers[0]
    hook = layer.register_forward_hook(
        lambda *_: torch.empty(num_bytes, dtype=torch.uint8, device="cuda:0") and None
    )
    with pytest.raises(OutOfMemoryError, match="MiB are free on cuda:0"):
        run(worker, ask(COUNT))
    hook.remove()
    assert text_of(run(worker, ask(COUNT))) == ANSWERS[COUNT]
    worker.close()


def test_a_card_that_torch_cannot_use_is_reported_honestly(load: Load) -> None:
    """This torch may have no CUDA: then the model runs on the CPU, and says so."""
    import torch

    _, ready = load(device="cuda:0")
    assert ready.device == ("cuda:0" if torch.cuda.is_available() else "cpu")
