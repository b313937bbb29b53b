"""What a model's row unfolds: the facts, how it runs here, the numbers of its plan, its benchmark. Pure; escaped."""

from __future__ import annotations

from html import escape

from workers.models.manager import ModelStatus
from workers.specs.spec import may_be_default, spec_of

from .benchmark import benchmark_html
from .rows import description, licence_link
from .state import READY, ModelsState


def details_html(row: ModelStatus, state: ModelsState) -> str:
    """Return it."""
    card = row.card
    lines = [escape(description(card)), _facts(row), _sentence(row), *_runs(row), _hint(row)]
    said = "".join(f"<p>{line}</p>" for line in lines if line)
    can_be_measured = row.state in READY and may_be_default(card) and not card.is_remote
    return said + (benchmark_html(row, state) if can_be_measured else "")


def _facts(row: ModelStatus) -> str:
    card = row.card
    spec = spec_of(card)
    width = card.quantization.upper() if card.quantization not in ("none", "unknown") else ""
    parts = [
        card.id, _parameters(card.parameters_m), width, spec.title if spec is not None else card.engine,
        card.origin,
    ]  # fmt: skip
    return " · ".join([*(escape(part) for part in parts if part), licence_link(card)])


def _sentence(row: ModelStatus) -> str:
    return escape(str(row.plan)) if row.plan is not None else ""


def _runs(row: ModelStatus) -> list[str]:
    """How it runs here."""
    context = f"context: {row.context}" if row.context else ""
    runs = row.runs if row.state in READY else ""
    return [escape(text[:1].upper() + text[1:]) for text in (context, runs) if text]


def _hint(row: ModelStatus) -> str:
    return escape(row.hint) if row.state in READY else ""


def _parameters(millions: float) -> str:
    if millions <= 0:
        return ""
    return f"{millions / 1000:.1f} B" if millions >= 1000 else f"{millions:.0f} M"
