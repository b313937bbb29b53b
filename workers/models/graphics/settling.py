"""One look at the machine before each start: is llama.cpp the build that fits the graphics card?

Nearly always nothing has changed since the last look, and then nothing is done. What a look came to is
kept, also a refusal: only where the network failed is it tried again the next time.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from configs.errors import ConfigError

from .builds import INDEX, Build
from .choosing import AUTO, choose
from .machine import read_machine
from .record import OWN, GraphicsRecord, installed_files, read_record, write_record

STAYS = "llama.cpp stays on the CPU"


def settle(asked: str = AUTO, index: str = INDEX) -> int:
    """Bring the build that is asked for, or say why it is the CPU's.

    Returns the exit status: 0 also if it is the CPU's instead; 1 if there is none at all; 2 if what was
    asked for does not exist.
    """
    machine = read_machine()
    try:
        choice = choose(asked, machine)
        now = GraphicsRecord(
            asked=asked,
            machine=machine.as_dict(),
            installed=installed_files(),
            reason=choice.reason,
            mend=choice.mend,
        )
        kept = read_record()
        if kept is not None and kept.installed != now.installed:
            kept = None  # somebody has installed another since
        if kept is not None and (kept.asked, kept.machine) == (now.asked, now.machine):
            return 0
        if choice.build is None:
            return _without(now, kept)
        return _with(choice.build, index, now, kept)
    except ConfigError as err:
        say(str(err))
        return 2
    except OSError as err:
        say(
            f"What was found of the graphics card could not be kept: {err}. It is looked for again next time."
        )
        return 0 if installed_files() else 1


def _without(now: GraphicsRecord, kept: GraphicsRecord | None) -> int:
    """The CPU's build is right."""
    is_ours = kept is not None and kept.build not in ("", OWN)
    if is_ours or not now.installed:
        from .installing import restore_cpu_build

        say("Putting llama.cpp's build for the CPU back ...")
        if not restore_cpu_build():
            say("It could not be put back; run this again when the network is there.")
            return 1
    if now.reason:
        say(_sentence(now))
    if now.reason or kept is not None or now.machine["vendors"]:
        has = OWN if now.asked == AUTO and not is_ours and _sees_a_card(now) else ""
        write_record(replace(now, installed=installed_files(), build=has))
    return 0


def _sees_a_card(now: GraphicsRecord) -> bool:
    """Whether what is installed is a build that somebody has chosen by hand, and works."""
    from .devices import ask_llamacpp

    return bool(now.machine["vendors"]) and bool(ask_llamacpp().devices)


def _with(build: Build, index: str, now: GraphicsRecord, kept: GraphicsRecord | None) -> int:
    """A graphics card's build is right; one that sees a card already is left as it is."""
    from .devices import ask_llamacpp

    has = kept.build if kept is not None else ""
    if (now.asked == AUTO or has == build.name) and ask_llamacpp().devices:
        same = kept if kept is not None and has else replace(now, build=OWN)
        write_record(replace(same, asked=now.asked, machine=now.machine, reason="", mend=""))
        return 0
    return _install(build, index, now)


def _install(build: Build, index: str, now: GraphicsRecord) -> int:
    from .devices import ask_llamacpp
    from .installing import NotInstalledError, install_build, restore_cpu_build

    if not now.installed:
        restore_cpu_build()
    try:
        write_record(install_build(build, index, now, say))
    except NotInstalledError as err:
        failed = replace(now, installed=installed_files(), reason=str(err), mend="")
        say(_sentence(failed))
        if err.is_final:
            write_record(failed)
        return 0 if failed.installed else 1
    say(f"llama.cpp runs on {', '.join(map(str, ask_llamacpp().devices))}.")
    return 0


def _sentence(record: GraphicsRecord) -> str:
    mend = f" To change that: {record.mend}." if record.mend else ""
    return f"{STAYS}: {record.reason}.{mend}"


def say(sentence: str) -> None:
    """Print for whoever runs make."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()
