"""An environment is made from its lock, once; cut, stale or foreign ones are told apart."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from configs.catalogue import ModelCard
from tests.environments.tiny import NAME, make, recipe_folder
from tests.pool.conftest import card as fake_card
from workers.messages.errors import DiskFullError, EngineNotInstalledError, LoadError
from workers.models.availability import Availability
from workers.models.environments import building
from workers.models.environments.checking import look_into
from workers.models.environments.places import STAMP, Environments, read_stamp
from workers.models.environments.recipes import RECIPES, read_recipe, recipe_names

pytestmark = pytest.mark.timeout(300)


def in_environment(name: str) -> ModelCard:
    return fake_card("text").model_copy(update={"environment": name})


def test_it_is_made_once_and_says_each_step(tiny: Environments) -> None:
    recipe = read_recipe(NAME, tiny.recipes)
    assert tiny.state(recipe) == "ready"
    steps: list[str] = []
    assert not building.create(tiny, recipe, lambda *step: steps.append(step[2]))
    assert steps == []
    found = look_into(tiny, NAME)
    assert set(found) == {"python"}, "no torch in it"


def test_it_has_what_its_lock_names_and_nothing_else(tiny: Environments) -> None:
    packages = {path.name for path in tiny.folder(NAME).glob("lib/python*/site-packages/*")}
    assert {"pydantic", "yaml", "psutil", "huggingface_hub"} <= packages
    assert not packages & {"gradio", "torch", "numpy"}


def test_one_that_was_cut_is_made_anew(tiny: Environments, tmp_path: Path) -> None:
    copy = Environments(data_dir=tmp_path, recipes=tiny.recipes)
    recipe = read_recipe(NAME, tiny.recipes)
    shutil.copytree(tiny.folder(NAME), copy.folder(NAME), symlinks=True)
    assert copy.state(recipe) == "ready"
    (copy.folder(NAME) / STAMP).unlink()
    (copy.folder(NAME) / "left over").touch()
    assert copy.state(recipe) == "unfinished"
    unavailable_reason = copy.unavailable_reason(NAME, "Tiny")
    assert unavailable_reason is not None
    assert "Tiny runs in the environment tiny, which was not finished." in str(unavailable_reason)
    empty = make(recipe_folder(tmp_path / "recipes", lock=""), tmp_path)
    assert not (empty.folder(NAME) / "left over").exists()
    assert read_stamp(empty.folder(NAME))["fingerprint"]


def test_a_moved_lock_is_out_of_date_but_runs_and_another_python_is_refused(
    tiny: Environments, tmp_path: Path
) -> None:
    copy = Environments(data_dir=tmp_path, recipes=tiny.recipes)
    shutil.copytree(tiny.folder(NAME), copy.folder(NAME), symlinks=True)
    stamp_path, stamp = copy.folder(NAME) / STAMP, read_stamp(tiny.folder(NAME))
    recipe = read_recipe(NAME, tiny.recipes)
    stamp_path.write_text(json.dumps({**stamp, "fingerprint": "other"}))
    assert copy.state(recipe) == "out of date"
    assert copy.unavailable_reason(NAME) is None
    stamp_path.write_text(json.dumps({**stamp, "python": "2.7"}))
    assert copy.state(recipe) == "other Python"
    with pytest.raises(EngineNotInstalledError, match="made for another Python"):
        copy.python(NAME)


def test_removing_gives_the_room_back_and_removing_again_nothing(
    tiny: Environments, tmp_path: Path
) -> None:
    copy = Environments(data_dir=tmp_path, recipes=tiny.recipes)
    shutil.copytree(tiny.folder(NAME), copy.folder(NAME), symlinks=True)
    assert building.remove(copy, NAME) > 1
    assert not copy.folder(NAME).exists()
    assert building.remove(copy, NAME) == 0


def test_what_cannot_be_made_says_why(tmp_path: Path) -> None:
    unknown = "no-such-package-of-quintet==1.0 --hash=sha256:" + "0" * 64
    with pytest.raises(LoadError, match=r"could not be made: ERROR: .*no-such-package-of-quintet"):
        make(recipe_folder(tmp_path / "a", lock=unknown), tmp_path)
    here = Environments(data_dir=tmp_path, recipes=tmp_path / "a")
    assert here.state(read_recipe(NAME, here.recipes)) == "unfinished"
    with pytest.raises(
        EngineNotInstalledError, match=r"it lacks no-such-compiler\b.*build-essential"
    ):
        make(recipe_folder(tmp_path / "b", programs=["no-such-compiler"]), tmp_path)
    with pytest.raises(DiskFullError, match=r"takes about [\d,.]+ GB; .* GB left"):
        make(recipe_folder(tmp_path / "c", disk_mib=10**9), tmp_path)
    with pytest.raises(EngineNotInstalledError, match=r"needs Python 3\.99 or newer"):
        make(recipe_folder(tmp_path / "d", python="3.99"), tmp_path)
    with pytest.raises(EngineNotInstalledError, match="is no Python that starts"):
        make(recipe_folder(tmp_path / "e"), tmp_path, "/no/such/python")


def test_a_model_without_its_environment_is_refused_at_once_and_not_listed(tmp_path: Path) -> None:
    availability = Availability(data_dir=tmp_path)
    unavailable_reason = availability.unavailable_reason(in_environment("gptq"))
    assert isinstance(unavailable_reason, EngineNotInstalledError)
    assert str(unavailable_reason).startswith(
        "Fake text runs in the environment gptq, which is not there. "
        "Run: quintet env create gptq (about 1.3 GB, and 5.2 GB more where PyTorch comes with CUDA)."
    )
    assert not availability.is_listed(in_environment("gptq"))
    misspelt = availability.unavailable_reason(in_environment("gtpq"))
    assert "No environment is called 'gtpq'; known: coqui, gptq" in str(misspelt)


def test_an_engine_that_never_runs_here_needs_no_word_in_its_card(tmp_path: Path) -> None:
    card = fake_card("text").model_copy(update={"engine": "gptqmodel"})
    assert "the environment gptq" in str(Availability(data_dir=tmp_path).unavailable_reason(card))


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_can_be_read_and_holds_what_a_worker_needs(name: str) -> None:
    recipe = read_recipe(name)
    entries = recipe.entries(is_built=False) + recipe.entries(is_built=True)
    for entry in (RECIPES / "worker.txt").read_text().replace("\\\n", " ").splitlines():
        package, _, marker = entry.partition(";")
        if "python_full_version" not in marker:
            assert package.split()[0] in entries, f"{name} lacks {package.split()[0]}"
    assert "torch==" not in {line.split("==")[0] + "==" for line in entries.splitlines()}
