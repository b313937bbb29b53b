"""What a pool asks of memory: the account, where models can go, and what they were seen to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from configs.catalogue import ModelCard
from configs.settings import MemorySettings, Settings

from .account import Account, Budget
from .estimate import Estimator, Guests
from .machine import read_memory
from .measured import MeasuredPeaks
from .plan import Places

Record = Callable[[ModelCard, str, int], None]
"""From a card, a device and a peak in MiB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The one account over all modalities, with its predictions."""

    account: Account
    places: Places
    record: Record


def build_ledger(settings: Settings, guests: Guests = lambda card: ()) -> Ledger:
    """Return the ledger of one Quintet on this machine."""
    devices = {memory.device for memory in read_memory()}
    estimator = Estimator(settings, MeasuredPeaks(settings.data_dir), devices, guests)
    account = Account(read_memory, budget_of(settings.memory), settings.memory.pinned)
    return Ledger(account=account, places=estimator.placements, record=estimator.record)


def budget_of(settings: MemorySettings) -> Budget:
    """Return the user's bounds in MiB."""

    def mib(num_bytes: int | None) -> int | None:
        return None if num_bytes is None else num_bytes >> 20

    return Budget(
        ram_mib=mib(settings.budget),
        vram_mib=mib(settings.vram_budget),
        leave_room_mib=settings.leave_room >> 20,
    )
