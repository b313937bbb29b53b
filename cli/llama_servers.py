"""What `quintet doctor` says of llama.cpp: the package or a program, and whether one would be faster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.messages.errors import AppError
from workers.models.llama_server.asking import ask, devices
from workers.models.llama_server.finding import ENVIRONMENT, NAME, built_server, find_server
from workers.models.llama_server.offering import offer, unused_instructions

from .findings import Finding, broken, ok, warning

SET_IT = f"QUINTET_GGUF__ENGINE={NAME} (or gguf: {{engine: {NAME}}} in the settings)"


def llama_servers(cards: Iterable[ModelCard], settings: Settings) -> Iterator[Finding]:
    """Look at the program of each model in use that has one; else tell whether it would pay."""
    on_one = [card for card in cards if card.engine == NAME]
    seen = set()
    for card in on_one:
        found = _look_at(card, settings)
        if found.detail not in seen:
            seen.add(found.detail)
            yield found
    unused = unused_instructions()
    if not on_one and settings.gguf.engine != NAME and unused:
        if built_server(settings.data_dir) is not None:
            yield warning("llama.cpp", f"the {NAME} that was built here is not used", SET_IT)
        else:
            yield warning("llama.cpp", offer(unused), f"quintet env create {ENVIRONMENT}")


def _look_at(card: ModelCard, settings: Settings) -> Finding:
    try:
        program = ask(find_server(card, settings.data_dir))
        found = ", ".join(devices(program.path)) or "no graphics card"
    except (AppError, OSError) as err:
        return broken(NAME, str(getattr(err, "message", err)), getattr(err, "hint", ""))
    where = f"{program.path} (version {program.version}, {found})"
    return ok(NAME, f"models in GGUF run on {where}")
