"""How it stands with every model: state, plan and what can be done about it now."""

from __future__ import annotations

import threading
import time

import psutil

from configs.catalogue import ModelCard
from configs.secrets import is_listed, key_name
from configs.settings import Settings
from workers.adding import is_added
from workers.client import Client
from workers.download import is_downloadable, stored_bytes
from workers.downloads.desk import DownloadDesk
from workers.downloads.progress import MIB
from workers.environments.places import Environments
from workers.errors import WeightsError
from workers.weights import find_folder

from .models_view import ModelRow, State

CACHE_S = 0.9
"""All browser tabs are shown the same look."""
MEMORY_CACHE_S = 10.0
"""The free memory trembles; a plan should not."""
NOT_USED_ALONE = ("crossencoder",)


class Stand:
    """Looks at the disk, the downloads and the memory. Safe to use from any thread."""

    def __init__(self, client: Client, settings: Settings, desk: DownloadDesk) -> None:
        self._client = client
        self._data_dir = settings.data_dir
        self._desk = desk
        self._environments = Environments(data_dir=settings.data_dir)
        self._may_change = may_change(settings)
        self._lock = threading.Lock()
        self._rows: tuple[ModelRow, ...] = ()
        self._seen_at = -CACHE_S
        self._free_mib = 0
        self._weighed_at = -MEMORY_CACHE_S

    def rows(self, *, fresh: bool = False) -> tuple[ModelRow, ...]:
        """Return every model as it stands now, or stood a moment ago."""
        with self._lock:
            if fresh or time.monotonic() - self._seen_at > CACHE_S:
                self._rows = tuple(map(self.row, self._client.models.known()))
                self._seen_at = time.monotonic()
            return self._rows

    def row(self, card: ModelCard) -> ModelRow:
        """Return one model as it stands now."""
        state, words, percent, hint = self._state(card)
        is_used = self._is_used(card)
        outcome, plan = ("", "") if card.source.startswith("remote:") else self._plan(card)
        stored = stored_bytes(card, self._data_dir) if is_downloadable(card) else 0
        return ModelRow(
            card=card,
            state="in_use" if is_used and state in ("here", "remote") else state,
            words=words,
            percent=percent,
            hint=hint,
            size_mib=-(-stored // MIB) if stored else self._lying_mib(card),
            outcome=outcome,
            plan=plan,
            actions=self._actions(card, state, is_used=is_used),
            is_added=is_added(card, self._data_dir),
        )

    def _is_used(self, card: ModelCard) -> bool:
        models = self._client.models
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
        hindrance = self._environments.hindrance_of(card)
        if hindrance is not None:
            return "needs_environment", f"needs {card.environment}", None, str(hindrance)
        return "here", "", None, ""

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
        if not self._may_change:
            return ()
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

    def _plan(self, card: ModelCard) -> tuple[str, str]:
        """Return the outcome and a sentence: what loading this model would take now."""
        loaded = self._client.loaded(card.modality)
        if loaded is not None and loaded.id == card.id:
            return "fits", f"{card.name} is in memory now."
        need, free = card.memory_mib, self._free()
        numbers = f"it needs about {need:,} MiB, {free:,} are free"
        if need <= free:
            return "fits", f"{card.name} fits now: {numbers}."
        asleep: list[str] = []
        idle = [worker for worker in self._client.status().workers if worker.resident_mib]
        for worker in sorted(idle, key=lambda worker: -worker.resident_mib):
            asleep.append(worker.model)
            free += worker.resident_mib
            if need <= free:
                return (
                    "fits_after_sleep",
                    f"{card.name} fits after putting {' and '.join(asleep)} to sleep: {numbers}.",
                )
        return "too_large", f"{card.name} will not fit: {numbers}. Try a smaller one."

    def _free(self) -> int:
        if time.monotonic() - self._weighed_at > MEMORY_CACHE_S:
            self._free_mib = int(psutil.virtual_memory().available // MIB)
            self._weighed_at = time.monotonic()
        return self._free_mib


def may_change(settings: Settings) -> bool:
    """Whether who sees the page may fetch, choose and remove models: not on a page open to all."""
    server = settings.server
    return server.is_protected or not (server.open_to_network or server.share)
