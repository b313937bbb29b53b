"""A benchmark on the Models tab: what it will do, how far it is, what it gave, beside others."""

from __future__ import annotations

from dataclasses import replace

from configs.catalogue import load_catalogue
from tests.unit.benchmarks.test_book import result
from ui.models.benchmark import benchmark_html, fields_of, pace_words_of
from ui.models.state import ModelsState
from workers.flows.benchmark.running import BenchmarkState
from workers.models.manager import ModelStatus

CARD = load_catalogue()["smollm2-135m-instruct"]
ROW = ModelStatus(card=CARD, state="in_use")


def shown(**fields: object) -> str:
    state = ModelsState(rows=(ROW,), may_change=True, **fields)  # type: ignore[arg-type]
    return benchmark_html(ROW, state)


def test_what_it_does_to_the_worker_is_said_before_the_click() -> None:
    html = shown()
    assert html.index("is put to sleep and loaded anew") < html.index('data-action="benchmark"')
    may_not = benchmark_html(ROW, ModelsState(rows=(ROW,)))
    assert "data-action" not in may_not


def test_while_it_runs_it_says_how_far_and_can_be_stopped() -> None:
    now = BenchmarkState(card=CARD, what="run 2 of 3: loading", done=4, total=9)
    html = shown(benchmark=now)
    assert "run 2 of 3: loading" in html
    assert 'value="0.44"' in html
    assert 'data-action="benchmark-stop"' in html
    assert 'data-action="benchmark"' not in html
    other = replace(now, card=load_catalogue()["qwen3.5-4b"])
    assert "run 2 of 3" not in shown(benchmark=other)


def test_why_there_is_no_result_is_said() -> None:
    failed = BenchmarkState(card=CARD, is_running=False, problem="No <room>.")
    assert "No &lt;room&gt;." in shown(benchmark=failed)
    assert 'aria-label="Start again the benchmark of' in shown(benchmark=failed)
    stopped = BenchmarkState(card=CARD, is_running=False, is_stopped=True)
    assert "nothing was kept" in shown(benchmark=stopped)


def test_the_fields_have_their_units_and_the_bars_say_measured() -> None:
    own = [result(CARD.id, 20.0), result(CARD.id, 40.0)]
    html = shown(results=[*own, result("other", 80.0)])
    assert dict(fields_of(own[1])) == {
        "Load time": "1.00 s", "Read": "160 tokens", "Written": "96 tokens",
        "Total time": "3.00 s", "Speed": "40 tokens/s", "First piece after": "0.50 s",
        "Peak memory": "0.4 GB",
    }  # fmt: skip
    assert "Measured 2026-11-30 21:40 UTC, median of 1" in html
    assert html.index("Earlier runs") < html.index("Other models here")
    assert "40 tokens/s, measured" in html
    assert 'width:100%"></b></i><small>80 tokens/s, measured' in html
    assert 'width:50%"></b></i><small>40 tokens/s, measured' in html
    assert "<figure" not in shown(results=own[:1])
    assert pace_words_of(3.14, "stt") == "3.1× real time"
