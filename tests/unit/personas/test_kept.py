"""Personas in folders: who sees which, what may be changed, what a broken file costs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workers.messages.errors import DiskFullError, NotFoundError, UnsupportedInputError
from workers.personas.folder import KEPT_AFTER_DELETION_S, RecordFolder
from workers.personas.records import Persona, SamplingPreset
from workers.personas.store import SHIPPED, OwnPersonas, PersonaStore

SHIPPED_IDS = ["plain", "coder", "summariser", "translator", "tutor"]


@pytest.fixture
def store(tmp_path: Path) -> PersonaStore:
    return PersonaStore(tmp_path)


@pytest.fixture
def anna(store: PersonaStore) -> OwnPersonas:
    return store.of("anna")


def ids(own: OwnPersonas) -> list[str]:
    return [persona.id for persona in own.personas.all()]


def test_what_comes_with_quintet_can_be_read_and_is_not_changed(anna: OwnPersonas) -> None:
    assert ids(anna) == SHIPPED_IDS
    assert [preset.id for preset in anna.presets.all()] == [
        "own",
        "precise",
        "balanced",
        "creative",
    ]
    assert anna.personas.left_out == anna.presets.left_out == ()
    coder = anna.personas.get("coder")
    assert (coder.origin, anna.personas.get("CODER").id) == ("shipped", "coder")
    with pytest.raises(UnsupportedInputError, match="comes with Quintet and stays"):
        anna.personas.save(coder.model_copy(update={"name": "Mine"}))
    with pytest.raises(UnsupportedInputError, match="Copy it"):
        anna.personas.delete("coder")


@pytest.mark.parametrize(
    "path", sorted((SHIPPED / "personas").glob("*.yaml")), ids=lambda p: p.stem
)
def test_shipped_prompts_are_short_enough_for_small_models(path: Path) -> None:
    """A word is 1.3 tokens or so: 200 of them are a fortieth of the smallest context here."""
    persona = RecordFolder(path.parent, Persona, "shipped").read()[0][path.stem]
    assert 5 < len(persona.system.split()) < 150
    assert persona.description.endswith(".")


def test_one_owner_keeps_copies_changes_and_deletes_what_nobody_else_sees(
    store: PersonaStore, anna: OwnPersonas
) -> None:
    kept = anna.personas.save(Persona(name="Süße Köchin", system="Cook."))
    assert (kept.id, kept.is_own) == ("sue-kochin", True)
    copy = anna.personas.copy("tutor")
    assert (copy.id, copy.name, copy.origin) == ("tutor-2", "Tutor 2", "own")
    changed = anna.personas.save(copy.model_copy(update={"name": "Coach"}))
    assert (changed.id, anna.personas.get("coach").name) == ("tutor-2", "Coach")
    assert store.of("anna").personas.get("tutor-2") == changed
    assert ids(store.of("ben")) == SHIPPED_IDS
    assert anna.personas.delete("tutor-2").name == "Coach"
    assert anna.personas.find("tutor-2") is None
    assert anna.personas.restore("tutor-2") == changed
    with pytest.raises(NotFoundError, match="cannot be brought back"):
        anna.personas.restore("tutor-2")


def test_one_name_stands_once_in_a_list(anna: OwnPersonas) -> None:
    first = anna.personas.save(Persona(name="Cook"))
    second = anna.personas.save(Persona(name="Cook"))
    assert (second.id, second.name) == ("cook-2", "Cook 2")
    with pytest.raises(UnsupportedInputError, match="There is a persona cook already"):
        anna.personas.save(second.model_copy(update={"name": "cook"}))
    long = anna.personas.save(Persona(name="x" * 80))
    again = anna.personas.save(long.model_copy(update={"id": ""}))
    assert again.name != long.name
    assert len(again.name) <= 80
    assert first.name == "Cook"
    assert anna.personas.save(Persona(name="翻译")).id == "persona"


def test_what_the_machine_has_everybody_sees_and_only_the_shell_changes(
    store: PersonaStore, tmp_path: Path, anna: OwnPersonas
) -> None:
    machine = store.of_machine().personas
    machine.take_in("name: House style\nsystem: Write as we do.\n")
    (tmp_path / "personas" / "dropped.persona.yaml").write_text("name: Dropped\n", "utf-8")
    assert ids(anna) == [*SHIPPED_IDS, "dropped", "house-style"]
    with pytest.raises(UnsupportedInputError, match="for everybody on this machine"):
        anna.personas.delete("house-style")
    assert machine.delete("dropped").name == "Dropped"
    assert ids(anna) == [*SHIPPED_IDS, "house-style"]


def test_a_broken_file_is_named_and_loses_only_itself(store: PersonaStore, tmp_path: Path) -> None:
    folder = tmp_path / "personas"
    folder.mkdir()
    (folder / "good.yaml").write_text("name: Good\n", "utf-8")
    (folder / "bad.yaml").write_text("name: Bad\nsystm: Hello\n", "utf-8")
    (folder / "bytes.yaml").write_bytes(b"name: \xff\n")
    (folder / "folder.yaml").mkdir()
    own = store.of("anna").personas
    assert own.find("good") is not None
    assert [sentence.partition(" ")[0] for sentence in own.left_out] == [
        "bad.yaml",
        "bytes.yaml",
        "folder.yaml",
    ]
    assert "unknown key 'systm', did you mean 'system'?" in own.left_out[0]


@pytest.mark.parametrize("wanted", ["../coder", "..", "", "/etc/passwd", "a/b"])
def test_an_id_is_no_way_out_of_the_folder(anna: OwnPersonas, tmp_path: Path, wanted: str) -> None:
    (tmp_path / "coder.yaml.deleted").write_text("name: X\n", "utf-8")
    with pytest.raises(NotFoundError):
        anna.personas.restore(wanted)
    with pytest.raises(NotFoundError):
        anna.personas.delete(wanted)


def test_what_was_deleted_long_ago_is_gone_for_good(anna: OwnPersonas, tmp_path: Path) -> None:
    anna.personas.save(Persona(name="Old"))
    anna.personas.save(Persona(name="New"))
    anna.personas.delete("old")
    (aside,) = tmp_path.rglob("*.deleted")
    long_ago = aside.stat().st_mtime - 2 * KEPT_AFTER_DELETION_S
    os.utime(aside, (long_ago, long_ago))
    anna.personas.delete("new")
    assert anna.personas.restore("new").name == "New"
    with pytest.raises(NotFoundError):
        anna.personas.restore("old")


def test_a_write_that_fails_leaves_what_was_there(
    anna: OwnPersonas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = anna.personas.save(Persona(name="Cook", system="one"))

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workers.personas.folder.os.fsync", full)
    with pytest.raises(DiskFullError, match="no room is left"):
        anna.personas.save(kept.model_copy(update={"system": "two"}))
    assert anna.personas.get("cook").system == "one"
    assert list(tmp_path.rglob("*.new")) == []


def test_a_folder_has_an_end(anna: OwnPersonas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.personas.folder.MAX_RECORDS", 2)
    anna.presets.save(SamplingPreset(name="One", sampling={"temperature": 1}))
    anna.presets.save(SamplingPreset(name="Two"))
    with pytest.raises(UnsupportedInputError, match="2 presets already"):
        anna.presets.save(SamplingPreset(name="Three"))


def test_who_is_not_there_is_said_with_who_is(anna: OwnPersonas) -> None:
    with pytest.raises(NotFoundError) as caught:
        anna.personas.get("codr")
    assert str(caught.value).startswith(
        "There is no persona 'codr'. Did you mean coder? There are: "
    )
