"""The card of the first minutes, and the model chip: what they say, and who gets buttons."""

from __future__ import annotations

import re
from dataclasses import replace

from configs.catalogue import load_catalogue
from tests.downloads.conftest import make_card
from ui.core.model_chip_view import ChipState, chip_html
from ui.head.view import models_words
from ui.setup.view import setup_html
from workers.messages.errors import DownloadError
from workers.models.downloads.manager import DownloadState
from workers.models.setup.choices import Choices
from workers.models.setup.getting import Fetching
from workers.models.setup.offer import OfferedModel, SetOffer
from workers.models.setup.progress import SetupProgress, Stage
from workers.models.status import ModelStatus

DEMO = load_catalogue()["smollm2-135m-instruct"]
BETTER = load_catalogue()["qwen3.5-4b"]
GB = 1_000_000_000


def progress_at(stage: Stage, status: ModelStatus, **fields: object) -> SetupProgress:
    models = (OfferedModel(part="text", status=status),)
    offer = SetOffer(machine="Laptop <16>", models=models, left_out=("Not this one.",))
    return SetupProgress(stage=stage, offer=offer, now=DEMO, **fields)  # type: ignore[arg-type]


def test_the_offer_says_what_answers_what_is_better_and_how_much_it_is() -> None:
    absent = ModelStatus(card=BETTER, state="absent")
    html = setup_html(progress_at("offered", absent), may_change=True)
    assert f"{DEMO.name} is the small demo model in this chat" in html
    assert "Chat, pictures</span><span><b>Qwen3.5 4B</b>" in html
    assert "Get it · 3.4 GB</button>" in html
    assert 'data-action="start"' in html
    assert "all of it fits" not in html  # nobody has planned it
    assert "Laptop &lt;16&gt;" in html
    assert "Not this one." in html
    assert setup_html(progress_at("offered", absent), may_change=False) == ""


def test_a_known_speed_gives_the_time() -> None:
    half = DownloadState(kind="running", done_bytes=GB, total_bytes=4 * GB, speed_bytes_s=GB / 60)
    running = ModelStatus(card=BETTER, state="running", download=half)
    html = setup_html(progress_at("running", running), may_change=True)
    assert "Downloading, 1.0 of 3.4 GB" in html
    assert "about 2 minutes left" in html
    assert 'data-action="pause">Stop' in html
    assert "25 %" in html
    assert "<button" not in setup_html(progress_at("running", running), may_change=False)
    last = progress_at("cut", running, choices=Choices(wanted=(BETTER.id,), bytes_per_s=GB / 60))
    assert 'data-action="resume"' in setup_html(last, may_change=True)


def test_a_failure_says_what_to_do_and_nothing_says_nothing() -> None:
    absent = ModelStatus(card=BETTER, state="absent")
    failed = progress_at("failed", absent, problem=DownloadError("No hub <here>.", "Put it there."))
    html = setup_html(failed, may_change=True)
    assert "No hub &lt;here&gt;. Put it there." in html
    assert 'data-action="retry"' in html
    for_others = setup_html(failed, may_change=False)
    assert "Its administrator sees why" in for_others
    assert "No hub" not in for_others  # it may name folders of this machine
    assert setup_html(progress_at("nothing", absent), may_change=True) == ""


def words_of(html: str) -> str:
    return re.sub(r"<[^>]*>", "", html)


def test_beside_the_demo_model_the_best_for_this_machine_is_one_click_away() -> None:
    absent = ModelStatus(card=BETTER, state="absent")
    state = ChipState(modality="text", card=DEMO, better=absent, may_change=True)
    html = chip_html(state)
    assert f"Get a better one: {BETTER.name}, 3.4 GB" in words_of(html)
    assert f'class="q-better" data-action="get" data-id="{BETTER.id}"' in html
    here = ModelStatus(card=BETTER, state="here")
    assert f"Use a better one: {BETTER.name}" in words_of(chip_html(replace(state, better=here)))
    for other in (
        replace(state, may_change=False),
        replace(state, better=None),
        replace(state, card=BETTER),
        replace(state, coming=Fetching(card=BETTER)),
    ):
        assert "a better one" not in chip_html(other)


def test_the_chip_names_the_model_and_unfolds_what_else_there_is() -> None:
    own = make_card(id="own", name="<Own>")
    limited = make_card(id="limited", recommended=True, license_restricted=True)
    rows = (
        ModelStatus(card=own, state="here"),
        ModelStatus(card=DEMO, state="in_use"),
        ModelStatus(card=BETTER, state="absent"),
        ModelStatus(card=limited, state="absent"),
    )
    state = ChipState(modality="text", card=DEMO, rows=rows, may_change=True)
    html = chip_html(state)
    assert "small demo model" in words_of(html)
    assert html.index(f'data-id="{DEMO.id}"') < html.index('data-id="own"')
    assert 'data-action="use" data-id="own"' in html
    assert "&lt;Own&gt;" in html
    assert f'data-action="get" data-id="{BETTER.id}"' in html
    assert "3.4 GB" in html
    assert 'data-id="limited"' not in html
    assert 'data-action="more"' in html
    assert "demo" not in chip_html(ChipState(modality="text", card=own))
    assert 'data-id="own" disabled' in chip_html(replace(state, may_change=False))


def test_the_chip_suggests_in_the_order_of_the_sets() -> None:
    rows = [
        ModelStatus(card=make_card(id=name, recommended=True), state="absent") for name in "abcd"
    ]
    html = chip_html(ChipState(modality="text", card=DEMO, rows=rows, recommended=("c", "x", "b")))
    places = [html.index(f'data-id="{name}"') for name in "cba"]
    assert places == sorted(places)
    assert 'data-id="d"' not in html


def test_pictures_are_offered_the_text_models_that_see() -> None:
    rows = [ModelStatus(card=card, state="absent") for card in (BETTER, DEMO, make_card())]
    reader = load_catalogue()["ppocr-v6-small"]
    html = chip_html(ChipState(modality="vision", card=reader, rows=rows, recommended=(BETTER.id,)))
    assert f'data-id="{BETTER.id}"' in html
    assert "answers in Text too" in html
    assert 'data-id="tiny"' not in html


def test_the_chip_and_the_models_tab_tell_how_far_it_is_and_why_it_is_not() -> None:
    half = DownloadState(kind="running", done_bytes=GB, total_bytes=4 * GB, speed_bytes_s=GB / 60)
    coming = Fetching(card=BETTER, download=half, is_wanted=True)
    far = "25 % of 4.0 GB, 17 MB/s, about 3 minutes left"
    state = ChipState(modality="text", card=DEMO, coming=coming, may_change=True)
    assert f"{far}. It is used as soon as it is here" in chip_html(state)
    running = ModelStatus(card=BETTER, state="running", download=half)
    tab = models_words([coming], progress_at("running", running), says_why=True)
    assert tab["words"] == [
        f"Fetching {BETTER.name}: {far}; then Text uses it",
        "29 % of the set for this machine",
    ]
    assert (tab["tag"], tab["is_failed"]) == ("29 %", False)
    alone = models_words([replace(coming, is_wanted=False)], says_why=True)
    assert alone["words"] == [f"Fetching {BETTER.name}: {far}"]
    assert alone["tag"] == "25 %"
    assert models_words([], says_why=True)["tag"] == ""

    failed = Fetching(card=BETTER, problem="No hub <here>.")
    html = chip_html(replace(state, coming=failed))
    assert "is not used: No hub &lt;here&gt;." in html
    assert f'data-action="get" data-id="{BETTER.id}">Try again' in html
    for_others = chip_html(replace(state, coming=failed, may_change=False))
    assert "is not used." in for_others
    assert "Try again" not in for_others
    assert "No hub" not in for_others
    tab = models_words([failed], says_why=True)
    assert (tab["tag"], tab["is_failed"]) == ("failed", True)
    assert tab["words"] == [f"{BETTER.name} is not used: No hub <here>."]
    assert models_words([failed], says_why=False)["words"] == [f"{BETTER.name} is not used."]


def test_what_is_not_kept_is_said() -> None:
    here = ModelStatus(card=BETTER, state="in_use")
    html = setup_html(progress_at("done", here, not_kept="a flag says <so>"), may_change=True)
    assert "Until Quintet ends: a flag says &lt;so&gt;." in html
    assert "Every start uses them." in setup_html(progress_at("done", here), may_change=True)
    state = ChipState(modality="text", card=DEMO, not_kept="a flag says <so>")
    assert "Until Quintet ends: a flag says &lt;so&gt;." in chip_html(state)
