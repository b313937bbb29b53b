"""Downloads in the background of the program: started, watched, paused and resumed from any tab.

One thread per download, owned by the process and not by a browser tab. Nothing has to be tidied at
the end of the program: the half files are the memory, so after a restart what was under way stands
here as paused, and goes on where it was. Knows nothing of the page.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from configs.catalogue import ModelCard
from configs.settings import HubSettings
from workers.messages.amounts import fine_size_words
from workers.messages.errors import AppError, DownloadPausedError, GenerationError

from .download import fetch, is_downloadable, is_present, license_not_accepted, remove
from .folders import is_locked, part_bytes, planned_bytes
from .pausing import PauseWatch, request_pause
from .progress import DownloadProgress

log = logging.getLogger("quintet.downloads")

MAX_AT_ONCE = 2
"""More share one line and take the disk from each other."""
TURN_POLL_S = 0.2
PAUSE_POLL_S = 0.05
SILENT_AFTER_S = 2.0
STOP_TIMEOUT_S = 15.0
"""A line that has gone silent is left after ten."""

Kind = Literal["absent", "here", "waiting", "running", "elsewhere", "paused", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadState:
    """The state of one model's download."""

    kind: Kind
    """`elsewhere`: another program downloads it; `waiting`: others come first."""
    done_bytes: int = 0
    total_bytes: int | None = None
    speed_bytes_s: float = 0.0
    sentence: str = ""
    """Why it failed, and what to do; else what is being done."""

    @property
    def percent(self) -> int | None:
        """0 to 99 while something is missing; None where the total is not known."""
        if not self.total_bytes:
            return None
        return min(99, 100 * self.done_bytes // self.total_bytes)

    def __str__(self) -> str:
        share = "" if self.percent is None else f" {self.percent} %"
        match self.kind:
            case "running":
                speed = f", {fine_size_words(self.speed_bytes_s)}/s" if self.speed_bytes_s else ""
                return f"downloading{share}{speed}"
            case "elsewhere":
                return f"downloading{share}, in another program"
            case "waiting":
                return "waiting for another download"
            case "paused":
                return f"paused at{share}" if share else "paused"
            case "failed":
                return f"stopped at{share}" if share else "failed"
        return "here" if self.kind == "here" else "not downloaded"


def download_state(card: ModelCard, data_dir: Path) -> DownloadState:
    """Return a download's state from the disk, for a program that does not run it."""
    if is_downloadable(card) and is_present(card, data_dir):
        return DownloadState(kind="here")
    done, total = part_bytes(card, data_dir), planned_bytes(card, data_dir)
    is_under_way = is_locked(card, data_dir)
    if done == 0 and total is None and not is_under_way:
        return DownloadState(kind="absent")
    kind: Kind = "elsewhere" if is_under_way else "paused"
    return DownloadState(kind=kind, done_bytes=done, total_bytes=total)


class _Download:
    """One thread's work; its fields are only ever replaced as a whole."""

    def __init__(self, card: ModelCard, data_dir: Path) -> None:
        self.card = card
        self.watch = PauseWatch(card, data_dir)
        self.stop = threading.Event()
        self.has_turn = False
        self.progress: tuple[float, DownloadProgress] | None = None
        """Seconds of `time.monotonic()` of the last report, and the report."""
        self.error: AppError | None = None
        self.thread: threading.Thread | None = None

    @property
    def is_alive(self) -> bool:
        return self.thread is not None and self.thread.is_alive()

    def is_stopped(self) -> bool:
        """Whether it was paused here, or by another program."""
        return self.stop.is_set() or self.watch.is_asked()


class DownloadManager:
    """All downloads of one data folder. Safe to use from any thread."""

    def __init__(self, data_dir: Path, hub: HubSettings) -> None:
        self._data_dir = data_dir
        self._hub = hub
        self._lock = threading.Lock()
        self._turn = threading.BoundedSemaphore(MAX_AT_ONCE)
        self._downloads: dict[str, _Download] = {}

    def start(self, card: ModelCard, *, accept_license: bool = False) -> None:
        """Start a download, or go on with it; one that runs already is joined.

        Raises: NotFetchedError naming a licence that was not accepted. What goes wrong later is in
        the state.
        """
        has_half = part_bytes(card, self._data_dir) > 0  # its licence was accepted when it began
        if card.license_restricted and not (accept_license or has_half):
            raise license_not_accepted(card)
        with self._lock:
            running = self._downloads.get(card.id)
            if running is not None and running.is_alive and not running.is_stopped():
                return
            download = _Download(card, self._data_dir)
            download.thread = threading.Thread(
                target=self._run, args=(download, running), name=f"download {card.id}", daemon=True
            )
            self._downloads[card.id] = download
            download.thread.start()

    def pause(self, card: ModelCard) -> None:
        """End a download after its current block, also another program's; what has arrived is kept.

        Raises: OSError if the data folder cannot be written to.
        """
        with self._lock:
            download = self._downloads.get(card.id)
        if download is not None:
            download.stop.set()
        request_pause(card, self._data_dir)

    def wait_until_paused(self, card: ModelCard, timeout_s: float = STOP_TIMEOUT_S) -> bool:
        """Wait until nobody downloads this model; returns False after the time-out."""
        give_up = time.monotonic() + timeout_s
        while is_locked(card, self._data_dir):
            if time.monotonic() > give_up:
                return False
            time.sleep(PAUSE_POLL_S)
        return True

    def remove(self, card: ModelCard) -> int:
        """Delete a model's files, half ones too; a download that runs is ended first.

        Returns the bytes that came free. Raises: UnsupportedInputError.
        """
        with self._lock:
            download = self._downloads.get(card.id)
        if download is not None and download.thread is not None:
            download.stop.set()
            download.thread.join(STOP_TIMEOUT_S)
        freed = remove(card, self._data_dir)
        with self._lock:
            self._downloads.pop(card.id, None)
        return freed

    def state(self, card: ModelCard) -> DownloadState:
        """Return the state. Reads the disk; asks no server."""
        download = self._downloads.get(card.id)
        is_wanted = download is not None and download.is_alive and not download.is_stopped()
        if download is not None and is_wanted and not is_present(card, self._data_dir):
            return _of_running(download, part_bytes(card, self._data_dir))
        return self._of_disk(card, download)

    def running(self) -> tuple[str, ...]:
        """Return the ids of the models whose downloads run or wait now."""
        return tuple(name for name, download in list(self._downloads.items()) if download.is_alive)

    def _of_disk(self, card: ModelCard, download: _Download | None) -> DownloadState:
        state = download_state(card, self._data_dir)
        if download is not None and download.error is not None and state.kind != "elsewhere":
            return replace(state, kind="failed", sentence=str(download.error))
        if state.kind == "elsewhere" and download is not None and download.is_alive:
            return replace(state, kind="paused")  # it writes its last block
        return state

    def _run(self, download: _Download, before: _Download | None) -> None:
        if before is not None and before.thread is not None:
            before.thread.join()  # paused a moment ago: it still writes its last block
        while not self._turn.acquire(timeout=TURN_POLL_S):
            if download.is_stopped():
                return
        download.has_turn = True
        try:
            fetch(
                download.card,
                self._data_dir,
                self._hub,
                lambda step: setattr(download, "progress", (time.monotonic(), step)),
                download.is_stopped,
                accept_license=True,
            )
        except DownloadPausedError:
            log.info("the download of %s was paused", download.card.id)
        except AppError as err:
            log.warning("the download of %s failed: %s", download.card.id, err)
            download.error = err
        except Exception as err:
            log.exception("the download of %s failed", download.card.id)
            download.error = GenerationError(f"The download ended in an error: {err!r}.")
        finally:
            self._turn.release()


def _of_running(download: _Download, done_bytes: int) -> DownloadState:
    """The last report may be old: a stalled connection reports nothing."""
    if download.progress is None:
        kind: Kind = "running" if download.has_turn else "waiting"
        return DownloadState(kind=kind, done_bytes=done_bytes)
    reported_at, progress = download.progress
    is_flowing = time.monotonic() - reported_at < SILENT_AFTER_S
    return DownloadState(
        kind="running",
        done_bytes=max(done_bytes, progress.done_bytes),
        total_bytes=progress.total_bytes,
        speed_bytes_s=progress.speed_bytes_s if is_flowing else 0.0,
        sentence=progress.what,
    )
