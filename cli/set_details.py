"""`quintet models sets MACHINE`: what each model of one set takes, their sum and what is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workers.messages.amounts import memory_words, share_words

if TYPE_CHECKING:
    from configs.catalogue import ModelCard
    from configs.sets import ModelSet, Part

HEAD = (
    "| model, for | on | weights | KV cache | computing | run time | of the card | of RAM |",
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
)
WORK = {"text": "text, pictures", "stt": "speech in", "tts": "speech out", "rag": "documents"}


def details(one: ModelSet, cards: Mapping[str, ModelCard]) -> list[dict[str, Any]]:
    """Return a row for each worker, MiB as numbers, by the estimates that the scheduler uses."""
    from workers.pool.memory.machine import CPU
    from workers.pool.memory.set_needs import WORKERS, needs_of, on_devices

    needs = needs_of(one, cards)
    rows: list[dict[str, Any]] = []
    for part in WORKERS:
        found, is_on_card = needs.estimates[part], part in one.on_card
        taken = on_devices(found, is_on_card=is_on_card)
        rows.append({
            "models": _models(one, part),
            "part": part,
            "on": "card" if is_on_card else "CPU",
            "weights_mib": round(found.weights_mib),
            "kv_cache_mib": round(found.kv_cache_mib),
            "activations_mib": round(found.activations_mib),
            "runtime_mib": round(found.runtime_mib),
            "card_mib": sum(mib for device, mib in taken.items() if device != CPU),
            "ram_mib": taken[CPU],
            "is_in_turn": part not in needs.awake,
        })  # fmt: skip
    return rows


def detailed(one: ModelSet, cards: Mapping[str, ModelCard]) -> str:
    """Return one set's table, as docs/gpu.md shows it."""
    rows = details(one, cards)
    awake = [row for row in rows if not row["is_in_turn"]]
    card_mib, ram_mib = (sum(row[name] for row in awake) for name in ("card_mib", "ram_mib"))
    has_card = one.free_card_mib > 0
    left = share_words(one.free_card_mib - card_mib, one.free_card_mib) if has_card else ""
    return "\n".join((
        *HEAD,
        *map(_line, rows),
        f"| **together** | | | | | | {_number(card_mib)} | {_number(ram_mib)} |",
        f"| left, of what such a machine has free | | | | | | {left} | "
        f"{share_words(one.free_ram_mib - ram_mib, one.free_ram_mib)} |",
    ))  # fmt: skip


def _line(row: Mapping[str, Any]) -> str:
    names = ("weights_mib", "kv_cache_mib", "activations_mib", "runtime_mib", "card_mib", "ram_mib")
    cells = [_number(row[name]) for name in names]
    turn = "; in turn" if row["is_in_turn"] else ""
    return f"| {row['models']}: {WORK[row['part']]}{turn} | {row['on']} | {' | '.join(cells)} |"


def _models(one: ModelSet, part: Part) -> str:
    ids = [one.model_of(part), *([one.reranker] if part == "rag" else ())]
    return ", ".join(f"`{name}`" for name in ids)


def _number(mib: int) -> str:
    return memory_words(mib) if mib else ""
