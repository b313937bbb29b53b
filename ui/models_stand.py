"""How it stands with every model: state, plan and what can be done about it now."""

from __future__ import annotations

import threading
import time

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from configs.secrets import is_listed, key_name
from configs.settings import Settings
from workers.client import Client
from workers.messages.errors import AppError, WeightsError
from workers.models.downloads.download import is_downloadable, stored_bytes
from workers.models.downloads.manager import DownloadManager
from workers.models.downloads.progress import MIB
from workers.models.environments.places import Environments
from workers.models.importing import is_added
from workers.models.weights import find_folder
from workers.pool.memory.plan import Plan

from .models_view import ModelRow, State

CACHE_S = 0.9
"""All browser tabs are shown the same look."""
PLAN_CACHE_S = 15.0
"""The free memory trembles; what is read about it should not. Plans are made anew at once when
another model is in memory."""
NOT_USED_ALONE = ("crossencoder",)
RERANKER_HINT = "It works beside the embedder: start with QUINTET_WORKERS__RAG__RERANKER={id}."


class Stand:
    """Looks at the disk, the downloads and the memory. Safe to use from any thread."""

    def __init__(self, client: Client, settings: Settings, desk: DownloadManager) -> None:
        self._client = client
        self._data_dir = settings.data_dir
        self._desk = desk
        self._environments = Environments(data_dir=settings.data_dir)
        self._lock = threading.Lock()
        self._rows: tuple[ModelRow, ...] = ()
        self._seen_at = -CACHE_S
        self._awake: tuple[str, ...] = ()
        self._plans: dict[str, tuple[float, Plan]] = {}

    def rows(self, *, fresh: bool = False) -> tuple[ModelRow, ...]:
        """Return every model as it stands now, or stood a moment ago."""
        with self._lock:
            self._forget_old_plans()
            if fresh or time.monotonic() - self._seen_at > CACHE_S:
                self._rows = tuple(map(self._row_or_trouble, self._client.models.known()))
                self._seen_at = time.monotonic()
            return self._rows

    def row(self, card: ModelCard) -> ModelRow:
        """Return one model as it stands now."""
        state, words, percent, hint = self._state(card)
        is_used = self._is_used(card)
        stored = stored_bytes(card, self._data_dir) if is_downloadable(card) else 0
        return ModelRow(
            card=card,
            state="in_use" if is_used and state in ("here", "remote") else state,
            words=words,
            percent=percent,
            hint=hint,
            size_mib=-(-stored // MIB) if stored else self._lying_mib(card),
            plan=self._plan(card),
            actions=self._actions(card, state, is_used=is_used),
            is_added=is_added(card, self._data_dir),
        )

    def _forget_old_plans(self) -> None:
        awake = tuple(w.model_id for w in self._client.status().workers if w.pid is not None)
        if awake != self._awake:
            self._plans.clear()
        self._awake = awake

    def _row_or_trouble(self, card: ModelCard) -> ModelRow:
        """One model that cannot be looked at must not hide the others."""
        try:
            return self.row(card)
        except (AppError, ConfigError, OSError) as err:
            return ModelRow(card=card, state="broken", hint=str(err))

    def _is_used(self, card: ModelCard) -> bool:
        models = self._client.models
        if card.id == models.reranker:
            return True
        return card.modality in models.modalities and models.default(card.modality).id == card.id

    def _state(self, card: ModelCard) -> tuple[State, str, int | None, str]:
        """Return the state, its words, the share that is here, and what to do."""
        if card.source.startswith("remote:"):
            if is_listed(card):
                return "remote", "", None, ""
            name = key_name(card)
            return "needs_key", f"needs {name}", None, f"Write {name}=… into the file .env."
        if is_downloadable(card):
            seen = self._desk.state(card)
            if seen.kind != "here":
                return seen.kind, str(seen), seen.percent, seen.sentence * (seen.kind == "failed")
        elif (missing := self._missing(card)) is not None:
            return missing
        unavailable_reason = self._environments.unavailable_reason_of(card)
        if unavailable_reason is not None:
            return "needs_environment", f"needs {card.environment}", None, str(unavailable_reason)
        is_reranker = card.engine in NOT_USED_ALONE and card.id != self._client.models.reranker
        return "here", "", None, RERANKER_HINT.format(id=card.id) if is_reranker else ""

    def _missing(self, card: ModelCard) -> tuple[State, str, int | None, str] | None:
        try:
            folder = find_folder(card, self._data_dir)
        except WeightsError as err:
            is_package = card.source.startswith("package:")
            return ("needs_package" if is_package else "broken"), "", None, str(err)
        lost = [name for name in card.files if not (folder / name).is_file()]
        if lost:
            return "broken", "", None, f"{lost[0]} is missing from {folder}."
        return None

    def _lying_mib(self, card: ModelCard) -> int:
        """Return the size of files that were not downloaded by us."""
        if is_downloadable(card) or card.source.startswith("remote:"):
            return 0
        try:
            folder = find_folder(card, self._data_dir)
        except WeightsError:
            return 0
        paths = [folder / name for name in card.files]
        return -(-sum(path.stat().st_size for path in paths if path.is_file()) // MIB)

    def _actions(self, card: ModelCard, state: State, *, is_used: bool) -> tuple[str, ...]:
        can_remove = is_downloadable(card) or is_added(card, self._data_dir)
        match state:
            case "absent":
                forget = ("remove",) if is_added(card, self._data_dir) else ()
                return ("download", *forget)
            case "running" | "waiting":
                return ("pause",)
            case "paused" | "failed":
                return ("resume", "remove")
            case "here" | "remote" | "needs_environment" | "broken":
                may_use = state in ("here", "remote") and card.engine not in NOT_USED_ALONE
                use = ("use",) if may_use and not is_used else ()
                return (*use, *(("remove",) if can_remove and not is_used else ()))
        return ()

    def _plan(self, card: ModelCard) -> Plan | None:
        """Return what loading this model would take now; None where nothing is loaded here."""
        if card.source.startswith("remote:"):
            return None
        now = time.monotonic()
        seen_at, plan = self._plans.get(card.id, (-PLAN_CACHE_S, None))
        if plan is None or now - seen_at > PLAN_CACHE_S:
            plan = self._client.plan(card)
            self._plans[card.id] = (now, plan)
        return plan
