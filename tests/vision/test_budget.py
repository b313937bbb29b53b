"""What a picture costs is bounded by its budget, in our arithmetic and in the processors' own."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from configs.errors import ConfigError
from tests.vision.processors import save_qwen, save_smolvlm
from tests.vision.tiny_llava.seeing import WEIGHTS, costs_of, end_of, load, write_card
from workers.engines.common.pictures.budget import (
    PictureCost,
    fit_cells,
    grids_within,
    image_budget,
    pixels_within,
    tiles_along,
)
from workers.messages.errors import LoadError

BUDGET = "{image_tokens: 432}"
SIZES = [(1024, 768), (640, 480), (28, 28), (4000, 3000), (3000, 90), (31, 2000), (1, 1), (5, 900)]


def test_the_cost_is_reported_with_both_sizes() -> None:
    cost = PictureCost("photo.jpg", (1024, 768), (672, 504), 432)

    assert str(cost) == "photo.jpg: 1,024 × 768 → 672 × 504, 432 image tokens"


@pytest.mark.parametrize("max_tokens", [4, 64, 256, 1024])
@pytest.mark.parametrize("size", SIZES)
def test_cells_never_exceed_the_budget(size: tuple[int, int], max_tokens: int) -> None:
    width, height = fit_cells(size, 28, max_tokens)

    assert width % 28 == height % 28 == 0
    assert 0 < width * height <= pixels_within(max_tokens, 28)


@pytest.mark.torch
@pytest.mark.parametrize("size", [(1024, 768), (640, 480), (4000, 3000), (768, 1024), (300, 900)])
def test_cells_are_those_of_qwens_own_processor(size: tuple[int, int]) -> None:
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    width, height = size
    theirs = smart_resize(
        height, width, factor=28, min_pixels=56 * 56, max_pixels=pixels_within(432, 28)
    )
    assert fit_cells(size, 28, 432) == theirs[::-1]


def test_a_picture_within_its_budget_keeps_its_size_but_for_whole_cells() -> None:
    assert fit_cells((280, 196), 28, 1024) == (280, 196)
    assert fit_cells((285, 190), 28, 1024) == (280, 196)


@pytest.mark.parametrize("max_tokens", [1, 64, 200, 320, 640, 1088, 2000])
def test_tiles_of_a_square_fit_the_budget(max_tokens: int) -> None:
    along = tiles_along(max_tokens, 64)
    cost = 64 if along == 1 else 64 * (along * along + 1)

    assert along >= 1
    assert cost <= max(64, max_tokens)


def test_grids_are_left_out_until_they_fit() -> None:
    grids = [[384, 384], [384, 768], [768, 768], [1152, 1152]]

    assert grids_within(grids, 384, 729, 3000) == [[384, 384], [384, 768]]
    assert grids_within(grids, 384, 729, 100) == [[384, 384]]


def test_the_cards_budget_is_bounded_by_the_limit(tmp_path: Path) -> None:
    plain = write_card(tmp_path, "transformers", WEIGHTS)
    small = write_card(tmp_path, "transformers", WEIGHTS, "{image_tokens: 200}")

    assert image_budget(plain, {}) == 1024
    assert image_budget(small, {}) == 200
    assert image_budget(small, {"max_image_tokens": 100}) == 100
    assert image_budget(plain, {"max_image_tokens": 3000}) == 3000


@pytest.mark.parametrize("wrong", ["0", "-5", "yes", "1.5", "lots"])
def test_a_budget_that_is_no_number_is_refused(tmp_path: Path, wrong: str) -> None:
    """By the check of all cards, or by the engine's where that asks for more."""
    with pytest.raises((ConfigError, LoadError), match=r"must be a (whole )?number from"):
        image_budget(
            write_card(tmp_path, "transformers", WEIGHTS, f"{{image_tokens: {wrong}}}"), {}
        )


@pytest.mark.torch
def test_qwens_processor_keeps_to_the_budget_of_its_card(tmp_path: Path) -> None:
    save_qwen(tmp_path / "qwen")
    seer = load(write_card(tmp_path, "transformers", tmp_path / "qwen", BUDGET), tmp_path)
    events = seer.events([Image.new("RGB", (1024, 768), "red")], "What is it?")

    assert [cost.what for cost in costs_of(events)] == [
        "picture.png: 1,024 × 768 → 672 × 504, 432 image tokens"
    ]
    assert end_of(events).usage.image_tokens == 432


@pytest.mark.torch
@pytest.mark.parametrize(
    ("budget", "sentence"),
    [(8, "64 × 64, 4 image tokens"), (64, "192 × 192, 40 image tokens")],
)
def test_smolvlms_tiles_keep_to_the_budget_of_their_card(
    tmp_path: Path, budget: int, sentence: str
) -> None:
    save_smolvlm(tmp_path / "smol")
    options = f"{{image_tokens: {budget}}}"
    seer = load(write_card(tmp_path, "transformers", tmp_path / "smol", options), tmp_path)
    events = seer.events([Image.new("RGB", (1024, 768), "red")], "What is it?")

    assert [cost.what for cost in costs_of(events)] == [f"picture.png: 1,024 × 768 → {sentence}"]
