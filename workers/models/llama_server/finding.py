"""Which `llama-server` a model runs on, and whether any is here.

The first that is found: the one that a card's option `server` names (or the setting `gguf.server`, which
is put there), the one that `quintet env create llamacpp` has built, the one on the PATH.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from configs.catalogue import ModelCard
from workers.messages.errors import EngineNotInstalledError
from workers.models.environments.places import Environments, read_stamp

NAME = "llama-server"
ENVIRONMENT = "llamacpp"
"""The recipe that builds one here."""
OPTION = "server"
"""Of a card: a path, or a name on the PATH."""
HINT = (
    f"Run: quintet env create {ENVIRONMENT} (builds one for this processor), or name yours: "
    "QUINTET_GGUF__SERVER=/path/to/llama-server."
)


def find_server(card: ModelCard, data_dir: Path) -> Path:
    """Return the program. Raises: EngineNotInstalledError."""
    named = card.options.get(OPTION)
    try:
        return server_here(None if named is None else str(named), data_dir)
    except EngineNotInstalledError as err:
        if named is not None:
            raise
        raise EngineNotInstalledError(
            f"{card.name} runs on a {NAME}, and none is on this machine.", HINT
        ) from err


def server_here(named: str | None, data_dir: Path) -> Path:
    """Return the program of that name or path, without one any. Raises: EngineNotInstalledError."""
    if named is not None:
        return _named(named)
    found = built_server(data_dir) or shutil.which(NAME)
    if found is None:
        raise EngineNotInstalledError(f"No {NAME} is on this machine.", HINT)
    return Path(found)


def built_server(data_dir: Path) -> Path | None:
    """Return the one that was built here; None if there is none, or a half one."""
    folder = Environments(data_dir=data_dir).folder(ENVIRONMENT)
    program = folder / "bin" / NAME
    return program if read_stamp(folder) and program.is_file() else None


def _named(name: str) -> Path:
    found = shutil.which(str(Path(name).expanduser()))
    if found is None:
        raise EngineNotInstalledError(f"{name} is no program that can be run.", HINT)
    return Path(found).absolute()
