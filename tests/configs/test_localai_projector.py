"""A LocalAI model file that names a projector (`mmproj`) is a text model that sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.catalogue import ModelCard
from tests.vision.test_text_that_sees import load_text
from tests.vision.tiny_llava.convert import convert
from tests.vision.tiny_llava.seeing import WEIGHTS, shares_right
from tests.vision.tiny_llava.seeing import answers as answers_of
from workers.models.folder import reader as localai
from workers.models.folder.reader import read_models_folder

MODEL, PROJECTOR = "tiny-llava.gguf", "mmproj-tiny-llava.gguf"
HASH = "0" * 64
BOUND = 0.97


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    convert(WEIGHTS, folder)
    (folder / PROJECTOR).rename(folder / "eyes.gguf")
    return folder


@pytest.fixture(autouse=True)
def nothing_said_yet() -> None:
    localai._say.cache_clear()


def read(folder: Path, mmproj: str, model: str = MODEL, more: str = "") -> ModelCard:
    text = f"name: m\nmmproj: {mmproj}\nparameters: {{model: '{model}'}}\n{more}"
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    return read_models_folder(folder)["m"]


def test_it_sees_whatever_the_projector_is_called(folder: Path) -> None:
    card = read(folder, "eyes.gguf")
    assert (card.modality, card.sees, card.projector) == ("text", True, "eyes.gguf")
    assert list(card.files) == [MODEL, "eyes.gguf"]
    assert list(read_models_folder(folder)) == ["m"]  # the projector is no model of its own


def test_it_answers_about_pictures(folder: Path) -> None:
    seer = load_text(read(folder, "eyes.gguf"), folder)
    try:
        assert min(shares_right(answers_of(seer, 4)).values()) >= BOUND
    finally:
        seer.worker.close()


@pytest.mark.parametrize(
    ("mmproj", "why"),
    [("lost.gguf", "lost.gguf is not in the folder"), (MODEL, "it is not a projector")],
)
def test_without_a_projector_it_chats_and_that_is_said(
    folder: Path, mmproj: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert not read(folder, mmproj).sees
    assert f"mmproj ({why})" in caplog.text


def test_both_may_be_fetched_from_the_hub(tmp_path: Path) -> None:
    card = read(
        tmp_path,
        "huggingface://maker/eyes/mmproj-F16.gguf",
        "huggingface://maker/big/Big-Q4_K_M.gguf",
        f"download_files: [{{filename: mmproj-F16.gguf, sha256: '{HASH}'}}]\n",
    )
    assert card.sees
    assert card.files == {"Big-Q4_K_M.gguf": None, "mmproj-F16.gguf": HASH}
    assert card.source_of("mmproj-F16.gguf") == "hf:maker/eyes@main"
    assert card.source_of("Big-Q4_K_M.gguf") == "hf:maker/big@main"


def test_another_address_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    card = read(tmp_path, "https://b.example/eyes.gguf", "https://a.example/model.gguf")
    assert not card.sees
    assert "mmproj (it comes from another address than the weights)" in caplog.text
