"""Models of paid services: listed by the service itself, for the key that is set. No list is kept here.

A service is named in `SERVICES`; which of its models there are, its own `/v1/models` says. What a model is for
is guessed from its name, since that list does not say it, and can be said by whoever adds it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from configs.catalogue import ModelCard
from configs.secrets import read_secret
from workers.messages import Modality
from workers.messages.errors import MissingKeyError, UnsupportedInputError

from .downloads.connecting import client
from .downloads.remote import ANSWER_TIMEOUT_S
from .downloads.sentences import refused, unreachable

ANTHROPIC_VERSION = "2023-06-01"
"""Of the API. Source: docs.anthropic.com, "Versions"."""
MAX_MODELS = 1000
"""As many as Anthropic lists at once; OpenAI lists all."""

NEVER_ASKED = ("claude",)
"""Engines that ask no model to think, so that nobody is offered it."""

_KINDS: tuple[tuple[str, Modality | None], ...] = (
    (r"embedding", "rag"),
    (r"transcribe|whisper", "stt"),
    (r"(^|-)tts(-|$)", "tts"),
    (r"image|dall-e|sora|realtime|audio|moderation|live|search", None),
)
"""What is in a model's name → what it is for; None: nothing that Quintet does. All else writes text."""
_MEMORY_MIB: Mapping[Modality, int] = {"text": 70, "stt": 150, "tts": 70, "vision": 70, "rag": 180}


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Where to ask, and with which key."""

    name: str
    """As it is written before a model's name: `openai:MODEL`."""
    title: str
    source: str
    """As a card has it, without `remote:`."""
    list_url: str
    key_name: str
    engine: str
    terms_url: str

    def headers(self, key: str) -> dict[str, str]:
        """Return what proves who asks."""
        if self.engine == "claude":
            return {"x-api-key": key, "anthropic-version": ANTHROPIC_VERSION}
        return {"Authorization": f"Bearer {key}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceModel:
    """One model that a service lists."""

    id: str
    name: str
    """For people."""
    modality: Modality | None
    """What it seems to be for; None: nothing that is done here."""


SERVICES = (
    Service(
        name="openai",
        title="OpenAI",
        source="https://api.openai.com/v1",
        list_url="https://api.openai.com/v1/models",
        key_name="OPENAI_API_KEY",
        engine="remote",
        terms_url="https://openai.com/policies/services-agreement/",
    ),
    Service(
        name="anthropic",
        title="Anthropic",
        source="https://api.anthropic.com",
        list_url=f"https://api.anthropic.com/v1/models?limit={MAX_MODELS}",
        key_name="ANTHROPIC_API_KEY",
        engine="claude",
        terms_url="https://www.anthropic.com/legal/commercial-terms",
    ),
)


def service_named(text: str) -> tuple[Service, str] | None:
    """Take "openai:MODEL" apart; None for what names no service."""
    name, colon, model = text.strip().partition(":")
    found = next((service for service in SERVICES if service.name == name.lower()), None)
    return (found, model.strip()) if found is not None and colon else None


def models_of_service(service: Service) -> tuple[ServiceModel, ...]:
    """Ask what the key may use, by name. Raises: MissingKeyError; DownloadError."""
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    secret = read_secret(service.key_name)
    if secret is None:
        raise MissingKeyError(
            f"{service.title} asks for a key, and {service.key_name} is not set.",
            f"Write {service.key_name}=… into the file .env, or set it in the environment.",
        )
    host = urlsplit(service.list_url).netloc
    try:
        with client(public_only=False) as session:
            answer = session.get(
                service.list_url,
                headers=service.headers(secret.get_secret_value()),
                timeout=ANSWER_TIMEOUT_S,
            )
        if answer.status_code != httpx2.codes.OK:
            raise refused("The list of models", host, answer.status_code)
        return _read(answer.json(), host)
    except (httpx2.HTTPError, OfflineModeIsEnabled) as err:
        raise unreachable(host, err) from err
    except ValueError as err:
        raise UnsupportedInputError(f"What {host} answers is no list of models.") from err


def service_card(
    service: Service, model: str, *, model_id: str = "", modality: str = ""
) -> ModelCard:
    """Return the card of a model that the service lists for this key.

    Raises: UnsupportedInputError naming models of like names; as `models_of_service`.
    """
    listed = {found.id: found for found in models_of_service(service)}
    found = listed.get(model)
    if found is None:
        near = difflib.get_close_matches(model, listed, n=5, cutoff=0.3) or sorted(listed)[:5]
        raise UnsupportedInputError(
            f"{service.title} lists no model {model!r} for this key; it has {', '.join(near)}.",
            "All of them: quintet models services",
        )
    kind = modality or found.modality
    if kind is None:
        raise UnsupportedInputError(
            f"{found.name} seems to do nothing that Quintet does.", "If it does, say what for."
        )
    return ModelCard.model_validate(_values(service, found, kind, model_id))


def _values(service: Service, found: ServiceModel, kind: str, model_id: str) -> dict[str, Any]:
    return {
        "id": model_id or re.sub(r"[^A-Za-z0-9.-]+", "-", f"{service.name}-{found.id}"),
        "name": f"{found.name} ({service.title})",
        "modality": kind,
        "engine": service.engine,
        "source": f"remote:{service.source}",
        "files": {},
        "license": "remote service",
        "license_url": service.terms_url,
        "origin": service.title,
        "languages": (),
        "parameters_m": 0,
        "memory_mib": _MEMORY_MIB.get(kind, 70),  # type: ignore[call-overload]
        "description": "Added by you; what is sent to it leaves this machine and is billed.",
        "thinks": "never" if service.engine in NEVER_ASKED else None,
        "options": {"remote_model": found.id, "api_key_env": service.key_name},
    }


def _read(content: Any, host: str) -> tuple[ServiceModel, ...]:
    """Raises: ValueError if it is no such list."""
    listed = content.get("data") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise ValueError(host)
    names = {
        str(one["id"]): str(one.get("display_name") or one["id"])
        for one in listed
        if isinstance(one, dict) and one.get("id")
    }
    return tuple(
        ServiceModel(id=each, name=name, modality=_kind(each))
        for each, name in sorted(names.items())
    )


def _kind(name: str) -> Modality | None:
    return next((kind for mark, kind in _KINDS if re.search(mark, name)), "text")
