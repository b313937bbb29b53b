"""Cards that were added are kept, read live, and forgotten; the command does all of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main
from configs.catalogue import ModelCard, load_card
from configs.settings import load_settings
from tests.downloads.adding import CARDS, GGUF, HUB
from workers.assembly import build_models
from workers.messages.errors import AppError, UnsupportedInputError
from workers.models.importing import forget, is_added, propose, read_added, save


def test_a_card_is_kept_read_live_and_forgotten(tmp_path: Path) -> None:
    settings = load_settings("cpu", {"data_dir": str(tmp_path)})
    models = build_models(settings, CARDS)
    card = propose(str(GGUF), HUB, model_id="mine")
    path = save(card, tmp_path, {known.id: known.source for known in models.known()})
    assert path == tmp_path / "models.d" / "mine.yaml"
    assert load_card(path) == card
    assert models.available("mine", "text") == card  # without a restart
    assert build_models(settings, CARDS).get("mine") == card
    assert is_added(card, tmp_path)
    assert forget(card, tmp_path)
    models.renew()
    assert not models.knows("mine")


@pytest.mark.parametrize("model_id", ["../x", "a b", "", "x" * 101, ".hidden"])
def test_an_id_that_is_no_file_name_is_refused(tmp_path: Path, model_id: str) -> None:
    card = CARDS["phi-2"].model_copy(update={"id": model_id})
    with pytest.raises(UnsupportedInputError, match="cannot be a model's id"):
        save(card, tmp_path)
    assert not is_added(card, tmp_path)


def test_another_models_name_is_not_taken(tmp_path: Path) -> None:
    card: ModelCard = propose(str(GGUF), HUB, model_id="phi-2")
    with pytest.raises(AppError, match="There is a model 'phi-2' already, from hf:TheBloke"):
        save(card, tmp_path, {"phi-2": CARDS["phi-2"].source})


def test_one_wrong_card_does_not_stop_the_others(tmp_path: Path) -> None:
    save(propose(str(GGUF), HUB, model_id="mine"), tmp_path)
    (tmp_path / "models.d" / "broken.yaml").write_text("id: [")
    assert list(read_added(tmp_path)) == ["mine"]


def test_the_command_adds_shows_and_forgets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--data-dir", str(tmp_path)]
    assert main(["models", "add", str(GGUF), "--id", "mine", "--dry-run", *where]) == 0
    raised = capsys.readouterr().out
    assert "llamacpp, q4_1" in raised
    assert "fits now" in raised
    assert not (tmp_path / "models.d").exists()
    assert main(["models", "add", str(GGUF), "--id", "mine", "--yes", *where]) == 0
    assert main(["models", "show", "mine", "--json", *where]) == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (shown["weights"], shown["quantization"]) == ("here", "q4_1")
    assert main(["models", "rm", "mine", "--yes", "--json", *where]) == 0
    removed = json.loads(capsys.readouterr().out)
    assert removed["forgotten"] is True
    assert GGUF.is_file()  # the user's own file stays
    assert main(["models", "show", "mine", *where]) != 0
