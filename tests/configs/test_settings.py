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
    with pytest.raises(ConfigError, match="known: cpu, spaces"):
        load_settings("gpu80")
