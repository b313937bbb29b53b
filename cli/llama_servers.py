"""What `quintet doctor` says of llama.cpp: the package or a program, and whether one would be faster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.messages.errors import AppError
from workers.models.llama_server.asking import ask, devices
from workers.models.llama_server.finding import NAME, find_server
from workers.models.llama_server.offering import advice

from .findings import Finding, broken, ok, warning


def llama_servers(cards: Iterable[ModelCard], settings: Settings) -> Iterator[Finding]:
    """Look at the program of each model in use that has one; else tell whether it would pay."""
    cards, seen = list(cards), set()
    for card in (card for card in cards if card.engine == NAME):
        found = _look_at(card, settings)
        if found.detail not in seen:
            seen.add(found.detail)
            yield found
    hint = advice(cards, settings)
    if hint is not None:
        yield warning("llama.cpp", hint.why, hint.how)


def _look_at(card: ModelCard, settings: Settings) -> Finding:
    try:
        program = ask(find_server(card, settings.data_dir))
        found = ", ".join(map(str, devices(program.path))) or "no graphics card"
    except (AppError, OSError) as err:
        return broken(NAME, str(getattr(err, "message", err)), getattr(err, "hint", ""))
    where = f"{program.path} (version {program.version}, {found})"
    return ok(NAME, f"models in GGUF run on {where}")
