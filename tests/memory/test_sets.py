"""Recommended sets: every model exists, is free to use, and fits with the others into its machine."""

from __future__ import annotations

import pytest

from cli.model_sets import markdown
from configs.catalogue import load_catalogue
from configs.sets import PARTS, ModelSet, load_sets, set_for
from tests.running import ROOT
from workers.pool.memory.machine import CPU, CUDA
from workers.pool.memory.set_needs import needs_of

CARDS = load_catalogue()
SETS = load_sets()
WORKS = {"reranker": "rag"}
each_set = pytest.mark.parametrize("one", SETS, ids=lambda one: one.id)


@each_set
def test_every_model_of_a_set_exists_for_its_work_and_may_be_used_freely(one: ModelSet) -> None:
    for part in PARTS:
        card = CARDS[one.model_of(part)]
        assert card.modality == WORKS.get(part, part)
        assert bool(card.options.get("ranks")) == (part == "reranker")
        assert not card.license_restricted
        assert not card.is_old
        assert card.recommended, card.id
    assert all(CARDS[model_id].modality == part for part, model_id in one.instead.items())


@each_set
def test_what_a_set_promises_fits_by_the_estimates_of_the_scheduler(one: ModelSet) -> None:
    needs = needs_of(one, CARDS)
    assert {"text", "stt", "tts"} <= set(needs.awake)
    assert needs.together_mib.get(CPU, 0) <= one.free_ram_mib
    assert needs.together_mib.get(CUDA, 0) <= one.free_card_mib
    for part, found in needs.estimates.items():  # one by one even the upper end fits
        room = one.free_card_mib if part in one.on_card else one.free_ram_mib
        assert found.high_mib <= room, part


@each_set
def test_a_second_choice_fits_its_machine_alone(one: ModelSet) -> None:
    for part, model_id in one.instead.items():
        swapped = one.model_copy(update={part: model_id})
        found = needs_of(swapped, CARDS).estimates[part]
        room = one.free_card_mib if part in one.on_card else one.free_ram_mib
        assert found.total_mib <= room, model_id


def test_a_set_that_is_too_large_says_who_takes_turns() -> None:
    tight = SETS[0].model_copy(update={"free_ram_mib": 3500})
    assert needs_of(tight, CARDS).awake == ("text", "rag")


@pytest.mark.parametrize(
    ("free_ram_mib", "card_mib", "expected"),
    [
        (1_000, 0, "cpu-8gb"),
        (5_200, 0, "cpu-8gb"),
        (12_000, 0, "cpu-16gb"),
        (60_000, 0, "cpu-16gb"),
        (12_000, 2_048, "cpu-16gb"),
        (6_000, 4_096, "card-4gb"),
        (6_000, 6_144, "card-6gb"),
        (12_000, 8_188, "card-8gb"),
        (6_000, 8_188, "card-6gb"),
        (30_000, 12_282, "card-12gb"),
        (30_000, 16_376, "card-16gb"),
        (60_000, 81_559, "card-24gb"),
    ],
)
def test_a_machine_gets_the_largest_set_that_it_can_hold(
    free_ram_mib: int, card_mib: int, expected: str
) -> None:
    assert set_for(SETS, free_ram_mib, card_mib).id == expected


def test_the_document_shows_the_table_that_the_command_prints() -> None:
    assert markdown(SETS, CARDS) in (ROOT / "docs" / "models.md").read_text("utf-8")
