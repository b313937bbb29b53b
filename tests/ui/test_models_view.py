"""What the Models tab says of each model."""

from __future__ import annotations

import re

import pytest

from configs.catalogue import ModelCard, load_catalogue
from ui.models.rows import row_html
from ui.models.view import models_html, proposal_html
from workers.messages.amounts import memory_words
from workers.models.downloads.manager import DownloadState
from workers.models.manager import ModelStatus, Quantization
from workers.pool.memory.memory_estimate import MemoryEstimate
from workers.pool.memory.placement import Placement
from workers.pool.memory.plan import Plan
from workers.pool.speed.speed_estimate import SpeedEstimate

CARDS = load_catalogue()
HALF = DownloadState(kind="paused", done_bytes=37, total_bytes=100)
FREE, LIMITED = CARDS["qwen3-4b"], CARDS["llama-3.2-1b-instruct"]


def plan(outcome: str, **more: object) -> Plan:
    memory_estimate = MemoryEstimate(
        weights_mib=2000, kv_cache_mib=500, activations_mib=200, runtime_mib=100, error=0.1
    )
    placement = Placement(
        device="cpu", memory_estimate=memory_estimate, need_mib={"cpu": memory_estimate.high_mib}
    )
    values = {"model_id": FREE.id, "name": FREE.name, "placement": placement, "free_mib": 4000}
    return Plan(outcome=outcome, **{**values, **more})  # type: ignore[arg-type]


def row(state: str, card: ModelCard = FREE, **more: object) -> ModelStatus:
    return ModelStatus(card=card, state=state, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "words", "colour"),
    [
        (plan("fits"), "Fits now", "q-ok"),
        (
            plan("fits_after_sleep", sleep=("Whisper small",)),
            "Fits after putting Whisper small to sleep",
            "q-after",
        ),
        (plan("cpu_only"), "Fits only on the CPU", "q-cpu"),
        (plan("too_large", instead=("Qwen3 1.7B",)), "Will not fit, try Qwen3 1.7B", "q-no"),
    ],
)
def test_the_plan_is_reported_in_words_with_its_numbers_behind(
    made: Plan, words: str, colour: str
) -> None:
    html = models_html([row("absent", plan=made)])
    assert f"<summary>{words}</summary>" in html
    assert colour in html
    assert memory_words(made.need_mib) in html


@pytest.mark.parametrize(
    ("is_measured", "words"), [(False, "about 14 tokens/s"), (True, "14 tokens/s, measured")]
)
def test_the_speed_stands_beside_the_plan(is_measured: bool, words: str) -> None:
    speed = SpeedEstimate(value=14.2, unit="tokens/s", is_measured=is_measured)
    html = row_html(row("absent", plan=plan("fits", speed=speed)))
    assert f"<summary>Fits now · {words}</summary>" in html


def test_a_model_says_its_size_licence_engine_and_quantisation() -> None:
    html = models_html([row("absent", actions=("download",))])
    for fact in ("4.0 B", "Q4_K_M", "2.5 GB to download", "llama.cpp", "Apache-2.0"):
        assert fact in html
    assert "1.1 GB on disk" in models_html([row("here", size_mib=1024)])


def test_the_licence_that_limits_is_read_before_the_yes() -> None:
    html = models_html([row("absent", LIMITED, actions=("download",))])
    assert 'data-action="download"' not in html
    assert html.index("Llama 3.2 Community License") < html.index('data-action="accept"')
    assert LIMITED.license_url in html
    assert 'data-action="download"' in models_html([row("absent", actions=("download",))])


def test_a_paused_download_shows_its_share_and_how_to_go_on() -> None:
    html = models_html(
        [row("paused", words="paused at 37 %", download=HALF, actions=("resume", "remove"))]
    )
    assert "paused at 37 %" in html
    assert 'value="37"' in html
    assert re.findall(r'data-action="(\w+)"', html) == ["resume", "remove"]
    assert f'aria-label="Resume {FREE.name}"' in html


def test_a_failure_is_announced_with_its_reason() -> None:
    html = models_html([row("failed", hint="The disk is full.", words="failed")])
    assert 'role="alert">The disk is full.' in html


def test_what_is_used_or_under_way_comes_first_then_what_is_recommended() -> None:
    rows = [
        row("absent", CARDS["qwen2.5-0.5b-instruct"]),
        row("absent", CARDS["qwen3.5-4b"]),
        row("here", CARDS["smollm2-360m-instruct"]),
        row("running", CARDS["qwen3-8b"]),
        row("in_use", CARDS["smollm2-135m-instruct"]),
        row("needs_key", CARDS["gpt-4o"]),
    ]
    assert re.findall(r'data-id="([^"]+)"', models_html(rows)) == [
        "smollm2-135m-instruct", "qwen3-8b", "smollm2-360m-instruct", "qwen3.5-4b",
        "qwen2.5-0.5b-instruct", "gpt-4o",
    ]  # fmt: skip


def test_every_word_of_a_card_is_escaped() -> None:
    evil = FREE.model_copy(
        update={"name": "<img onerror=x>", "license": "<b>", "license_url": "javascript:alert(1)"}
    )
    html = models_html([row("absent", evil, hint="<script>", actions=("download", "remove"))])
    assert "<img" not in html
    assert "<script" not in html
    assert "javascript:" not in html
    assert "&lt;img" in proposal_html(row("absent", evil))


def test_nothing_is_shown_as_nothing() -> None:
    assert "No model" in models_html([])


def test_how_a_model_runs_is_shown_where_it_can_run() -> None:
    words = "2 threads, batch 48, KV f16, spin 10,000 (reads 186 & more)"
    assert "2 threads, batch 48, KV f16, spin 10,000 (reads 186 &amp; more)" in row_html(
        row("in_use", runs=words)
    )
    assert "2 threads" not in row_html(row("absent", runs=words))
    assert "How it runs" not in row_html(row("here"))


def test_what_would_be_faster_is_told_above_the_list() -> None:
    html = models_html([row("here")], advice=["This processor has <more>. Run: quintet env list"])
    assert html.startswith('<p class="q-model-hint">This processor has &lt;more&gt;.')


def test_an_older_model_is_marked_so_that_the_page_can_hide_it_until_it_is_downloaded() -> None:
    old = CARDS["vicuna-7b-v1.5"]
    assert 'data-old="1"' in row_html(row("absent", old))
    assert 'data-old="0"' in row_html(row("here", old))
    assert 'data-old="0"' in row_html(row("absent", CARDS["qwen3.5-4b"]))


def test_a_proposal_lists_the_quantisations_and_marks_the_one_that_would_be_taken() -> None:
    def width(label: str, mib: int, *, is_chosen: bool = False) -> Quantization:
        return Quantization(
            file=f"<{label}>.gguf", label=label, num_bytes=mib << 20, card=FREE,
            is_chosen=is_chosen, plan=plan("fits"),
        )  # fmt: skip

    one, other = width("Q4_K_M", 2350, is_chosen=True), width("Q8_0", 4000)
    html = proposal_html(row("absent"), (one, other))
    chosen = html[html.index('<tr class="q-chosen">') :]
    assert chosen.startswith('<tr class="q-chosen"><th scope="row">Q4_K_M <span')
    assert chosen.index("would be taken") < chosen.index("<td>2.5 GB</td>") < chosen.index("Q8_0")
    assert html.count("would be taken") == 1
    assert "Fits now</td><td></td><td><code>&lt;Q8_0&gt;.gguf</code>" in html
    assert "<table" not in proposal_html(row("absent"), (one,))
