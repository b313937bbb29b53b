"""A vision-language model in GGUF with its projector sees what its safetensors see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vision.tiny_llava.convert import convert
from tests.vision.tiny_llava.seeing import (
    WEIGHTS,
    Seer,
    answers,
    costs_of,
    describe,
    end_of,
    load,
    shares_right,
    text_of,
    unseen,
    write_card,
)
from workers.engines.contract import CancelToken
from workers.messages import Media, TextDelta
from workers.messages.errors import ContextTooLongError, LoadError, UnsupportedInputError

NUM_UNSEEN = 68
BOUND = 0.97


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gguf")
    convert(WEIGHTS, folder)
    return folder


@pytest.fixture(scope="module")
def seer(gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Seer:
    folder = tmp_path_factory.mktemp("cards")
    return load(write_card(folder, "llamacpp", gguf), folder)


@pytest.mark.torch
def test_it_answers_like_the_same_weights_on_transformers(seer: Seer, tmp_path: Path) -> None:
    said = answers(seer, NUM_UNSEEN)
    reference = load(write_card(tmp_path, "transformers", WEIGHTS), tmp_path)

    assert min(shares_right(said).values()) >= BOUND
    assert said == answers(reference, NUM_UNSEEN)


def test_the_answer_comes_in_pieces_with_its_cost(seer: Seer) -> None:
    ((scene, picture),) = unseen(1, scale=4)
    events = seer.events([picture], "Describe the picture.")

    assert text_of(events) == f"The picture shows {scene.words} on white paper."
    assert sum(isinstance(event, TextDelta) for event in events) > 3
    (cost,) = costs_of(events)
    assert cost.what == "picture.png: 192 × 192 → 48 × 48, 36 image tokens"
    assert end_of(events).usage.image_tokens == 36


def test_what_a_picture_costs_is_what_the_server_counts(seer: Seer) -> None:
    ((_, picture),) = unseen(1)
    one, two = (end_of(seer.events([picture] * n, "What colour is it?")).usage for n in (1, 2))

    assert two.prompt_tokens - one.prompt_tokens == one.image_tokens == 36


def test_a_follow_up_question_is_about_the_same_picture(seer: Seer) -> None:
    for scene, picture in unseen(5):
        first = seer.say([picture], "What colour is it?")
        second = seer.say([picture], "What colour is it?", first, "And what shape?")
        assert (first, second) == (scene.colour, scene.shape)


def test_stop_is_heard_between_two_tokens(seer: Seer) -> None:
    ((_, picture),) = unseen(1)
    cancel, seen = CancelToken(), []
    for event in seer.worker.handle(describe([picture], "Describe the picture."), cancel):
        if isinstance(event, TextDelta):
            seen.append(event)
            cancel.cancel()

    assert len(seen) == 1
    assert seer.say([picture], "What shape is it?")


def test_wrong_picture_data_is_refused_in_a_sentence(seer: Seer) -> None:
    with pytest.raises(UnsupportedInputError, match="is not a picture"):
        seer.events([Media(name="photo.png", data=b"no picture")], "What colour is it?")


def test_too_many_words_are_refused_with_the_numbers(seer: Seer) -> None:
    ((_, picture),) = unseen(1)

    with pytest.raises(ContextTooLongError, match="holds 512"):
        seer.events([picture], "What colour is it? " * 200)


def test_without_its_projector_a_model_is_refused(gguf: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny-llava.gguf").symlink_to(gguf / "tiny-llava.gguf")

    with pytest.raises(LoadError, match="needs two files, a model and its projector"):
        load(write_card(tmp_path, "llamacpp", tmp_path), tmp_path)


def test_a_projector_of_another_name_is_named_in_the_card(gguf: Path, tmp_path: Path) -> None:
    (tmp_path / "tiny-llava.gguf").symlink_to(gguf / "tiny-llava.gguf")
    (tmp_path / "eyes.gguf").symlink_to(gguf / "mmproj-tiny-llava.gguf")
    card = write_card(tmp_path, "llamacpp", tmp_path, "{projector: eyes.gguf}")
    ((scene, picture),) = unseen(1)

    assert load(card, tmp_path).say([picture], "What colour is it?") == scene.colour


def test_a_language_model_is_no_projector(gguf: Path, tmp_path: Path) -> None:
    (tmp_path / "a.gguf").symlink_to(gguf / "tiny-llava.gguf")
    (tmp_path / "mmproj.gguf").symlink_to(gguf / "tiny-llava.gguf")

    with pytest.raises(LoadError, match=r"mmproj.gguf is not a projector"):
        load(write_card(tmp_path, "llamacpp", tmp_path), tmp_path)
