"""Which build of llama.cpp a machine gets: a rule without any side effect.

The graphics card's build if driver, card and C library admit one, else the CPU's, and then a sentence
that says why and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass

from configs.errors import ConfigError

from .builds import ALIASES, BUILDS, CUDA_NEEDS, GLIBC, Build, CudaNeeds
from .machine import Machine, NvidiaDriver

AUTO, NONE = "auto", "none"
NEWER_DRIVER = "sudo ubuntu-drivers install, then restart the machine"
RESTART = "restart the machine"
CARD = "NVIDIA's card"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildChoice:
    """What is right for a machine."""

    build: Build | None = None
    """None: the CPU's."""
    reason: str = ""
    """Why it is the CPU's; "" where there is no NVIDIA card, or it was asked for."""
    mend: str = ""
    """A command, or what else to do; "" if nothing helps."""


def choose(asked: str, machine: Machine) -> BuildChoice:
    """Return the build for a machine; `asked` is "auto", "none" or the name of a build.

    Raises: ConfigError naming the builds there are.
    """
    if asked == NONE:
        return BuildChoice()
    if asked == AUTO:
        return _automatic(machine)
    build = BUILDS.get(ALIASES.get(asked, asked))
    if build is None:
        known = ", ".join((AUTO, NONE, *ALIASES, *BUILDS))
        raise ConfigError(f"There is no build GPU={asked}; known: {known}.")
    return _unless_impossible(build, machine)


def is_ruled_out(machine: Machine) -> bool:
    """Whether there is a reason why no build runs on this machine's card."""
    return bool(_automatic(machine).reason)


def _automatic(machine: Machine) -> BuildChoice:
    if machine.system != "Linux":
        return BuildChoice()  # a Mac's ordinary build is the one for its graphics
    if machine.driver is None or not machine.driver.cards:
        return _without_driver(machine)
    needs = next((needs for needs in CUDA_NEEDS if _runs(needs, machine.driver)), None)
    if needs is None:
        return _none_runs(machine.driver)
    return _unless_impossible(BUILDS[needs.build], machine)


def _without_driver(machine: Machine) -> BuildChoice:
    if machine.no_answer:
        return BuildChoice(
            reason=f"NVIDIA's driver does not answer: {machine.no_answer}", mend=RESTART
        )
    if machine.driver is not None:
        return BuildChoice(reason="NVIDIA's driver sees no card", mend=RESTART)
    if "NVIDIA" in machine.vendors:
        return BuildChoice(reason=f"{CARD} has no driver", mend=NEWER_DRIVER)
    return BuildChoice()


def _runs(needs: CudaNeeds, driver: NvidiaDriver) -> bool:
    """Whether a build runs on all cards: llama.cpp uses each that it sees."""
    return all(
        card.capability >= needs.oldest_capability
        and driver.branch
        >= (needs.driver if card.capability in needs.native else needs.driver_compiling)
        for card in driver.cards
    )


def _none_runs(driver: NvidiaDriver) -> BuildChoice:
    oldest = min(driver.cards, key=lambda card: card.capability)
    last = CUDA_NEEDS[-1]
    about = f"{oldest.name} (compute capability {_dotted(oldest.capability)})"
    if oldest.capability < last.oldest_capability:
        least = _dotted(last.oldest_capability)
        return BuildChoice(reason=f"{about} is too old: llama.cpp needs {least} or newer")
    is_native = all(card.capability in last.native for card in driver.cards)
    branch = last.driver if is_native else last.driver_compiling
    return BuildChoice(
        reason=f"the driver {driver.version} is too old: for {about} it must be {branch} or newer",
        mend=NEWER_DRIVER,
    )


def _unless_impossible(build: Build, machine: Machine) -> BuildChoice:
    if machine.system != "Linux" or machine.architecture not in build.architectures:
        here = f"{machine.system} on {machine.architecture}"
        return BuildChoice(reason=f"there is no llama.cpp for {build.title} on {here}")
    if machine.glibc >= GLIBC:
        return BuildChoice(build=build)
    wanted = _dotted(GLIBC)
    has = f"has glibc {_dotted(machine.glibc)}" if any(machine.glibc) else "has another C library"
    return BuildChoice(
        reason=f"llama.cpp for {build.title} needs glibc {wanted} or newer, and this system {has}",
        mend="use Ubuntu 22.04, Debian 12, Fedora 36 or newer",
    )


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
