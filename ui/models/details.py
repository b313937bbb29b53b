"""What a model's row unfolds: the facts, how it runs here, the numbers of its plan, its benchmark. Pure; escaped."""

from __future__ import annotations

from html import escape

from configs.catalogue import ModelCard
from workers.models.manager import ModelStatus
from workers.specs.spec import may_be_default, spec_of

from .benchmark import benchmark_html
from .rows import about as about_words
from .rows import description, licence_link
from .state import READY, ModelsState

WORDS_PER_TOKEN = 0.75
"""Of English text, roughly: what the makers of the usual tokenizers say."""


def details_html(row: ModelStatus, state: ModelsState) -> str:
    """Return it."""
    card = row.card
    about = f'<p class="q-more-about">{escape(about_words(card))}</p>'
    lines = [_rest(card), _origin(card), _sentence(row), _context(row), _hint(row)]
    said = about + "".join(f"<p>{line}</p>" for line in lines if line)
    can_be_measured = row.state in READY and may_be_default(card) and not card.is_remote
    return said + _technical(row) + (benchmark_html(row, state) if can_be_measured else "")


def _rest(card: ModelCard) -> str:
    """What the description says beyond the sentence that the row shows."""
    return escape(description(card).removeprefix(about_words(card)).strip())


def _origin(card: ModelCard) -> str:
    made = f"By {escape(card.origin)}. " if card.origin else ""
    return f"{made}Licence: {licence_link(card)}."


def _sentence(row: ModelStatus) -> str:
    """How it would fit; that it does is in the row."""
    plan = row.plan
    return escape(str(plan)) if plan is not None and plan.outcome != "fits" else ""


def _context(row: ModelStatus) -> str:
    """How much of a conversation it can look back on."""
    context = row.plan.context if row.plan is not None else None
    if context is None:
        return ""
    digits = 2 - len(str(context.tokens))
    num_words = f"{round(context.tokens * WORDS_PER_TOKEN, digits):,.0f}"
    many = (
        f", in each of {context.slots} conversations at the same time" if context.slots > 1 else ""
    )
    return f"Looks back on about {num_words} words ({context.tokens:,} tokens) of a conversation{many}."


def _technical(row: ModelStatus) -> str:
    """The raw settings, folded."""
    card = row.card
    spec = spec_of(card)
    width = card.quantization.upper() if card.quantization not in ("none", "unknown") else ""
    engine = spec.title if spec is not None else card.engine
    facts = " · ".join(filter(None, [card.id, _parameters(card.parameters_m), width, engine]))
    context = f"Context: {row.context}" if row.context else ""
    runs = f"Runs with {row.runs}" if row.runs and row.state in READY else ""
    fits = str(row.plan) if row.plan is not None and row.plan.outcome == "fits" else ""
    lines = "".join(f"<p>{escape(line)}</p>" for line in (facts, fits, context, runs) if line)
    return f'<details class="q-m-tech" data-key="tech"><summary>Technical details</summary>{lines}</details>'


def _hint(row: ModelStatus) -> str:
    return escape(row.hint) if row.state in READY else ""


def _parameters(millions: float) -> str:
    if millions <= 0:
        return ""
    number = f"{millions / 1000:.1f} billion" if millions >= 1000 else f"{millions:.0f} million"
    return f"{number} parameters"
