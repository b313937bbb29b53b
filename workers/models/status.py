"""The state of every model: size, plan, and the actions that are possible now."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from workers.messages import MODALITIES
from workers.messages.errors import AppError
from workers.specs.spec import is_reranker, may_be_default

from .downloads.download import is_downloadable
from .downloads.manager import DownloadState
from .importing import is_added
from .lookup import Models
from .pool_protocol import LoadPlan, ModelPool
from .state import IN_CACHE, WORDS, Kind, ModelState
from .storage import size_mib
from .tuning.book import words_of

CACHE_S = 0.9
"""All who look within this time are shown the same."""
PLAN_CACHE_S = 15.0
"""The free memory trembles; what is read about it should not. Plans are made anew at once when
another model is in memory."""
RERANKER_HINT = "It works beside the embedder: start with QUINTET_WORKERS__RAG__RERANKER={id}."

Shown = Kind | Literal["in_use"]
Action = Literal["download", "pause", "resume", "use", "remove"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """One model's present state."""

    card: ModelCard
    state: Shown
    words: str = ""
    """The state for people: "paused at 37 %"."""
    hint: str = ""
    """What to do about the state: a command, or why a download failed."""
    download: DownloadState | None = None
    """Of a download that is not complete."""
    size_mib: int = 0
    """On this disk; 0 if there is none of it."""
    plan: LoadPlan | None = None
    """None for a model that another server runs."""
    actions: tuple[Action, ...] = ()
    """A licence that limits the use has to be accepted with `download`."""
    is_added: bool = False
    context: str = ""
    """How long its context would be, and what more of it costs; "" for what keeps no conversation."""
    runs: str = ""
    """How it runs on this machine's CPU, and whether that was measured; "" if nothing is chosen."""

    @property
    def percent(self) -> int | None:
        """How much is downloaded, 0 to 100; None if there is no download, or its size is unknown."""
        return self.download.percent if self.download is not None else None

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        download = self.download
        return {
            "id": self.card.id,
            "state": self.state,
            "words": self.words,
            "hint": self.hint,
            "percent": self.percent,
            "done_bytes": download.done_bytes if download else None,
            "total_bytes": download.total_bytes if download else None,
            "speed_bytes_s": download.speed_bytes_s if download else None,
            "size_mib": self.size_mib,
            "actions": list(self.actions),
            "is_added": self.is_added,
            "context": self.context,
            "runs": self.runs,
            "plan": self.plan.as_dict() if self.plan is not None else None,
        }


class ModelStatusView:
    """Looks at the disk, the downloads and the memory. Safe to use from any thread."""

    def __init__(
        self,
        models: Models,
        pool: ModelPool,
        data_dir: Path,
        read_state: Callable[[ModelCard], ModelState],
    ) -> None:
        self._models = models
        self._pool = pool
        self._data_dir = data_dir
        self._read_state = read_state
        self._lock = threading.Lock()
        self._seen: tuple[ModelStatus, ...] = ()
        self._seen_at = -math.inf
        self._awake: tuple[str, ...] = ()
        self._plans: dict[str, tuple[float, LoadPlan]] = {}

    def all(self, *, fresh: bool = False) -> tuple[ModelStatus, ...]:
        """Return every model as it stands now, or stood a moment ago."""
        with self._lock:
            if fresh or time.monotonic() - self._seen_at > CACHE_S:
                self._forget_old_plans()
                self._seen = tuple(map(self._one_or_error, self._models.known()))
                self._seen_at = time.monotonic()
            return self._seen

    def forget(self) -> None:
        """Read every state anew for who asks next: something was changed here."""
        with self._lock:
            self._seen_at = -math.inf
            self._plans.clear()

    def one(self, card: ModelCard) -> ModelStatus:
        """Return one model as it stands now. Raises: AppError, ConfigError, OSError."""
        state = self._read_state(card)
        plan = self.plan(card)
        is_used = self.is_used(card)
        added = is_added(card, self._data_dir)
        return ModelStatus(
            card=card,
            state="in_use" if is_used and state.is_ready else state.kind,
            words="in use" if is_used and state.is_ready else state.words,
            hint=state.hint or self._hint(card, state),
            download=state.download,
            size_mib=size_mib(card, self._data_dir),
            plan=plan,
            actions=_actions(
                card, state, is_used=is_used and not self._may_leave(card), is_added=added
            ),
            is_added=added,
            context=context_words(plan),
            runs=words_of(card, self._data_dir),
        )

    def proposed(self, card: ModelCard) -> ModelStatus:
        """Return a model that could be added, as it would stand: not here, with its plan."""
        words = WORDS["absent" if is_downloadable(card) else "here"]
        plan = self.plan(card)
        context = context_words(plan)
        return ModelStatus(card=card, state="absent", words=words, plan=plan, context=context)

    def is_used(self, card: ModelCard) -> bool:
        """Whether requests without a model name use it, or the reranker beside them is it."""
        models = self._models
        if card.id == models.reranker:
            return True
        return card.modality in models.modalities and models.default(card.modality).id == card.id

    def _may_leave(self, card: ModelCard) -> bool:
        """Whether a model in use may be removed: a reranker that was not asked for by its name."""
        return is_reranker(card) and self._models.is_any_reranker

    def plan(self, card: ModelCard) -> LoadPlan | None:
        """Return what loading this model would take now; None where nothing is loaded here."""
        if card.is_remote:
            return None
        now = time.monotonic()
        seen_at, plan = self._plans.get(card.id, (-PLAN_CACHE_S, None))
        if plan is None or now - seen_at > PLAN_CACHE_S:
            plan = self._pool.plan(card)
            self._plans[card.id] = (now, plan)
        return plan

    def _forget_old_plans(self) -> None:
        loaded = map(self._pool.loaded, MODALITIES)
        awake = tuple(card.id for card in loaded if card is not None)
        if awake != self._awake:
            self._plans.clear()
        self._awake = awake

    def _one_or_error(self, card: ModelCard) -> ModelStatus:
        """One model that cannot be looked at must not hide the others."""
        try:
            return self.one(card)
        except (AppError, ConfigError, OSError) as err:
            return ModelStatus(card=card, state="broken", words=WORDS["broken"], hint=str(err))

    def _hint(self, card: ModelCard, state: ModelState) -> str:
        is_idle_reranker = not may_be_default(card) and card.id != self._models.reranker
        return RERANKER_HINT.format(id=card.id) if state.is_ready and is_idle_reranker else ""


def context_words(plan: LoadPlan | None) -> str:
    """Return what a plan says of the context; "" if it is about none."""
    return str(plan.context) if plan is not None and plan.context is not None else ""


def _actions(
    card: ModelCard, state: ModelState, *, is_used: bool, is_added: bool
) -> tuple[Action, ...]:
    """Return what can be done with a model in this state."""
    kind = state.kind
    match kind:
        case "absent":
            return ("download", "remove") if is_added else ("download",)
        case "running" | "waiting" | "elsewhere":
            return ("pause",)
        case "paused" | "failed":
            return ("resume", "remove")
        case "here" | "remote" | "needs_environment" | "broken":
            may_use = kind in ("here", "remote") and may_be_default(card)
            is_ours = is_downloadable(card) and state.hint != IN_CACHE
            may_remove = is_ours or is_added
            wanted: tuple[tuple[Action, bool], ...] = (("use", may_use), ("remove", may_remove))
            return tuple(action for action, may in wanted if may and not is_used)
    return ()
