"""One set in detail: the numbers add up, and the document shows what the command prints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.main import main
from cli.set_details import detailed, details
from configs.catalogue import load_catalogue
from configs.sets import ModelSet, load_sets
from workers.pool.memory.set_needs import needs_of

CARDS = load_catalogue()
SETS = load_sets()
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("one", SETS, ids=lambda one: one.id)
def test_rows_add_up_to_what_the_set_needs_together(one: ModelSet) -> None:
    rows = details(one, CARDS)
    awake = [row for row in rows if not row["is_in_turn"]]
    together = needs_of(one, CARDS).together_mib
    sums = {"cpu": sum(row["ram_mib"] for row in awake)}
    if card_mib := sum(row["card_mib"] for row in awake):
        sums["cuda:0"] = card_mib
    assert sums == together
    assert sums["cpu"] <= one.free_ram_mib
    assert card_mib <= one.free_card_mib
    for row in rows:
        parts = ("weights_mib", "kv_cache_mib", "activations_mib", "runtime_mib")
        total = row["card_mib"] if row["on"] == "card" else row["ram_mib"]
        assert abs(sum(row[part] for part in parts) - total) <= len(parts)


def test_the_document_shows_the_table_for_8_gb() -> None:
    one = next(one for one in SETS if one.id == "card-8gb")
    assert detailed(one, CARDS) in (ROOT / "docs" / "gpu.md").read_text("utf-8")


def test_the_command_prints_one_set_and_knows_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = ("--data-dir", str(tmp_path))
    assert main(["models", "sets", "card-8gb", *at]) == 0
    assert "`qwen3.5-4b`: text, pictures" in capsys.readouterr().out
    assert main(["models", "sets", "card-8gb", "--json", *at]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["part"] for row in rows] == ["text", "stt", "tts", "rag"]
    assert main(["models", "sets", "card-9gb", *at]) != 0
    assert "known: cpu-8gb" in capsys.readouterr().err
