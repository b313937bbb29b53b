"""What `quintet doctor` says of graphics cards: the driver, the builds that are here, and what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from importlib import metadata

from configs.settings import CONFIGS_DIR
from workers.messages.amounts import memory_words
from workers.models.graphics.builds import BUILDS, PACKAGE
from workers.models.graphics.choosing import AUTO, choose
from workers.models.graphics.devices import ask_cublas, ask_llamacpp
from workers.models.graphics.machine import Machine, NvidiaCard, read_machine
from workers.models.graphics.record import installed_build, installed_files, read_record

from .findings import Finding, broken, ok, warning

INSTALL = f"make -C {shlex.quote(str(CONFIGS_DIR.parent))} install"
GUIDE = "docs/gpu.md"


def graphics() -> Iterator[Finding]:
    """Look at the cards, at llama.cpp's build, and at what speech recognition needs for a card."""
    machine = read_machine()
    yield _cards(machine)
    yield _llamacpp(machine)
    if machine.driver is not None and machine.driver.cards:
        yield _speech()


def _cards(machine: Machine) -> Finding:
    what, driver = "graphics card", machine.driver
    choice = choose(AUTO, machine)
    if driver is not None and driver.cards:
        cards = "; ".join(map(_described, driver.cards))
        return ok(what, f"{cards}; driver {driver.version}, CUDA {driver.cuda}")
    if choice.reason:
        return warning(what, choice.reason, choice.mend)
    others = " and ".join(machine.vendors)
    if others and machine.system == "Linux":
        return ok(what, f"{others}, for which llama.cpp has other builds ({GUIDE})")
    return ok(what, "none that has a driver of NVIDIA's")


def _described(card: NvidiaCard) -> str:
    memory = memory_words(card.total_mib) if card.total_mib else "shares the RAM"
    return f"{card.name} (compute capability {card.capability[0]}.{card.capability[1]}, {memory})"


def _llamacpp(machine: Machine) -> Finding:
    what = "llama.cpp's build"
    said, build = ask_llamacpp(), BUILDS.get(installed_build())
    title = f"for {build.title}" if build is not None else "as it was installed"
    if said.error:
        return broken(what, f"{title}, it does not start: {said.error}", INSTALL)
    if said.devices:
        version = metadata.version(PACKAGE)
        return ok(what, f"{title}, {version}; it sees {', '.join(map(str, said.devices))}")
    choice = choose(AUTO, machine)
    if choice.build is None:
        if machine.driver is None or not choice.reason:
            return ok(what, "it computes on the CPU")
        return warning(what, f"it computes on the CPU: {choice.reason}", choice.mend)
    kept = read_record()
    why = kept.reason if kept is not None and kept.installed == installed_files() else ""
    detail = (
        f"it computes on the CPU: {why or f'the one for {choice.build.title} is not installed'}"
    )
    # By its name: what was refused once is tried again only if it is asked for.
    return warning(what, detail, f"{INSTALL} GPU={choice.build.name}")


def _speech() -> Finding:
    what = "speech recognition on the card"
    missing = ask_cublas()
    if missing:
        return warning(what, f"it computes on the CPU: {missing}", INSTALL)
    return ok(what, "cuBLAS 12 is there")
