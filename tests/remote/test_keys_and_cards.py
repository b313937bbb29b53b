"""Where keys come from, and which models are shown without them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from configs import secrets
from configs.catalogue import ModelCard, load_catalogue
from configs.secrets import is_listed, key_name, read_secret
from tests.remote.conftest import KEY
from workers.engines.common.remote.connection import RemoteOptions, access_to, options_of
from workers.engines.rag.remote import RemoteRagOptions
from workers.engines.stt.remote import RemoteSttOptions
from workers.engines.text.claude import ClaudeOptions
from workers.engines.tts.remote import RemoteTtsOptions
from workers.engines.vision.remote import RemoteVisionOptions
from workers.models.lookup import Models

ROOT = Path(__file__).parents[2]
REMOTE = [card for card in load_catalogue().values() if card.is_remote]
OPTIONS: dict[str, type[RemoteOptions]] = {
    "text": RemoteOptions,
    "stt": RemoteSttOptions,
    "tts": RemoteTtsOptions,
    "vision": RemoteVisionOptions,
    "rag": RemoteRagOptions,
}
DEFAULTS = {"text": "smollm2-135m-instruct"}


def check(card: ModelCard) -> None:
    kind = ClaudeOptions if card.engine == "claude" else OPTIONS[card.modality]
    options = options_of(card, kind)
    assert access_to(card, options).server.model
    assert card.files == {}


@pytest.mark.parametrize("card", REMOTE, ids=lambda card: card.id)
def test_every_remote_card_can_be_used_once_its_key_is_set(
    card: ModelCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(key_name(card), KEY)
    check(card)


def test_every_card_in_the_guide_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    guide = (ROOT / "docs" / "remote.md").read_text("utf-8")
    cards = [
        ModelCard.model_validate(yaml.safe_load(block))
        for block in re.findall(r"```yaml\n(id: .*?)```", guide, re.S)
    ]
    assert {card.modality for card in cards} == set(OPTIONS)
    for card in cards:
        if key_name(card):
            monkeypatch.setenv(key_name(card), KEY)
        check(card)


def test_gais_names_are_there() -> None:
    wanted = {"gpt-4", "claude2-100k", "openai-whisper", "openai-tts-1", "openai-vision"}
    assert wanted <= {card.id for card in REMOTE}


def test_models_are_listed_once_their_key_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "ENV_FILES", ())
    for card in REMOTE:
        monkeypatch.delenv(key_name(card), raising=False)
    models = Models(load_catalogue, DEFAULTS)  # type: ignore[arg-type]
    hidden = {card.id for card in models.all()}
    assert {card.id for card in REMOTE} & hidden == set()
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    shown = {card.id for card in models.all("text")}
    assert "claude-haiku-4-5" in shown
    assert "gpt-4" not in shown
    assert models.get("gpt-4").id == "gpt-4"


def test_a_key_is_read_from_a_file_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text(f'FAR_KEY="{KEY}"\nEMPTY_KEY=\n')
    monkeypatch.setattr(secrets, "ENV_FILES", (tmp_path / "none", file))
    found = read_secret("FAR_KEY")
    assert found is not None
    assert found.get_secret_value() == KEY
    assert KEY not in f"{found} {found!r}"
    assert read_secret("EMPTY_KEY") is None
    monkeypatch.setenv("FAR_KEY", "from-the-environment")
    again = read_secret("FAR_KEY")
    assert again is not None
    assert again.get_secret_value() == "from-the-environment"


def test_a_card_without_a_key_is_always_listed() -> None:
    card = REMOTE[0].model_copy(update={"options": {}})
    assert is_listed(card)
