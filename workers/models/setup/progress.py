"""How far setting up is, and the sentences about it that the page and the shell share. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from configs.catalogue import ModelCard
from workers.messages.amounts import fine_size_words, size_words
from workers.messages.errors import AppError
from workers.models.importing.gguf_files import is_projector

from .choices import Choices
from .getting import Fetching
from .offer import UNDER_WAY, OfferedModel, SetOffer

Stage = Literal["nothing", "offered", "running", "cut", "failed", "done"]

MINUTE_S = 60
WORK = {
    "text": "Chat",
    "stt": "Speech in",
    "tts": "Speech out",
    "rag": "Documents",
    "reranker": "Order of passages",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupProgress:
    """One look."""

    stage: Stage
    """`cut`: begun, and neither complete nor running; `nothing`: there is nothing to say."""
    offer: SetOffer
    choices: Choices = field(default_factory=Choices)
    now: ModelCard | None = None
    """The text model that answers now."""
    problem: AppError | None = None
    not_kept: str = ""
    """Why the next start uses other models than those that are used now; "" if it does not."""

    @property
    def total_bytes(self) -> int:
        """Of all downloads of the set, what is here counted too."""
        return sum(model.total_bytes for model in self.offer.models)

    @property
    def fraction(self) -> float:
        """0 to 1 of the bytes that are here."""
        total = self.total_bytes
        return 1 - min(1.0, self.offer.missing_bytes / total) if total else 1.0

    @property
    def speed_bytes_s(self) -> float:
        """Of the downloads that run; else of the last one."""
        downloads = (model.status.download for model in self.offer.models)
        now = sum(each.speed_bytes_s for each in downloads if each is not None)
        return now or self.choices.bytes_per_s

    @property
    def left_s(self) -> float | None:
        """Seconds that the rest takes at that speed; None while no speed is known."""
        return self.offer.missing_bytes / self.speed_bytes_s if self.speed_bytes_s else None


def stage_of(
    offer: SetOffer,
    choices: Choices,
    *,
    is_running: bool,
    is_small: bool,
    is_done: bool = False,
    has_failed: bool = False,
) -> Stage:
    """Return how it stands. `is_small`: a packaged demo model answers now; `is_done`: it was set up just now."""
    is_under_way = any(model.status.state in UNDER_WAY for model in offer.missing)
    if is_running or (choices.wanted and is_under_way):
        return "running"
    if has_failed:
        return "failed"
    if choices.wanted and offer.missing:
        return "cut"
    if is_done and not offer.missing:
        return "done"
    return "offered" if is_small and offer.missing and not choices.is_declined else "nothing"


def fetching_words(what: Fetching) -> str:
    """Return "37 % of 3.4 GB, 12 MB/s, about 2 minutes left", as far as it is known."""
    state = what.download
    if state is None or state.kind == "waiting":
        return "waits for another download"
    size = f" of {size_words(state.total_bytes)}" if state.total_bytes else ""
    parts = [
        f"{state.percent} %{size}" if state.percent is not None else size_words(state.done_bytes),
        f"{fine_size_words(state.speed_bytes_s)}/s" if state.speed_bytes_s else "",
        f"{time_words(what.left_s)} left" if what.left_s else "",
    ]
    return ", ".join(filter(None, parts))


def time_words(seconds: float | None) -> str:
    """130 → "about 2 minutes"; "" for None."""
    if seconds is None:
        return ""
    if seconds < MINUTE_S:
        return "less than a minute"
    minutes = round(seconds / MINUTE_S)
    if minutes > MINUTE_S:
        return f"about {minutes / MINUTE_S:.1f} hours"
    return f"about {minutes} minute{'s' * (minutes > 1)}"


def model_words(model: OfferedModel) -> str:
    """Return "Qwen3.5 4B: 3.4 GB · pictures too · about 14 tokens/s here · fits now"."""
    card, plan = model.card, model.status.plan
    parts = [
        "here" if model.is_here else size_words(model.total_bytes),
        "pictures too" if any(map(is_projector, card.files)) else "",
        f"{plan.speed_words} here" if plan is not None and plan.speed_words else "",
        plan.words if plan is not None else "",
        f"{card.license} limits its use" if card.license_restricted else "",
    ]
    return f"{card.name}: {' · '.join(filter(None, parts))}"


def total_words(offer: SetOffer, bytes_per_s: float = 0.0) -> str:
    """Return what is to be downloaded, and how long that takes where a speed is known."""
    if not offer.missing:
        return "everything is here"
    seconds = offer.missing_bytes / bytes_per_s if bytes_per_s else None
    time = time_words(seconds)
    return f"{size_words(offer.missing_bytes)} to download" + (f", {time}" if time else "")


def work_words(models: Sequence[OfferedModel]) -> str:
    """Return what models are for: "Chat, Speech in"."""
    return ", ".join(WORK[model.part] for model in models)
