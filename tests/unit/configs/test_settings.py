"""Settings come from files, variables and flags, in that order, and wrong keys are told."""

from __future__ import annotations

import pytest

from configs.errors import ConfigError
from configs.settings import load_settings, profiles


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("QUINTET_"):
            monkeypatch.delenv(name)


@pytest.mark.parametrize("profile", profiles())
def test_every_profile_is_valid(profile: str) -> None:
    assert load_settings(profile).server.port == 7860


def test_the_default_listens_on_this_machine_only() -> None:
    settings = load_settings("cpu")
    assert settings.server.host == "127.0.0.1"
    assert not settings.server.share


def test_variables_override_files_and_flags_override_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUINTET_SERVER__PORT", "8001")
    monkeypatch.setenv("QUINTET_POOL__IDLE_TTL_S", "7.5")
    settings = load_settings("cpu")
    assert settings.server.port == 8001
    assert settings.pool.idle_ttl_s == 7.5
    assert load_settings("cpu", {"server": {"port": 8002}}).server.port == 8002


def test_an_unknown_key_names_the_nearest_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUINTET_SERVER__PROT", "8001")
    with pytest.raises(ConfigError, match=r"unknown key 'server\.prot', did you mean 'port'"):
        load_settings("cpu")


def test_a_value_out_of_range_names_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUINTET_SERVER__PORT", "70000")
    with pytest.raises(ConfigError, match=r"server\.port: .*65535"):
        load_settings("cpu")


def test_an_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="known: cpu, fake, gpu8, spaces, voice"):
        load_settings("gpu80")


def test_secrets_are_taken_as_they_stand_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUINTET_SERVER__PASSWORD", "0123")  # as YAML: the number 83
    monkeypatch.setenv("QUINTET_SERVER__API_KEYS", "first-key, second-key")
    server = load_settings("cpu").server
    assert server.password == "0123"
    assert [(key.name, key.key) for key in server.api_keys] == [
        ("key 1", "first-key"),
        ("key 2", "second-key"),
    ]
    assert "first-key" not in repr(server)
    assert "0123" not in repr(server)


def test_an_empty_password_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUINTET_SERVER__PASSWORD", "")
    monkeypatch.setenv("QUINTET_SERVER__API_KEYS", "")
    assert not load_settings("cpu").server.is_protected


def test_keys_with_limits_fit_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    keys = "[{name: alice, key: k1, max_running: 2, max_waiting: 4}, {name: bob, key: k2}]"
    monkeypatch.setenv("QUINTET_SERVER__API_KEYS", keys)
    alice, bob = load_settings("cpu").server.api_keys
    assert (alice.name, alice.max_running, alice.max_waiting) == ("alice", 2, 4)
    assert bob.max_running is None


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ("same,same", "two API keys share a name or a value"),
        ("[{name: a, key: k, max_runing: 1}]", r"unknown key 'server\.api_keys\.0\.max_runing'"),
        ("[{name: a, key: k, max_running: 0}]", "max_running: .*greater than or equal to 1"),
    ],
)
def test_wrong_keys_are_reported_without_their_value(
    keys: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUINTET_SERVER__API_KEYS", keys)
    with pytest.raises(ConfigError, match=sentence) as caught:
        load_settings("cpu")
    assert "same,same" not in str(caught.value)


@pytest.mark.parametrize("value", ["8080, 3000", "[8080, 3000]"])
def test_lists_may_be_written_with_commas(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUINTET_SERVER__ALSO_PORTS", value)
    monkeypatch.setenv("QUINTET_SERVER__CORS_ORIGINS", "localhost, https://chat.example.org")
    server = load_settings("cpu").server
    assert server.also_ports == (8080, 3000)
    assert server.cors_origins == ("localhost", "https://chat.example.org")


@pytest.mark.parametrize(
    ("value", "allowed"),
    [("false", set()), ("true", {"a", "b"}), ("a", {"a"}), ("a, c", {"a"}), ("[b]", {"b"})],
)
def test_downloads_can_be_allowed_for_all_or_for_some(
    monkeypatch: pytest.MonkeyPatch, value: str, allowed: set[str]
) -> None:
    monkeypatch.setenv("QUINTET_FETCH_MODELS", value)
    settings = load_settings("cpu")
    assert {model for model in ("a", "b") if settings.may_fetch(model)} == allowed


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("BUDGET", "lots", r"memory\.budget: 'lots' is not a size; write it like 700MiB"),
        ("BUDGET", "700", r"memory\.budget: 700 bytes is too little for any model"),
        ("VRAM_BUDGET", "0", r"memory\.vram_budget: 0 bytes is too little"),
        ("LEAVE_ROOM", "-1", r"memory\.leave_room: -1 is not a size"),
        ("BUDGET", "[", r"QUINTET_MEMORY__BUDGET: '\[' cannot be read as YAML"),
        ("BUDGET__MOST", "1GiB", r"memory\.budget"),
    ],
)
def test_a_size_that_is_none_is_reported(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv("QUINTET_MEMORY__LEAVE_ROOM", "1GiB")
    monkeypatch.setenv(f"QUINTET_MEMORY__{name}", value)
    with pytest.raises(ConfigError, match=sentence):
        load_settings("cpu")


def test_a_variable_may_stand_beside_one_of_its_own_section(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUINTET_MEMORY", "lots")
    monkeypatch.setenv("QUINTET_MEMORY__BUDGET", "1GiB")
    assert load_settings("cpu").memory.budget == 1 << 30
