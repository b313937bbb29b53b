"""A paid service's models are those that it lists for the key; one of them becomes a card on request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cli.main import main
from tests.remote.scripted import Scripted, answer, page, refuse, serving
from workers.messages.errors import DownloadError, MissingKeyError, UnsupportedInputError
from workers.models import services
from workers.models.services import (
    SERVICES,
    Service,
    models_of_service,
    service_card,
    service_named,
)

LISTED = {
    "object": "list",
    "data": [
        {"id": "great-6", "object": "model"},
        {"id": "text-embedding-9", "object": "model"},
        {"id": "great-transcribe", "object": "model"},
        {"id": "tts-7", "object": "model"},
        {"id": "great-image-2", "object": "model"},
        {"id": "claude-x", "display_name": "Claude X"},
    ],
}
KEY = "sk-services-0123456789"


@pytest.fixture(params=SERVICES, ids=lambda service: service.name)
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Service:
    found: Service = request.param
    monkeypatch.setenv(found.key_name, KEY)
    return found


@pytest.fixture
def server() -> Iterator[Scripted]:
    with serving(answer(LISTED)) as running:
        yield running


def at(service: Service, server: Scripted) -> Service:
    return replace(service, list_url=f"{server.url}/v1/models", source=f"{server.url}/v1")


def test_the_key_s_own_list_says_what_there_is_and_its_names_what_it_is_for(
    service: Service, server: Scripted
) -> None:
    found = models_of_service(at(service, server))
    assert {model.id: model.modality for model in found} == {
        "great-6": "text", "text-embedding-9": "rag", "great-transcribe": "stt", "tts-7": "tts",
        "great-image-2": None, "claude-x": "text",
    }  # fmt: skip
    (seen,) = server.seen
    proof = "x-api-key" if service.engine == "claude" else "Authorization"
    assert seen.headers[proof].endswith(KEY)


def test_a_listed_model_becomes_a_card_that_holds_no_key(
    service: Service, server: Scripted
) -> None:
    card = service_card(at(service, server), "claude-x")
    assert (card.name, card.modality) == (f"Claude X ({service.title})", "text")
    assert (card.engine, card.is_remote) == (service.engine, True)
    assert card.options == {"remote_model": "claude-x", "api_key_env": service.key_name}
    assert card.thinks == ("never" if service.engine == "claude" else None)
    assert KEY not in card.model_dump_json()
    assert (
        service_card(at(service, server), "great-image-2", modality="vision").modality == "vision"
    )


def test_what_is_not_listed_is_refused_with_names_like_it(
    service: Service, server: Scripted
) -> None:
    with pytest.raises(UnsupportedInputError, match=r"lists no model 'great-5' .* great-6"):
        service_card(at(service, server), "great-5")
    with pytest.raises(UnsupportedInputError, match="nothing that Quintet does"):
        service_card(at(service, server), "great-image-2")


def test_a_missing_key_a_refusal_and_nonsense_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one = SERVICES[0]
    monkeypatch.setattr(services, "read_secret", lambda name: None)
    with pytest.raises(MissingKeyError, match=f"{one.key_name} is not set"):
        models_of_service(one)
    monkeypatch.undo()
    monkeypatch.setenv(one.key_name, KEY)
    with serving(refuse(401, "wrong key"), page("<html>")) as server:
        with pytest.raises(DownloadError, match="asks who you are"):
            models_of_service(at(one, server))
        with pytest.raises(UnsupportedInputError, match="no list of models"):
            models_of_service(at(one, server))


def test_only_names_of_services_are_taken_for_one() -> None:
    found = service_named(" OpenAI:great-6 ")
    assert found is not None
    assert (found[0].name, found[1]) == ("openai", "great-6")
    assert service_named("openai/gpt-oss-20b") is None
    assert service_named("owner/repo:file.gguf") is None


def test_the_commands_list_and_add_them(
    server: Scripted, tmp_path: object, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(services, "SERVICES", (at(SERVICES[0], server),))
    assert main(["models", "services"]) == 0
    assert "openai:great-6" in capsys.readouterr().out
    where = ["--data-dir", str(tmp_path)]
    assert main(["models", "add", "openai:great-6", "--yes", *where]) == 0
    assert "Added openai-great-6." in capsys.readouterr().out
    assert main(["models", "list", "text", *where]) == 0
    assert "openai-great-6" in capsys.readouterr().out


def test_a_price_is_kept_with_the_card(
    server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(services, "SERVICES", (at(SERVICES[0], server),))
    where = ["--yes", "--data-dir", str(tmp_path)]
    asked = ["models", "add", "openai:great-6", "--price"]
    assert main([*asked, "cheap", *where]) != 0
    assert "'cheap' is no price" in capsys.readouterr().err
    assert main([*asked, "2.5/10 EUR", *where]) == 0
    assert "2.5/10 EUR, of a million tokens read / written" in capsys.readouterr().out
    assert main(["models", "show", "openai-great-6", "--json", *where[1:]]) == 0
    kept = json.loads(capsys.readouterr().out)["price"]
    assert kept == {"input_per_m": 2.5, "output_per_m": 10.0, "currency": "EUR"}
