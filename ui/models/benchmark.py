"""A model's benchmark → HTML: what it will do, how far it is, a table of its fields, and bars beside others. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from workers.messages import Modality
from workers.messages.amounts import memory_words
from workers.models.benchmarks.result import (
    PACES_SHOWN,
    READS,
    WRITES,
    BenchmarkResult,
    others_of,
)
from workers.models.manager import ModelStatus

from .state import ModelsState

MAX_EARLIER = 5
MAX_OTHERS = 6


def benchmark_html(row: ModelStatus, state: ModelsState) -> str:
    """Return the part of a model's details."""
    own = [one for one in state.results if one.model_id == row.card.id]
    shown = _result(own, state.results) if own else ""
    return f'<div class="q-bench" data-key="bench"><h4>Benchmark</h4>{_action(row, state)}{shown}</div>'


def _action(row: ModelStatus, state: ModelsState) -> str:
    """What a click does, or how far it is."""
    name, now = escape(row.card.name, quote=True), state.benchmark
    if now is not None and now.is_running and now.card.id == row.card.id:
        stop = _button("benchmark-stop", "Stop", name) if state.may_change else ""
        return (
            f'<div class="q-bench-far q-measuring"><progress max="1" value="{now.fraction:.2f}" '
            f'aria-label="Benchmark of {name}"></progress><p role="status">{escape(now.what)}</p>{stop}</div>'
        )
    said = _last(row, state)
    if not state.may_change:
        return said
    label = "Start again" if said else "Start"
    return (
        f"{said}<p>{escape(row.card.name)} is put to sleep and loaded anew three times, and asked the same "
        "each time. While it is at work for somebody, nothing is started.</p>"
        f"{_button('benchmark', label, name)}"
    )


def _last(row: ModelStatus, state: ModelsState) -> str:
    now = state.benchmark
    if now is None or now.is_running or now.card.id != row.card.id:
        return ""
    if now.problem:
        return f'<p class="q-bench-failed" role="alert">{escape(now.problem)}</p>'
    return "<p>Stopped; nothing was kept.</p>" if now.is_stopped else ""


def _button(action: str, label: str, name: str) -> str:
    return (
        f'<button type="button" class="q-b" data-action="{action}" '
        f'aria-label="{label} the benchmark of {name}">{label}</button>'
    )


def _result(own: Sequence[BenchmarkResult], results: Sequence[BenchmarkResult]) -> str:
    last = own[-1]
    earlier = _bars("Earlier runs, newest first", _dated(own[::-1][: MAX_EARLIER + 1]), last)
    found = others_of(results, last.modality, last.machine)[:MAX_OTHERS]
    others = _bars("Other models here", [(one.name, one) for one in found], last)
    plots = (earlier if len(own) > 1 else "") + (others if len(found) > 1 else "")
    return f"{_table(last)}{plots}"


def _dated(results: Sequence[BenchmarkResult]) -> list[tuple[str, BenchmarkResult]]:
    return [(one.date[:16].replace("T", " "), one) for one in results]


def _table(one: BenchmarkResult) -> str:
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td>{escape(value)}</td></tr>'
        for name, value in fields_of(one)
    )
    about = f"{one.machine}, {one.device}" if one.device else one.machine
    busy = f" · machine busy before (load {one.load:.1f})" if one.load > 0.5 else ""
    caption = f"Measured {one.date[:16].replace('T', ' ')} UTC, median of {len(one.runs)}"
    note = f"{about} · Quintet {one.version}{busy}"
    return (
        f'<table class="q-bench-table"><caption>{escape(caption)}</caption><tbody>{rows}</tbody></table>'
        f'<p class="q-bench-note">{escape(note)}</p>{_technical(one)}'
    )


def _technical(one: BenchmarkResult) -> str:
    """The raw settings, folded."""
    if not one.settings:
        return ""
    return (
        '<details class="q-m-tech" data-key="ran"><summary>Technical details</summary>'
        f"<p>Ran with {escape(one.settings)}</p></details>"
    )


def fields_of(one: BenchmarkResult) -> list[tuple[str, str]]:
    """Return the six fields, and peak memory, each with its name and unit."""
    return [
        ("Load time", _seconds(one.median(lambda run: run.load_s))),
        ("Read", _counted(one.median(lambda run: run.read), READS[one.modality])),
        ("Written", _counted(one.median(lambda run: run.written), WRITES[one.modality])),
        ("Total time", _seconds(one.median(lambda run: run.total_s))),
        ("Speed", pace_words_of(one.pace, one.modality)),
        ("First piece after", _seconds(one.median(lambda run: run.first_s))),
        ("Peak memory", memory_words(one.median(lambda run: run.peak_mib))),
    ]


def pace_words_of(pace: float, modality: Modality) -> str:
    """Return "14 tokens/s", "3.1× real time"."""
    unit = PACES_SHOWN[modality]
    number = f"{pace:,.0f}" if pace >= 9.95 else f"{pace:.1f}"
    return f"{number}{unit}" if unit.startswith("×") else f"{number} {unit}"


def _seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 9.95 else f"{value:.1f} s"


def _counted(amount: float, what: str) -> str:
    return f"{amount:,.4g} {what}"


def _bars(title: str, rows: Sequence[tuple[str, BenchmarkResult]], last: BenchmarkResult) -> str:
    """Return a bar each, the fastest full; the one in the table in the modality's colour."""
    most = max((one.pace for _, one in rows), default=0.0) or 1.0
    items = "".join(_bar(name, one, one.pace / most, is_last=one == last) for name, one in rows)
    return f'<figure class="q-bench-plot"><figcaption>{title}</figcaption><ol>{items}</ol></figure>'


def _bar(name: str, one: BenchmarkResult, share: float, *, is_last: bool) -> str:
    words = f"{pace_words_of(one.pace, one.modality)}, measured"
    mark = ' class="q-this"' if is_last else ""
    return (
        f'<li{mark}><span>{escape(name)}</span><i aria-hidden="true"><b style="width:{100 * share:.0f}%">'
        f"</b></i><small>{words}</small></li>"
    )
