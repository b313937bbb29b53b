"""The memory sheet: the devices as bars, what was expected of each worker against what it uses. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ui.core.icons import icon
from ui.core.memory_use import DeviceUse, bar_html, device_uses
from ui.core.titles import TITLES
from workers.client import CPU, Allocation, MemoryEstimate, PoolStatus, WorkerStatus
from workers.messages.amounts import memory_words

SHEET = f"""<header class="q-sheet-head"><h2 id="memory-title">Memory</h2><button type="button" class="q-ib"
data-close-memory aria-label="Close (Esc)">{icon("close")}</button></header><div class="q-memory-panel"></div>"""
LEGEND = (
    '<p class="q-legend" aria-hidden="true"><span><i class="q-now"></i>in use now</span>'
    '<span><i class="q-aside"></i>set aside, not used yet</span>'
    '<span><i class="q-most"></i>most so far</span>'
    '<span><i class="q-band"></i>expected, with its error</span>'
    '<span><i class="q-mark"></i>set aside for this part</span></p>'
)
_STATES = {"busy": "running", "loading": "waking", "stopping": "going to sleep"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One awake worker's memory in MiB, on the device where its weights lie."""

    device: str
    now_mib: int
    most_mib: int
    """Of this process, looked at twice a second."""
    reserved_mib: int
    guess: MemoryEstimate
    """What was expected, before anything was measured."""
    is_measured: bool
    """Whether a peak of before is set aside, not what was expected."""

    @property
    def top_mib(self) -> int:
        """The largest number to be drawn."""
        return max(self.most_mib, self.now_mib, self.reserved_mib, self.guess.high_mib)

    @property
    def parts(self) -> tuple[str, ...]:
        """The numbers, for those who read and those who listen; the first with its unit."""
        where = " of graphics memory" if self.device != CPU else ""
        low, high = _bare(self.guess.low_mib), _bare(self.guess.high_mib)
        after = ", as measured before" if self.is_measured else ""
        return (
            f"{memory_words(self.now_mib)}{where} in use",
            f"most so far {_bare(self.most_mib)}",
            f"expected {low} to {high}",
            f"{_bare(self.reserved_mib)} set aside{after}",
        )

    @property
    def words(self) -> str:
        """All of them as one line."""
        return " · ".join(self.parts)


def _bare(mib: int) -> str:
    """An amount without "GB"; smaller units stay."""
    return memory_words(mib).removesuffix(" GB")


def compare(worker: WorkerStatus, allocation: Allocation | None) -> Comparison | None:
    """Return a worker's numbers; None while it is asleep."""
    if allocation is None or worker.memory_estimate is None:
        return None
    device = next((device for device in allocation.granted_mib if device != CPU), CPU)
    now_mib = allocation.resident_mib.get(device, 0)
    return Comparison(
        device=device,
        now_mib=now_mib,
        most_mib=max(now_mib, allocation.peak_mib.get(device, 0)),
        reserved_mib=allocation.reserved_mib(device),
        guess=worker.memory_estimate.predicted or worker.memory_estimate,
        is_measured=worker.memory_estimate.is_measured,
    )


def sheet_html(status: PoolStatus, *, may_change: bool) -> str:
    """Return the devices, the legend and one row per worker; all plots have the same scale."""
    compared = {
        worker.modality: compare(worker, status.memory.allocations.get(worker.modality))
        for worker in status.workers
    }
    top_mib = max((found.top_mib for found in compared.values() if found), default=0)
    rows = "".join(
        _row(worker, compared[worker.modality], top_mib, may_change=may_change)
        for worker in status.workers
    )
    devices = "".join(map(_device, device_uses(status)))
    return f'<div class="q-devices">{devices}</div>{LEGEND}<ul class="q-parts">{rows}</ul>'


def _device(use: DeviceUse) -> str:
    totals = "".join(f"<span><b>{amount}</b> {word}</span>" for amount, word in use.totals)
    limit = f"of {memory_words(use.limit_mib)}: {use.why}"
    return (
        f'<p class="q-totals"><strong title="{escape(use.about, quote=True)}">{escape(use.name)}</strong>'
        f"{totals}<small>{escape(limit)}</small></p>{bar_html(use)}"
    )


def _row(worker: WorkerStatus, found: Comparison | None, top_mib: int, *, may_change: bool) -> str:
    state = _STATES.get(worker.state, "awake" if found else worker.state)
    if worker.together_with is not None:
        state = f"shares the model of {TITLES[worker.together_with]}"
    plain = "" if worker.together_with is not None else ' class="q-plain"'
    kept = ", kept awake" if worker.is_pinned else ""
    plot = _plot(worker.modality, found, top_mib) if found else ""
    actions = f'<div class="q-part-do">{_actions(worker)}</div>' if may_change else ""
    return (
        f'<li class="q-part q-{worker.state}" data-worker="{worker.modality}">'
        f'<p class="q-part-who m-{worker.modality}"><i class="q-dot"></i>'
        f"<b>{TITLES[worker.modality]}</b><small{plain}>{state}{kept}</small>"
        f"<span>{escape(worker.model)}</span></p>"
        f'<div class="q-part-plot m-{worker.modality}">{plot}</div>{actions}</li>'
    )


def _plot(kind: str, found: Comparison, top_mib: int) -> str:
    def at(mib: int) -> str:
        return f"{100 * mib / max(top_mib, 1):.2f}%"

    band_mib = found.guess.high_mib - found.guess.low_mib
    return (
        '<div class="q-plot" aria-hidden="true">'
        f'<i class="q-now q-{kind}" style="width:{at(found.now_mib)}"></i>'
        f'<i class="q-band" style="left:{at(found.guess.low_mib)};width:{at(band_mib)}"></i>'
        f'<i class="q-most" style="left:{at(found.most_mib)}"></i>'
        f'<i class="q-mark" style="left:{at(found.reserved_mib)}"></i></div>'
        f"<p>{' · '.join(f'<span>{part}</span>' for part in found.parts)}</p>"
    )


def _actions(worker: WorkerStatus) -> str:
    name = TITLES[worker.modality]
    pressed = "true" if worker.is_pinned else "false"
    keep = (
        f'<button type="button" class="q-b q-keep" data-action="pin" aria-pressed="{pressed}">'
        f'{icon("pin")}<span>Keep awake<span class="q-sr"> {name}</span></span></button>'
    )
    if worker.state in ("asleep", "failed"):
        return keep + _button("wake", "Wake", name)
    ask = f"{name} is at work. Stop that and put it to sleep?" if worker.state == "busy" else ""
    is_possible = worker.state != "stopping"
    return keep + _button("sleep", "Put to sleep", name, ask, is_possible)


def _button(action: str, text: str, name: str, ask: str = "", is_possible: bool = True) -> str:
    question = f' data-ask="{escape(ask, quote=True)}"' if ask else ""
    disabled = "" if is_possible else " disabled"
    return (
        f'<button type="button" class="q-b q-rest" data-action="{action}"{question}{disabled}>'
        f'<span>{text}<span class="q-sr">: {name}</span></span></button>'
    )
