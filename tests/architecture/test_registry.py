"""Every engine has a record that is right, and every card names an engine."""

from __future__ import annotations

from importlib import import_module

import pytest

from configs.catalogue import ModelCard, load_catalogue
from workers.engines.contract import Engine
from workers.engines.registry import create_worker
from workers.messages import MODALITIES
from workers.models.environments.recipes import recipe_names
from workers.specs.spec import EngineSpec, built_in_specs, find_spec, resolve, spec_of

SPECS = built_in_specs()
ENGINES = [spec for spec in SPECS if spec.target]
RERANKERS = [spec for spec in SPECS if spec.reranker]


def name_of(spec: EngineSpec) -> str:
    return "-".join(spec.key)


def test_every_modality_has_an_engine_and_none_twice() -> None:
    assert {spec.modality for spec in ENGINES} == set(MODALITIES)
    assert len({spec.key for spec in SPECS}) == len(SPECS)


@pytest.mark.parametrize("spec", ENGINES, ids=name_of)
def test_every_engine_can_be_built(spec: EngineSpec) -> None:
    """Records are text: a misspelled module would show only when somebody chooses it."""
    worker = create_worker(spec.modality, spec.target)
    for method in ("load", "handle", "close"):
        assert callable(getattr(worker, method))


@pytest.mark.parametrize(
    "target", [*(spec.target for spec in ENGINES), *(spec.reranker for spec in RERANKERS)]
)
def test_every_engine_keeps_the_one_contract(target: str) -> None:
    engine: Engine = resolve(target)()
    for method in ("load", "close"):
        assert callable(getattr(engine, method))
    assert isinstance(engine.slots, int)
    assert isinstance(engine.capabilities, frozenset)
    assert isinstance(engine.context_length, int)
    assert isinstance(engine.device, str)


@pytest.mark.parametrize("spec", SPECS, ids=name_of)
def test_what_a_record_names_is_there(spec: EngineSpec) -> None:
    for target in filter(None, (spec.memory, spec.devices_probe, spec.reranker)):
        assert callable(resolve(target)), target
    assert set(spec.environments) <= set(recipe_names())
    assert spec.target or spec.reranker
    assert spec.environments or not spec.needs_environment
    assert spec.title


@pytest.mark.parametrize("card", load_catalogue().values(), ids=lambda card: card.id)
def test_every_card_names_an_engine(card: ModelCard) -> None:
    assert spec_of(card) is not None


def test_an_engine_that_nobody_has_is_none() -> None:
    assert find_spec("text", "no-such-engine") is None
    assert find_spec("no-such-modality", "llamacpp") is None


def test_a_record_stands_beside_its_engine() -> None:
    for spec in ENGINES:
        module = import_module(f"workers.engines.{spec.modality}.specs")
        assert spec in module.SPECS
        assert spec.target.startswith(f"{module.__package__}."), spec.target
