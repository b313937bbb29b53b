"""What the Models tab says of each model."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

import pytest

from configs.catalogue import ModelCard, load_catalogue
from ui.models.details import details_html
from ui.models.proposal import proposal_html
from ui.models.rows import row_html
from ui.models.state import ModelsState, section_of
from ui.models.view import models_html
from workers.messages.errors import DownloadError
from workers.models.downloads.manager import DownloadState
from workers.models.manager import ModelStatus, Quantization
from workers.models.setup.offer import OfferedModel, SetOffer
from workers.models.setup.progress import SetupProgress
from workers.pool.memory.context import ContextUse
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


def page(*rows: ModelStatus, **more: object) -> str:
    return models_html(ModelsState(rows=rows, may_change=True, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "words", "kind"),
    [
        (plan("fits"), "3.2 GB of 4.2 free", "<small>"),
        (
            plan("fits_after_sleep", sleep=("Whisper small",)),
            "needs 3.2 GB: puts Whisper small to sleep",
            'class="q-warn"',
        ),
        (plan("cpu_only"), "3.2 GB of 4.2 free, on the CPU only", "<small>"),
        (
            plan("too_large", instead=("Qwen3 1.7B",)),
            "needs 3.2 GB, at most 4.2 can be free; try Qwen3 1.7B",
            'class="q-bad"',
        ),
    ],
)
def test_a_row_says_what_it_needs_of_what_is_free(made: Plan, words: str, kind: str) -> None:
    html = row_html(row("absent", plan=made))
    assert f"{words}</small>" in html
    assert kind in html
    assert escape(str(made)) in page(row("absent", plan=made))  # all numbers, in the details


def test_the_bar_shows_what_is_in_use_and_what_would_be() -> None:
    html = row_html(row("absent", plan=plan("fits")), {"cpu": 8000})
    assert '<i style="width:50%"></i><b style="width:39%"></b>' in html
    assert "q-m-bar" not in row_html(row("absent", plan=plan("fits")), {})


@pytest.mark.parametrize(
    ("is_measured", "words"), [(False, "about 14 tokens/s"), (True, "14 tokens/s, measured")]
)
def test_the_speed_stands_in_its_column(is_measured: bool, words: str) -> None:
    speed = SpeedEstimate(value=14.2, unit="tokens/s", is_measured=is_measured)
    html = row_html(row("absent", plan=plan("fits", speed=speed)))
    assert f'<span class="q-m-speed">{words}</span>' in html


def test_a_model_says_its_size_licence_engine_and_quantisation() -> None:
    html = page(row("absent", actions=("download",)))
    for fact in ("4.0 billion parameters", "Q4_K_M", "2.5 GB", "llama.cpp", "Apache-2.0"):
        assert fact in html
    assert '<span class="q-m-size">1.1 GB</span>' in row_html(row("here", size_mib=1024))


def test_the_licence_that_limits_is_read_before_the_yes() -> None:
    html = row_html(row("absent", LIMITED, actions=("download",)))
    assert 'data-action="download"' not in html
    assert html.index("Llama 3.2 Community License") < html.index('data-action="accept"')
    assert LIMITED.license_url in html
    assert 'data-action="download"' in row_html(row("absent", actions=("download",)))


@pytest.mark.parametrize(
    ("state", "actions", "labels"),
    [
        ("absent", ("download",), ["Get"]),
        ("running", ("pause",), ["Stop"]),
        ("paused", ("resume", "remove"), ["Go on", "Delete"]),
        ("failed", ("resume", "remove"), ["Try again", "Delete"]),
        ("here", ("use", "remove"), ["Use", "Delete"]),
        ("in_use", (), []),
    ],
)
def test_actions_have_their_words_in_one_place(
    state: str, actions: tuple[str, ...], labels: list[str]
) -> None:
    html = row_html(row(state, download=HALF, words="paused at 37 %", actions=actions))
    assert re.findall(rf'aria-label="([\w ]+?) {FREE.name}"', html) == labels
    assert "Remove" not in html


def test_what_is_here_can_be_measured_from_its_row() -> None:
    assert 'data-more="bench"' in page(row("in_use"))
    assert 'data-more="bench"' not in page(row("absent"))
    assert 'data-more="all"' in page(row("absent"))


def test_a_download_shows_its_share() -> None:
    html = row_html(row("running", words="downloading 37 %", download=HALF, actions=("pause",)))
    assert 'max="100" value="37" aria-label="downloading 37 %"' in html
    assert "paused at 37 %" in row_html(row("paused", words="paused at 37 %", download=HALF))


def test_what_does_not_fit_can_be_had_anyway() -> None:
    html = row_html(row("absent", plan=plan("too_large"), actions=("download",)))
    assert ">Get anyway</button>" in html


def test_a_failure_is_announced_with_its_reason() -> None:
    html = row_html(row("failed", hint="The disk is full.", words="failed"))
    assert 'role="alert">The disk is full.' in html


def test_downloads_go_on_is_said_only_while_there_are_some() -> None:
    words = "Downloads go on if this page is closed."
    assert words in page(row("running", download=HALF))
    assert words not in page(row("failed", hint="The disk is full.", download=HALF))


def test_what_is_used_or_under_way_comes_first_then_what_is_recommended() -> None:
    rows = [
        row("absent", CARDS["qwen2.5-0.5b-instruct"]),
        row("absent", CARDS["qwen3.5-4b"]),
        row("here", CARDS["smollm2-360m-instruct"]),
        row("running", CARDS["qwen3-8b"]),
        row("in_use", CARDS["smollm2-135m-instruct"]),
        row("needs_key", CARDS["gpt-4o"]),
    ]
    first, families = section_of(rows)
    assert [one.card.id for one in first] == [
        "smollm2-135m-instruct", "qwen3-8b", "smollm2-360m-instruct", "qwen3.5-4b",
    ]  # fmt: skip
    assert {name: [one.card.id for one in found] for name, found in families.items()} == {
        "Others": ["qwen2.5-0.5b-instruct", "gpt-4o"]
    }


def test_the_others_are_folded_by_family() -> None:
    names = ("gemma-4-12b", "gemma-4-e2b", "qwen3-8b", "qwen3-0.6b", "phi-2")
    rows = [row("absent", CARDS[name]) for name in names]
    first, families = section_of(rows)
    assert {*families} <= {"Gemma", "Qwen", "Phi", "Others"}
    assert len(first) + sum(map(len, families.values())) == len(rows)
    html = page(row("in_use", CARDS["smollm2-135m-instruct"]), *rows)
    assert f"Show {sum(map(len, families.values()))} more, by family" in html
    assert "SmolLM2 135M Instruct in use" in html
    assert "1 here of 6" in html


def test_the_set_for_this_machine_stands_first_and_nowhere_else() -> None:
    offered = row("absent", CARDS["qwen3.5-4b"], actions=("download",))
    offer = SetOffer(machine="Laptop <16>", models=(OfferedModel(part="text", status=offered),))
    rows = (offered, row("in_use", CARDS["smollm2-135m-instruct"]))
    html = page(*rows, setup=SetupProgress(stage="offered", offer=offer))
    assert html.index("Recommended for this machine") < html.index('data-key="text"')
    assert html.count('data-id="qwen3.5-4b"') == 1
    assert "Laptop &lt;16&gt;" in html
    assert 'data-action="set-start">Get the other one' in html or "Get all" in html
    running = SetupProgress(stage="running", offer=offer)
    assert 'data-action="set-pause">Stop' in page(*rows, setup=running)
    failed = SetupProgress(stage="failed", offer=offer, problem=DownloadError("No <hub>."))
    assert "No &lt;hub&gt;." in page(*rows, setup=failed)
    assert 'data-action="set-start">Try again' in page(*rows, setup=failed)


def test_every_word_of_a_card_is_escaped() -> None:
    evil = FREE.model_copy(
        update={"name": "<img onerror=x>", "license": "<b>", "license_url": "javascript:alert(1)"}
    )
    html = page(row("absent", evil, hint="<script>", actions=("download", "remove")))
    assert "<img" not in html
    assert "<script" not in html
    assert "javascript:" not in html
    assert "&lt;img" in proposal_html(row("absent", evil))


def test_nothing_is_shown_as_nothing() -> None:
    assert "No model" in page()


def test_how_a_model_runs_is_shown_where_it_can_run() -> None:
    words = "2 threads, batch 48, KV f16, spin 10,000 (reads 186 & more)"
    shown = "2 threads, batch 48, KV f16, spin 10,000 (reads 186 &amp; more)"
    assert shown in page(row("in_use", runs=words))
    assert "2 threads" not in page(row("absent", runs=words))


def test_details_do_not_repeat_the_row_and_fold_what_is_technical() -> None:
    card = FREE.model_copy(update={"description": "Writes <well>. Reads, too."})
    shown = details_html(
        row("absent", card, plan=plan("fits"), context="16,384 tokens"), ModelsState()
    )
    assert shown.count("Writes &lt;well&gt;.") == 1  # on a phone, whose rows are shorter
    assert "<p>Reads, too.</p>" in shown
    technical = shown.index("Technical details")
    assert technical < shown.index("fits now")
    assert technical < shown.index("16,384 tokens")
    sleeps = plan("fits_after_sleep", sleep=("Whisper small",))
    assert "Whisper small" in details_html(row("absent", plan=sleeps), ModelsState())


def test_how_far_a_model_looks_back_is_said_in_words() -> None:
    context = ContextUse(tokens=16384, made_for=0, slots=2, mib_per_1024=32, is_asked=False)
    placed = replace(plan("fits").placement, context=context)
    shown = details_html(row("absent", plan=plan("fits", placement=placed)), ModelsState())
    assert "about 12,000 words (16,384 tokens)" in shown
    assert "in each of 2 conversations" in shown


def test_what_would_be_faster_is_said_below_the_list() -> None:
    html = page(row("here"), advice=["This processor has <more>. Run: quintet env list"])
    assert html.endswith("This processor has &lt;more&gt;. Run: quintet env list</p>")


def test_an_older_model_says_so_until_it_is_downloaded() -> None:
    old = CARDS["vicuna-7b-v1.5"]
    assert ">older</span>" in row_html(row("absent", old))
    assert ">older</span>" not in row_html(row("here", old))
    assert ">older</span>" not in row_html(row("absent", CARDS["qwen3.5-4b"]))


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
