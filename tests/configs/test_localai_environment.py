"""LocalAI's environment variables in our words."""

from __future__ import annotations

import pytest

from compat.localai.environment import settings_from_environment
from configs.errors import ConfigError


def test_every_variable_goes_to_its_setting() -> None:
    given = {
        "MODELS_PATH": "./models",
        "ADDRESS": "127.0.0.1:8080",
        "THREADS": "4",
        "CONTEXT_SIZE": "512",
        "API_KEY": "one, two",
        "CORS": "true",
        "CORS_ALLOW_ORIGINS": "https://a.example",
        "UPLOAD_LIMIT": "15",
        "WATCHDOG_IDLE_TIMEOUT": "1h30m",
        "PARALLEL_REQUESTS": "false",
        "DEBUG": "true",
        "GALLERIES": "[]",
    }
    settings = settings_from_environment(given)
    assert settings["server"] == {
        "host": "127.0.0.1",
        "port": 8080,
        "api_keys": ["one", "two"],
        "cors_origins": ["https://a.example"],
        "max_upload_mib": 15,
    }
    assert settings["workers"]["text"] == {"threads": 4, "slots": 1}
    assert settings["workers"]["rag"] == {"threads": 4}
    assert (settings["models_path"], settings["log_level"]) == ("./models", "DEBUG")
    assert settings["memory"] == {"context_tokens": 512}
    assert settings["pool"] == {"idle_ttl_s": 5400.0}


def test_nothing_set_changes_nothing() -> None:
    assert settings_from_environment({"PATH": "/bin", "DEBUG": ""}) == {}


def test_newer_names_win_and_an_address_without_host_is_every_interface() -> None:
    given = {"ADDRESS": ":8080", "LOCALAI_ADDRESS": ":9090"}
    server = settings_from_environment(given)["server"]
    assert server == {"host": "0.0.0.0", "port": 9090}  # noqa: S104 — what ":9090" means


@pytest.mark.parametrize(
    ("value", "origins"),
    [("true", {"server": {"cors_origins": ["*"]}}), ("false", {"server": {"cors_origins": []}})],
)
def test_cors_without_origins_is_all_or_none(value: str, origins: object) -> None:
    assert settings_from_environment({"CORS": value}) == origins


@pytest.mark.parametrize(
    ("name", "value"),
    [("THREADS", "many"), ("ADDRESS", "8080"), ("DEBUG", "perhaps"), ("ADDRESS", ":http")],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        settings_from_environment({name: value})
