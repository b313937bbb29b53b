"""`quintet serve`, which is also `python app.py`: flags and other systems' files → settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import grouped

if TYPE_CHECKING:
    from compat.layers import Layer

OTHERS = "Files of other systems"
GPU8_FREE_MIB = 5000
"""With less, a model of four thousand million parameters does not fit, even in four bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the page is served."""

    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = (
        None
    )
    port: Annotated[int | None, typer.Option(help="Port to listen on (default 7860).")] = None
    also_port: Annotated[
        list[int] | None, typer.Option(help="Listen on this port too; may be repeated.")
    ] = None
    share: Annotated[bool, typer.Option("--share", help="Open a public link.")] = False

    def given(self) -> dict[str, Any]:
        """Return the settings of the server that were given."""
        named = {
            "host": self.host,
            "port": self.port,
            "also_ports": self.also_port,
            "share": self.share or None,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much memory may be taken."""

    memory_budget: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help="RAM of all workers and the page, as 8GiB."),
    ] = None
    vram_budget: Annotated[
        str | None, typer.Option(metavar="SIZE", help="The same for each graphics card.")
    ] = None
    pin: Annotated[
        list[str] | None,
        typer.Option(metavar="WORKER", help="Never put to sleep, as text; may be repeated."),
    ] = None

    def given(self) -> dict[str, Any]:
        """Return the settings of memory that were given."""
        named = {
            "budget": self.memory_budget,
            "vram_budget": self.vram_budget,
            "pinned": self.pin or None,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What is served."""

    profile: Annotated[
        str | None,
        typer.Option(
            help="Settings of configs/ (default cpu; gpu8 with a graphics card; on a Space, spaces)."
        ),
    ] = None
    engine: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Use the models of this engine, as fake, where it has any."
        ),
    ] = None

    def profile_name(self) -> str:
        """Return the profile: the one that was given, that of the engine, or what fits this machine."""
        from configs.settings import profiles

        named = self.engine if self.engine in profiles() else None
        return self.profile or named or default_profile()

    def given(self) -> dict[str, Any]:
        """Return the settings of workers with which the engine works wherever it can.

        Raises: ConfigError if no model runs on it.
        """
        if self.engine is None:
            return {}
        from configs.catalogue import load_catalogue
        from workers.specs.cards import models_of_engine

        found = models_of_engine(self.engine, load_catalogue())
        return {modality: {"model": models} for modality, models in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Files that other systems were run with."""

    genius: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Geniusrise's genius.yml.", rich_help_panel=OTHERS),
    ] = None
    llm_api: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="LLM API's config.yaml.", rich_help_panel=OTHERS),
    ] = None
    localai: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="LocalAI's models folder; its environment variables hold too.",
            rich_help_panel=OTHERS,
        ),
    ] = None

    def layers(self) -> list[Layer]:
        """Return what they say. Raises: ConfigError."""
        from compat.geniusrise.config import read_genius
        from compat.layers import Layer
        from compat.llm_api.config import read_llm_api
        from compat.localai.environment import settings_from_environment

        found: list[Layer] = []
        if self.localai is not None:
            asked = settings_from_environment(os.environ)
            folder = str(self.localai.absolute())
            found.append(Layer(settings={**asked, "models_path": folder}))
        if self.genius is not None:
            found.append(read_genius(self.genius))
        if self.llm_api is not None:
            found.append(read_llm_api(self.llm_api, os.environ))
        return found


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(serve))


def serve(
    *,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where index and caches live (default ~/.quintet).")
    ] = None,
    models: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A folder of your own models.")
    ] = None,
    setup: Setup,
    door: Door,
    room: Room,
    others: Others,
) -> None:
    """Serve the page and the HTTP interface until Ctrl-C."""
    from app import start
    from configs.settings import load_settings, merge

    flags: dict[str, Any] = {
        "server": door.given(), "memory": room.given(), "workers": setup.given(),
    }  # fmt: skip
    flags |= {
        name: str(value.absolute())
        for name, value in (("data_dir", data_dir), ("models_path", models))
        if value is not None
    }
    layers = others.layers()
    merged: dict[str, Any] = {}
    for layer in (*(layer.settings for layer in layers), flags):
        merged = merge(merged, layer)
    settings = load_settings(setup.profile_name(), merged)
    start(settings, [card for layer in layers for card in layer.cards])


def default_profile() -> str:
    """Return the profile of a Hugging Face Space on one, of a free graphics card, else of a computer."""
    from workers.pool.memory.machine import CPU, read_memory

    if "SPACE_ID" in os.environ:
        return "spaces"
    cards = (memory.free_mib for memory in read_memory() if memory.device != CPU)
    return "gpu8" if max(cards, default=0) >= GPU8_FREE_MIB else "cpu"
