"""What was begun is what goes on, although the next start finds more or less memory free."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

from app import fetch_recommended
from configs.sets import ModelSet, Part, load_sets
from tests.downloads.conftest import make_card
from tests.downloads.fresh_machine import DEMO, FreshMachine, wait_for
from tests.downloads.local_hub import LocalHub
from workers.client import Client
from workers.models.setup.choices import read_choices
from workers.models.setup.offer import SetOffer

SETS = {one.id: one for one in load_sets()}
SMALL, LARGE = SETS["cpu-8gb"], SETS["cpu-16gb"]
KINDS: dict[Part, str] = {"text": "text", "stt": "stt", "rag": "rag", "reranker": "rag"}
ENGINES = {"text": "llamacpp", "stt": "faster-whisper", "rag": "onnx"}


def make_machine(folder: Path, hub: LocalHub) -> FreshMachine:
    """The models of both sets are small ones of the local hub; the voice needs an environment."""
    names = {
        (one.model_of(part), modality) for one in (SMALL, LARGE) for part, modality in KINDS.items()
    }
    cards = [make_card(id=id_, modality=kind, engine=ENGINES[kind]) for id_, kind in names]
    return FreshMachine(folder, hub.url, *cards)


def names_of(offer: SetOffer) -> list[str]:
    return [model.card.id for model in offer.models]


def ids(one: ModelSet) -> list[str]:
    return [one.text, one.stt, one.rag, one.reranker]


def test_a_set_that_was_begun_goes_on_and_then_the_machines_own_counts(
    tmp_path: Path, local_hub: LocalHub
) -> None:
    machine = make_machine(tmp_path, local_hub)
    weights = local_hub.repositories["maker/tiny"].pop("tiny.Q4_K_M.gguf")
    begun = machine.start(machine=(LARGE.free_ram_mib, 0))
    assert names_of(begun.offer()) == ids(LARGE)
    begun.start()
    wait_for(begun, "failed")
    assert read_choices(tmp_path).wanted_set == LARGE.id

    local_hub.repositories["maker/tiny"]["tiny.Q4_K_M.gguf"] = weights
    next_program = machine.start(machine=(SMALL.free_ram_mib, 0))
    assert names_of(next_program.offer()) == ids(LARGE)
    next_program.start()
    assert wait_for(next_program, "done", "failed").stage == "done"
    assert machine.models.default("text").id == LARGE.text
    assert names_of(machine.start(machine=(SMALL.free_ram_mib, 0)).offer()) == ids(SMALL)


def test_a_start_that_fetches_what_is_recommended_keeps_what_was_chosen_since(
    tmp_path: Path, local_hub: LocalHub
) -> None:
    machine = make_machine(tmp_path, local_hub)
    first = machine.start(machine=(SMALL.free_ram_mib, 0))
    fetch_recommended(cast("Client", SimpleNamespace(setup=first)))
    assert wait_for(first, "done", "failed").stage == "done"
    assert machine.models.default("text").id == SMALL.text
    first.choose(DEMO)
    again = machine.start(machine=(SMALL.free_ram_mib, 0))
    fetch_recommended(cast("Client", SimpleNamespace(setup=again)))
    assert not again.is_running
    assert machine.models.default("text").id == DEMO
    again.undo()
    undone = machine.start(machine=(SMALL.free_ram_mib, 0))
    fetch_recommended(cast("Client", SimpleNamespace(setup=undone)))
    assert not undone.is_running
