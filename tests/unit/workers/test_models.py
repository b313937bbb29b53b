"""Which models can be asked for: defaults, new files, broken files, cards made while it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.catalogue import ModelCard, load_catalogue
from tests.pool.conftest import card, fake_models
from workers.messages.errors import UnknownModelError, UnsupportedInputError
from workers.models.lookup import Models


def write(folder: Path, model: ModelCard) -> None:
    (folder / f"{model.id}.yaml").write_text(model.model_dump_json(), encoding="utf-8")


def models_of(folder: Path) -> Models:
    write(folder, card("text"))
    return Models(lambda: load_catalogue(folder), {"text": "fake-text"})


def test_a_card_dropped_into_the_folder_is_found_by_its_name(tmp_path: Path) -> None:
    models = models_of(tmp_path)
    write(tmp_path, card("text", "-new"))
    assert not models.knows("fake-text-new")
    assert models.get("fake-text-new").name == "Fake text-new"
    assert [model.id for model in models.all("text")] == ["fake-text", "fake-text-new"]


def test_a_broken_card_in_the_folder_harms_no_other(tmp_path: Path) -> None:
    models = models_of(tmp_path)
    (tmp_path / "broken.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(UnknownModelError, match=r"(?s)known: fake-text\..*broken.yaml"):
        models.get("another")
    assert models.get("fake-text") == models.default("text")


def test_the_default_stays_when_its_file_has_gone(tmp_path: Path) -> None:
    models = models_of(tmp_path)
    (tmp_path / "fake-text.yaml").unlink()
    with pytest.raises(UnknownModelError):
        models.get("another")
    assert models.default("text").id == "fake-text"


def test_an_added_card_survives_a_look_at_the_folder(tmp_path: Path) -> None:
    models = models_of(tmp_path)
    models.add(card("text", "-mine"))
    with pytest.raises(UnknownModelError, match="known: fake-text, fake-text-mine"):
        models.get("another")


def test_an_added_card_takes_the_place_of_one_of_its_name() -> None:
    models = fake_models()
    models.add(card("text", version=2))
    assert models.default("text").options == {"version": 2}
    with pytest.raises(UnsupportedInputError, match="Choose another name"):
        models.add(card("tts").model_copy(update={"id": "fake-text"}))
    assert models.default("text").modality == "text"


def test_another_default_can_be_chosen() -> None:
    models = fake_models()
    models.use("text", "fake-text-b")
    assert models.default("text").id == "fake-text-b"
    with pytest.raises(UnknownModelError, match="No tts model is called 'fake-text-b'"):
        models.use("tts", "fake-text-b")


def test_a_modality_without_a_model_says_so() -> None:
    models = fake_models()
    assert models.modalities == ("text", "stt", "tts")
    with pytest.raises(UnknownModelError, match="No vision model is set up"):
        models.default("vision")


def seeing_models(**defaults: str) -> Models:
    seeing = card("text", "-seeing").model_copy(
        update={"files": {"a.gguf": None, "mmproj.gguf": None}}
    )
    cards = [card("text"), card("text", "-b"), seeing, card("vision"), card("vision", "-b")]
    configured = {"text": "fake-text", "vision": "fake-vision", **defaults}
    return Models(lambda: {c.id: c for c in cards}, configured)  # type: ignore[arg-type]


def test_a_text_model_that_sees_becomes_that_of_pictures_too() -> None:
    models = seeing_models()
    models.use("text", "fake-text-seeing")
    assert models.default("vision") == models.default("text")
    assert models.available(None, "vision").id == "fake-text-seeing"

    models.use("text", "fake-text-b")
    assert models.default("vision").id == "fake-vision"


def test_the_configured_model_for_pictures_comes_back_though_its_file_has_gone(
    tmp_path: Path,
) -> None:
    for model in seeing_models().known():
        write(tmp_path, model)
    models = Models(
        lambda: load_catalogue(tmp_path), {"text": "fake-text", "vision": "fake-vision"}
    )
    models.use("text", "fake-text-seeing")
    (tmp_path / "fake-vision.yaml").unlink()
    models.renew()
    models.use("text", "fake-text-b")
    assert models.default("vision").id == "fake-vision"


def test_a_model_chosen_for_pictures_alone_stays_when_text_changes() -> None:
    models = seeing_models()
    models.use("text", "fake-text-seeing")
    models.use("vision", "fake-vision-b")
    models.use("text", "fake-text-b")
    assert models.default("vision").id == "fake-vision-b"


def test_settings_may_name_a_text_model_that_sees_for_pictures_but_no_other() -> None:
    models = seeing_models(vision="fake-text-seeing")
    assert models.default("vision").modality == "text"
    assert models.default("text").id == "fake-text"
    with pytest.raises(UnknownModelError, match="No vision model is called 'fake-text'"):
        seeing_models(vision="fake-text")


def test_lists_for_pictures_name_the_text_models_that_see() -> None:
    models = seeing_models()
    assert {c.id for c in models.known("vision")} == {
        "fake-vision", "fake-vision-b", "fake-text-seeing",
    }  # fmt: skip
    assert len(models.known()) == 5


def test_a_default_of_both_may_be_changed_to_one_that_sees_only() -> None:
    models = seeing_models()
    models.use("text", "fake-text-seeing")
    models.add(models.default("text").model_copy(update={"context_length": 9}))
    assert models.default("vision").context_length == 9
    with pytest.raises(UnsupportedInputError, match="in use for something else"):
        models.add(card("text", "-seeing"))
