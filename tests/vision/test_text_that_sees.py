"""A text model with a projector: one load answers words and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from configs.catalogue import ModelCard
from tests.vision.tiny_llava.seeing import (
    GREEDY,
    Seer,
    answers,
    costs_of,
    describe,
    end_of,
    shares_right,
    text_of,
    unseen,
)
from tests.vision.tiny_llava.talk import NO_PICTURE
from tests.vision.tiny_llava.talking import text_card
from workers.engines.contract import CancelToken
from workers.engines.registry import create_worker
from workers.messages import (
    ChatMessage,
    Describe,
    Event,
    Generate,
    Media,
    SamplingParams,
    TextDelta,
)
from workers.messages.errors import ContextTooLongError, LoadError, UnsupportedInputError
from workers.messages.process_spec import WorkerSettings
from workers.specs.spec import spec_of

BOUND = 0.97
COLOUR = "What colour is it?"


def load_text(card: ModelCard, data_dir: Path, **limits: float) -> Seer:
    """Load it as the text worker's process does."""
    spec = spec_of(card)
    assert spec is not None
    worker = create_worker("text", spec.target)
    settings = WorkerSettings(card=card, threads=2, slots=2, data_dir=data_dir, limits=limits)
    return Seer(worker, worker.load(settings, lambda loading: None))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeing")
    text_card(folder)
    return folder


@pytest.fixture(scope="module")
def seer(folder: Path) -> Iterator[Seer]:
    seer = load_text(text_card(folder), folder, max_images=3)
    yield seer
    seer.worker.close()


def asked(seer: Seer, text: str) -> list[Event]:
    request = Generate(messages=(ChatMessage(role="user", text=text),), sampling=GREEDY)
    return list(seer.worker.handle(request, CancelToken()))


def test_it_says_that_it_sees(seer: Seer) -> None:
    assert {"sees", "answers", "continues"} <= seer.ready.capabilities


def test_it_answers_about_pictures_as_the_vision_worker_does(seer: Seer) -> None:
    assert min(shares_right(answers(seer, 12)).values()) >= BOUND


def test_words_and_pictures_take_turns(seer: Seer) -> None:
    for scene, picture in unseen(3):
        assert text_of(asked(seer, COLOUR)) == NO_PICTURE
        assert seer.say([picture], COLOUR) == scene.colour


def test_the_answer_comes_with_its_cost(seer: Seer) -> None:
    ((scene, picture),) = unseen(1, scale=4)
    events = seer.events([picture], "Describe the picture.")

    assert text_of(events) == f"The picture shows {scene.words} on white paper."
    (cost,) = costs_of(events)
    assert cost.what == "picture.png: 192 × 192 → 48 × 48, 36 image tokens"
    assert end_of(events).usage.image_tokens == 36


def test_what_was_seen_before_is_not_read_again(seer: Seer) -> None:
    ((scene, picture),) = unseen(1)
    first = seer.say([picture], COLOUR)
    again = seer.events([picture], COLOUR, first, "And what shape?")

    assert text_of(again) == scene.shape
    assert end_of(again).usage.cached_tokens >= 36


def test_another_picture_is_not_taken_for_the_one_before(seer: Seer) -> None:
    for scene, picture in unseen(6):
        assert seer.say([picture], COLOUR) == scene.colour


def test_the_same_seed_gives_the_same_answer(seer: Seer) -> None:
    ((_, picture),) = unseen(1)
    ask = describe([picture], "Describe the picture.")
    sampling = SamplingParams(temperature=1.0, seed=7, max_tokens=16)
    said = set()
    for _ in range(3):
        request = Describe(images=ask.images, messages=ask.messages, sampling=sampling)
        said.add(text_of(list(seer.worker.handle(request, CancelToken()))))
    assert len(said) == 1


def test_stop_ends_the_answer(seer: Seer) -> None:
    ((_, picture),) = unseen(1)
    cancel = CancelToken()
    request = describe([picture], "Describe the picture.")
    seen = []
    for event in seer.worker.handle(request, cancel):
        seen.append(event)
        if isinstance(event, TextDelta):
            cancel.cancel()

    assert sum(isinstance(event, TextDelta) for event in seen) == 1
    assert seer.say([picture], "What shape is it?")


def test_bad_pictures_are_refused_as_by_the_vision_worker(seer: Seer) -> None:
    ((_, picture),) = unseen(1)
    with pytest.raises(UnsupportedInputError, match="is not a picture"):
        seer.events([Media(name="photo.png", data=b"no picture")], COLOUR)
    with pytest.raises(UnsupportedInputError, match="No picture was sent"):
        seer.events([], COLOUR)
    with pytest.raises(UnsupportedInputError, match="4 pictures were sent; at most 3"):
        seer.events([picture] * 4, COLOUR)


def test_too_many_words_are_refused_with_the_numbers(seer: Seer) -> None:
    ((_, picture),) = unseen(1)
    with pytest.raises(ContextTooLongError, match="holds 512"):
        seer.events([picture], f"{COLOUR} " * 150)


def test_drafts_and_a_projector_of_another_name_go_together(folder: Path, tmp_path: Path) -> None:
    for ours, theirs in (("a.gguf", "tiny-llava.gguf"), ("eyes.gguf", "mmproj-tiny-llava.gguf")):
        (tmp_path / ours).symlink_to(folder / theirs)
    card = text_card(tmp_path, projector="eyes.gguf", draft_tokens=4)
    card = card.model_copy(update={"files": {"eyes.gguf": None, "a.gguf": None}})
    seer = load_text(card, tmp_path)
    ((scene, picture),) = unseen(1)

    assert seer.say([picture], COLOUR) == scene.colour
    assert text_of(asked(seer, COLOUR)) == NO_PICTURE
    seer.worker.close()


def test_what_is_no_projector_is_refused(folder: Path, tmp_path: Path) -> None:
    for name in ("a.gguf", "mmproj.gguf"):
        (tmp_path / name).symlink_to(folder / "tiny-llava.gguf")
    with pytest.raises(LoadError, match=r"mmproj.gguf is not a projector"):
        load_text(text_card(tmp_path), tmp_path)


def test_a_model_without_a_projector_cannot_look(folder: Path) -> None:
    card = text_card(folder)
    blind = card.model_copy(update={"files": {"tiny-llava.gguf": None}})
    assert card.sees
    assert not blind.sees
    seer = load_text(blind, folder)
    ((_, picture),) = unseen(1)
    with pytest.raises(UnsupportedInputError, match="Tiny Seeing cannot look at pictures"):
        seer.events([picture], COLOUR)
    seer.worker.close()
