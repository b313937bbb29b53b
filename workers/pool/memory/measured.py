"""The peaks that models were measured to reach, remembered in `<data_dir>/memory.json`.

A peak belongs to one model with one set of weights, used in one way. The highest ever seen counts:
a run with little to do says nothing about one with much. Losing the file loses nothing but a better
guess, so an error with it is told to the log and to nobody else.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from configs.catalogue import ModelCard
from workers.models.tuning.book import is_tunable
from workers.models.tuning.run_settings import run_settings

from .memory_estimate import LoadOptions

log = logging.getLogger("quintet.memory")

FILE = "memory.json"
_VERSION = 1
"""Raise it when peaks of before mean nothing any more."""
_MAX_PEAKS = 512
_LOCK_TIMEOUT_S = 1.0
"""Writing takes a millisecond: who holds the lock for longer hangs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakKey:
    """What a peak was measured of."""

    model_id: str
    weights: str
    """Identity of the weights: a checksum, or the quantisation's name where there is none."""
    context_tokens: int = 0
    slots: int = 1
    device: str = "cpu"
    """"cpu" or "cuda": cards of one machine are taken for alike."""
    kv_type: str = ""
    """Of the KV cache, where it can be chosen."""

    def __str__(self) -> str:
        parts = [self.model_id, self.weights, self.context_tokens, self.slots, self.device]
        parts += [self.kv_type] if self.kv_type else []
        return "|".join(str(part).replace("|", "/") for part in parts)


def key_of(card: ModelCard, options: LoadOptions) -> PeakKey:
    """Return the key of a card's model when it is used with these options."""
    weights = card.files.get(card.weight_file) or card.quantization
    return PeakKey(
        model_id=card.id,
        weights="+".join([weights[:12], *(extra.id for extra in options.extra_cards)]),
        context_tokens=options.context_tokens,
        slots=options.slots,
        device=options.device.partition(":")[0],
        kv_type=run_settings(card, 1, options.device).kv_type if is_tunable(card) else "",
    )


class MeasuredPeaks:
    """One book, shared by every Quintet of a data folder. Not for several threads at once."""

    def __init__(self, data_dir: Path) -> None:
        """Nothing is read or written yet; the folder need not exist."""
        self._path = data_dir / FILE
        self._peaks: dict[str, int] = {}
        self._stamp: tuple[int, int] | None = None

    def get(self, key: PeakKey) -> int | None:
        """Return the highest peak in MiB; None if the model was never measured in this way."""
        self._refresh()
        return self._peaks.get(str(key))

    def record(self, key: PeakKey, peak_mib: int) -> None:
        """Remember a peak if it is the highest so far; one that is not costs a look at the file."""
        if peak_mib <= max(0, self.get(key) or 0):
            return
        self._peaks[str(key)] = peak_mib
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_TIMEOUT_S):
                self._merge_and_write(str(key), peak_mib)
        except (OSError, Timeout) as err:
            log.warning("the measured peak of %s is not kept: %s", key.model_id, err)

    def _merge_and_write(self, name: str, peak_mib: int) -> None:
        """Another process may have written since; the newest entry moves to the end."""
        peaks = self._read()
        known = peaks.pop(name, 0)
        peaks[name] = max(known, peak_mib)
        self._peaks = dict(list(peaks.items())[-_MAX_PEAKS:])
        unfinished = self._path.with_suffix(f".{os.getpid()}.part")
        try:
            content = {"version": _VERSION, "peaks_mib": self._peaks}
            unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")
            unfinished.replace(self._path)
        finally:
            unfinished.unlink(missing_ok=True)
        self._stamp = self._stamp_now()

    def _refresh(self) -> None:
        stamp = self._stamp_now()
        if stamp != self._stamp:
            self._peaks = {**self._peaks, **self._read()}
            self._stamp = self._stamp_now()

    def _stamp_now(self) -> tuple[int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino

    def _read(self) -> dict[str, int]:
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            if content["version"] != _VERSION:
                return {}
            return {str(name): int(peak) for name, peak in content["peaks_mib"].items()}
        except FileNotFoundError:
            return {}
        except OSError as err:
            log.warning("%s cannot be read: %s", self._path, err)
            return {}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._set_aside()
            return {}

    def _set_aside(self) -> None:
        aside = self._path.with_suffix(".damaged")
        log.warning("%s is damaged; it is put aside as %s", self._path, aside.name)
        try:
            self._path.replace(aside)
        except OSError as err:
            log.warning("%s cannot be put aside: %s", self._path, err)
