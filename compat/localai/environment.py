"""LocalAI's environment variables → settings of ours. A pure function."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from configs.errors import ConfigError

_WORKERS = ("text", "stt", "tts", "vision", "rag")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0}


def settings_from_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that LocalAI's variables ask for; only what is set, none of its defaults.

    Each may begin with `LOCALAI_`, as in newer versions, and that one wins. `ADDRESS=:8080` means
    every interface, as it does there, so a password or key is needed. F16, PRELOAD_MODELS,
    GALLERIES and CONFIG_FILE have no counterpart. Raises: ConfigError naming the variable.
    """
    given = {name: variables.get(f"LOCALAI_{name}") or variables.get(name) for name in _READERS}
    settings: dict[str, Any] = {}
    for name, value in given.items():
        if value:
            _put(settings, name, value)
    origins = given["CORS_ALLOW_ORIGINS"]
    if given["CORS"] and _is_true("CORS", given["CORS"]) and not origins:
        settings.setdefault("server", {})["cors_origins"] = ["*"]
    return settings


def _put(settings: dict[str, Any], name: str, value: str) -> None:
    for path, content in _READERS[name](name, value).items():
        *parents, key = path.split(".")
        place = settings
        for parent in parents:
            place = place.setdefault(parent, {})
        place[key] = content


def _address(name: str, value: str) -> dict[str, Any]:
    host, colon, port = value.rpartition(":")
    if not colon:
        raise ConfigError(f"{name} is {value!r}; it must be HOST:PORT or :PORT.")
    return {"server.host": host.strip("[]") or "0.0.0.0", "server.port": _whole(name, port)}  # noqa: S104 — the page asks for a password there


def _threads(name: str, value: str) -> dict[str, Any]:
    return {f"workers.{worker}.threads": _whole(name, value) for worker in _WORKERS}


def _idle(name: str, value: str) -> dict[str, Any]:
    parts = _DURATION.findall(value)
    if not parts:
        raise ConfigError(f"{name} is {value!r}; it must be a duration such as 15m.")
    return {"pool.idle_ttl_s": sum(float(number) * _SECONDS[unit] for number, unit in parts)}


def _cors(name: str, value: str) -> dict[str, Any]:
    return {} if _is_true(name, value) else {"server.cors_origins": []}


def _list(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _whole(name: str, value: str) -> int:
    if not value.strip().isdecimal():
        raise ConfigError(f"{name} is {value!r}; it must be a whole number.")
    return int(value)


def _is_true(name: str, value: str) -> bool:
    if value.lower() not in ("true", "false", "1", "0"):
        raise ConfigError(f"{name} is {value!r}; it must be true or false.")
    return value.lower() in ("true", "1")


_READERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "MODELS_PATH": lambda _, value: {"models_path": value},
    "ADDRESS": _address,
    "THREADS": _threads,
    "CONTEXT_SIZE": lambda name, value: {"memory.context_tokens": _whole(name, value)},
    "API_KEY": lambda _, value: {"server.api_keys": _list(value)},
    "CORS": _cors,
    "CORS_ALLOW_ORIGINS": lambda _, value: {"server.cors_origins": _list(value)},
    "UPLOAD_LIMIT": lambda name, value: {"server.max_upload_mib": _whole(name, value)},
    "WATCHDOG_IDLE_TIMEOUT": _idle,
    "PARALLEL_REQUESTS": lambda name, value: (
        {} if _is_true(name, value) else {"workers.text.slots": 1}
    ),
    "DEBUG": lambda name, value: {"log_level": "DEBUG"} if _is_true(name, value) else {},
}
