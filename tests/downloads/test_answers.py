"""From a hub to an answer: a pulled model is used like any other, and none is pulled unasked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from compat.llm_api.config import read_llm_api
from configs.catalogue import ModelCard, load_catalogue
from configs.settings import load_settings
from tests.downloads.local_hub import LocalHub, serve
from workers.assembly import build_pool
from workers.client import Client
from workers.messages import (
    ChatMessage,
    Generate,
    SamplingParams,
    TextDelta,
)
from workers.messages.errors import NotFetchedError, UnknownModelError
from workers.messages.process_spec import WorkerSettings
from workers.models.availability import Availability
from workers.models.downloads.download import as_fetched, fetch, is_present
from workers.models.weights import find_folder, with_weights

REPOSITORY = "maker/SmolLM2-GGUF"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="module")
def hub() -> Iterator[LocalHub]:
    content = (
        find_folder(load_catalogue()["smollm2-135m-instruct"], Path("/none")) / FILE
    ).read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HF_TOKEN", raising=False)
        with serve(LocalHub({REPOSITORY: {FILE: content, "README.md": b""}}, large={FILE})) as hub:
            yield hub


def pulled_card(card_id: str, **changes: Any) -> ModelCard:
    """SmolLM2 as a card that must be downloaded, its file named by a pattern."""
    known = load_catalogue()["smollm2-135m-instruct"].model_dump()
    changed = {
        "id": card_id,
        "source": f"hf:{REPOSITORY}@main",
        "hub": "",
        "files": {"*Q4_1.gguf": None},
    }
    return ModelCard.model_validate({**known, **changed, **changes})


MakeClient = Callable[..., Client]


@pytest.fixture
def make_client(hub: LocalHub, tmp_path: Path) -> Iterator[MakeClient]:
    """A client whose catalogue also holds models of the local hub."""
    with ExitStack() as stack:

        def make(**flags: Any) -> Client:
            flags = {"data_dir": str(tmp_path), "hub": {"endpoint": hub.url}, **flags}
            settings = load_settings("cpu", flags)
            cards = [pulled_card("smol-hub"), pulled_card("smol-other", license_restricted=True)]
            catalogue = {**load_catalogue(), **{card.id: card for card in cards}}
            pool, client = build_pool(settings, catalogue)
            pool.start()
            stack.callback(pool.close)
            return client

        yield make


def ask(client: Client, model: str | None, heard: list[str] | None = None) -> str:
    question = ChatMessage(role="user", text="What is the capital of France? Answer briefly.")
    sampling = SamplingParams(temperature=0.0, max_tokens=24)
    answer = ""
    for event in client.stream(Generate(messages=(question,), sampling=sampling, model=model)):
        if isinstance(event, TextDelta):
            answer += event.text
        elif heard is not None and hasattr(event, "reason"):
            heard.append(str(event.reason))
    return answer


def ids(client: Client) -> set[str]:
    return {card.id for card in client.models.all("text")}


def test_a_pulled_model_is_listed_and_answers(
    make_client: MakeClient, hub: LocalHub, tmp_path: Path
) -> None:
    client = make_client()
    assert "smol-hub" not in ids(client)
    assert {"smol-hub", "smol-other"} <= {card.id for card in client.models.known("text")}
    with pytest.raises(
        NotFetchedError, match=r"not on this machine\. Run: quintet models pull smol-hub"
    ):
        ask(client, "smol-hub")
    assert client.status().workers[0].state != "loading"  # nobody was woken for it
    fetch(
        pulled_card("smol-hub"), tmp_path, load_settings("cpu", {"hub": {"endpoint": hub.url}}).hub
    )
    assert "smol-hub" in ids(client)
    assert "Paris" in ask(client, "smol-hub")


def test_a_request_downloads_if_that_is_allowed(
    make_client: MakeClient, hub: LocalHub, tmp_path: Path
) -> None:
    client = make_client(fetch_models=["smol-hub", "smol-other"])
    assert "smol-hub" in ids(client)
    hub.requests.clear()
    hub.faults.cut_after = [30_000_000]
    heard: list[str] = []
    assert "Paris" in ask(client, "smol-hub", heard)
    assert any("downloading SmolLM2 135M Instruct: " in reason for reason in heard), heard
    assert [get.range for get in hub.gets(FILE)] == [None, "bytes=30000000-"]
    assert is_present(pulled_card("smol-hub"), tmp_path)
    client.sleep("text")
    assert "Paris" in ask(client, "smol-hub")
    assert len(hub.gets(FILE)) == 2  # the later run used what was there
    with pytest.raises(NotFetchedError, match=r"limits its use.*pull smol-other --accept-license"):
        ask(client, "smol-other")  # nobody has accepted its licence


def test_a_worker_gets_the_real_names_and_hears_the_progress(hub: LocalHub, tmp_path: Path) -> None:
    card = pulled_card("smol-hub")
    said: list[Any] = []
    settings = WorkerSettings(
        card=card,
        threads=1,
        slots=1,
        data_dir=tmp_path,
        limits={},
        may_fetch=True,
        hub=load_settings("cpu", {"hub": {"endpoint": hub.url}}).hub,
    )
    loaded = with_weights(settings, said.append).card
    assert loaded == as_fetched(card, tmp_path)
    assert loaded.files == load_catalogue()["smollm2-135m-instruct"].files
    assert said[-1].fraction == 1.0
    assert said[-1].what.startswith("downloading SmolLM2 135M Instruct: 98 of 98 MB")


def test_what_can_be_used_is_said_of_every_kind_of_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    availability = Availability(data_dir=tmp_path)
    cards = load_catalogue()
    assert availability.is_listed(cards["smollm2-135m-instruct"])
    assert not availability.is_listed(cards["gpt-4o"])
    assert not availability.is_listed(pulled_card("x"))
    assert not availability.is_listed(pulled_card("x", source=f"path:{tmp_path}/none"))
    assert not availability.is_listed(pulled_card("x", source="package:none==1/no_such_package"))
    assert Availability(data_dir=tmp_path, may_fetch={"x"}.__contains__).is_listed(pulled_card("x"))
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    assert availability.is_listed(cards["gpt-4o"])


def test_a_default_that_is_not_here_is_refused_before_a_process_starts(
    make_client: MakeClient,
) -> None:
    client = make_client(workers={"text": {"model": "smol-hub"}})
    with pytest.raises(NotFetchedError, match="pull smol-hub"):
        ask(client, None)
    assert client.status().workers[0].pid is None


def test_an_unknown_model_is_still_unknown(make_client: MakeClient) -> None:
    with pytest.raises(UnknownModelError, match="known: smollm2-135m-instruct"):
        ask(make_client(), "nobody")


def test_an_llm_api_file_downloads_at_its_first_run_only(hub: LocalHub, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        f"models_dir: {tmp_path}/models-of-old\nmodel_family: llama\nmodel_name: smol\n"
        f"setup_params: {{repo_id: {REPOSITORY}, filename: {FILE}}}\n"
        "model_params: {n_ctx: 512}\n"
    )
    layer = read_llm_api(path, {})
    flags = {**layer.settings, "data_dir": str(tmp_path), "hub": {"endpoint": hub.url}}
    hub.requests.clear()
    for num_downloads in (1, 1):
        catalogue = {**load_catalogue(), **{card.id: card for card in layer.cards}}
        pool, client = build_pool(load_settings("cpu", flags), catalogue)
        pool.start()
        try:
            assert "Paris" in ask(client, None)
        finally:
            pool.close()
        assert len(hub.gets(FILE)) == num_downloads
