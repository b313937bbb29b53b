"""The profiles, by the estimates' own arithmetic: what is promised for 8 GB fits into 8 GB."""

from __future__ import annotations

from pathlib import Path

import pytest

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import Settings, load_settings, profiles
from workers.assembly import build_models
from workers.messages import MODALITIES, Modality
from workers.pool.memory.estimator import Estimator
from workers.pool.memory.measured import MeasuredPeaks
from workers.pool.memory.placement import Placement, place
from workers.specs.cards import cards_of_engines

CARDS = load_catalogue()
PAGE_MIB = 400
"""What the page's own process may hold."""
EIGHT_GB_MIB = 8192
DRIVER_MIB = 300
"""What the driver and a desktop keep of a card of 8 GB."""
CAPACITY_MIB = {"cpu": 16_384, "cuda:0": EIGHT_GB_MIB}


def models_of(settings: Settings, modality: Modality) -> tuple[ModelCard, ...]:
    known = {**CARDS, **cards_of_engines(settings)}
    return tuple(known[name] for name in getattr(settings.workers, modality).model)


def placements(settings: Settings, card: ModelCard, *devices: str) -> tuple[Placement, ...]:
    capacity_mib = {device: CAPACITY_MIB[device] for device in devices}
    estimator = Estimator(settings, MeasuredPeaks(settings.data_dir), capacity_mib)
    return estimator.placements(card)


@pytest.mark.parametrize("profile", profiles())
def test_the_last_choice_of_every_list_is_packaged(profile: str, tmp_path: Path) -> None:
    settings = load_settings(profile, {"data_dir": str(tmp_path)})
    for modality in MODALITIES:
        chosen = models_of(settings, modality)
        assert {card.modality for card in chosen} == {modality}
        assert chosen[-1].source.startswith("package:")


@pytest.mark.parametrize("profile", profiles())
def test_without_downloads_every_profile_starts_with_the_packaged_models(
    profile: str, tmp_path: Path
) -> None:
    settings = load_settings(profile, {"data_dir": str(tmp_path)})
    models = build_models(settings, CARDS)
    for modality in MODALITIES:
        assert models.default(modality) == models_of(settings, modality)[-1]


@pytest.mark.parametrize("modality", ["text", "vision"])
def test_each_model_of_gpu8_has_the_card_of_8_gb_to_itself(
    modality: Modality, tmp_path: Path
) -> None:
    settings = load_settings("gpu8", {"data_dir": str(tmp_path)})
    headroom = {"cpu": 16_000, "cuda:0": EIGHT_GB_MIB - DRIVER_MIB - 512}
    for card in models_of(settings, modality):
        decision = place(placements(settings, card, "cpu", "cuda:0"), headroom, ())
        assert decision is not None, card.id
        if card.engine == "transformers":
            assert decision.placement.device == "cuda:0", card.id


def test_voices_and_documents_never_take_the_graphics_card(tmp_path: Path) -> None:
    settings = load_settings("gpu8", {"data_dir": str(tmp_path)})
    for modality in ("tts", "rag"):
        for card in models_of(settings, modality):
            assert [p.device for p in placements(settings, card, "cpu", "cuda:0")] == ["cpu"]


def test_a_conversation_aloud_stays_within_8_gb_whichever_models_are_chosen(
    tmp_path: Path,
) -> None:
    settings = load_settings("voice", {"data_dir": str(tmp_path)})
    assert settings.memory.budget is not None
    assert settings.memory.budget >> 20 == EIGHT_GB_MIB
    needs = [
        max(
            placements(settings, card, "cpu")[0].need_mib["cpu"]
            for card in models_of(settings, name)
        )
        for name in ("text", "stt", "tts")  # VAD lives in the second's process
    ]
    assert PAGE_MIB + sum(needs) <= EIGHT_GB_MIB, needs


def test_a_conversation_aloud_fits_beside_a_card_of_8_gb(tmp_path: Path) -> None:
    settings = load_settings("voice", {"data_dir": str(tmp_path)})
    needs: dict[str, int] = {"cpu": PAGE_MIB, "cuda:0": 0}
    for name in ("text", "stt", "tts"):
        card = models_of(settings, name)[0]
        for device, mib in placements(settings, card, "cpu", "cuda:0")[0].need_mib.items():
            needs[device] += mib
    assert needs["cuda:0"] <= EIGHT_GB_MIB - DRIVER_MIB - 512, needs
    assert needs["cpu"] <= EIGHT_GB_MIB, needs


LOCAL = [
    card
    for card in CARDS.values()
    if card.modality in ("text", "vision", "stt") and not card.is_remote
]


@pytest.mark.parametrize("card", [c for c in LOCAL if c.parameters_m < 8500], ids=lambda c: c.id)
def test_every_model_of_up_to_8_billion_parameters_runs_with_a_card_of_8_gb(
    card: ModelCard, tmp_path: Path
) -> None:
    """On the card, partly on it, or from the 16 GB of RAM beside it."""
    settings = load_settings("gpu8", {"data_dir": str(tmp_path)})
    headroom = {"cpu": 14_000, "cuda:0": EIGHT_GB_MIB - DRIVER_MIB - 512}
    decision = place(placements(settings, card, "cpu", "cuda:0"), headroom, ())
    assert decision is not None
    if card.engine in ("transformers", "gptqmodel"):
        assert decision.placement.device == "cuda:0"
