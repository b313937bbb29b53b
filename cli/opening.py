"""From the options to a `Quintet`: on this machine, or in front of one that runs elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from configs.catalogue import ModelCard
    from configs.settings import Settings
    from library.session import Quintet
    from workers.models.lookup import Models

    from .options import Where
    from .remote_quintet import RemoteQuintet


def open_quintet(
    where: Where, *, voice: str | None = None, language: str | None = None, **models: str | None
) -> Quintet:
    """Return a session that starts only the workers it needs.

    `models` are ids by modality; None is the default of the settings, or of the other Quintet.
    `voice` and `language` are those that will be asked for: another Quintet knows its own.
    Raises: ConfigError; RemoteError if nothing answers at `where.url`.
    """
    from library.session import Quintet

    chosen = {modality: name for modality, name in models.items() if name}
    cards: tuple[ModelCard, ...] = ()
    if where.url:
        there = reach(where)
        cards = there.cards(voice or "", language or "")
        chosen = {**there.defaults(), **chosen}
    workers = {modality: {"model": name} for modality, name in chosen.items()}
    return Quintet(where.profile, cards, **flags_of(where), workers=workers)


def reach(where: Where) -> RemoteQuintet:
    """Return the Quintet at `where.url`. Raises: ConfigError if that is no address."""
    from .remote_quintet import RemoteQuintet

    return RemoteQuintet(where.url, where.key)


def read_settings(where: Where) -> Settings:
    """Return the settings that the options ask for. Raises: ConfigError."""
    from configs.settings import load_settings

    return load_settings(where.profile, flags_of(where))


def read_models(where: Where) -> Models:
    """Return the models that can be asked for here; nothing is started. Raises: ConfigError."""
    from configs.catalogue import load_catalogue
    from workers.assembly import build_models

    return build_models(read_settings(where), load_catalogue())


def flags_of(where: Where) -> dict[str, Any]:
    """Return what the options say as settings."""
    flags = {"data_dir": where.data_dir, "models_path": where.models}
    return {name: str(value.absolute()) for name, value in flags.items() if value is not None}
