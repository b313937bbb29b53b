"""The state of a model: here, half here, elsewhere, or what is missing.

The one place that knows. The page, HTTP, the command line and the library show it; whether a request
for the model is refused at once follows from it (`workers.models.availability`). Checksums are not
looked at, and no server is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from configs.catalogue import ModelCard
from configs.secrets import is_listed, key_name
from workers.messages.errors import AppError, MissingKeyError, WeightsError

from .downloads.download import is_downloadable, not_fetched
from .downloads.manager import DownloadState, download_state
from .downloads.present import find_present
from .environments.places import Environments, environment_of
from .weights import find_folder

Kind = Literal[
    "here", "absent", "running", "waiting", "elsewhere", "paused", "failed",
    "needs_environment", "needs_key", "needs_package", "broken", "remote",
]  # fmt: skip

WORDS: dict[str, str] = {
    "here": "here",
    "absent": "not downloaded",
    "needs_environment": "needs an environment",
    "needs_key": "needs a key",
    "needs_package": "needs a package",
    "broken": "not found",
    "remote": "on another server",
}
"""Of those kinds whose words are always the same, and of the others what is said without details."""

IN_CACHE = "It is used where it lies, in the hub's cache, and never deleted from there."

ReadDownload = Callable[[ModelCard], DownloadState]
"""The state of a download: from the disk, or from the manager that runs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelState:
    """The state of one model."""

    kind: Kind
    words: str
    """For people: "here", "paused at 37 %", "needs OPENAI_API_KEY"."""
    hint: str = ""
    """What to do about it: a command, or why a download failed."""
    download: DownloadState | None = None
    """Of a download that is not complete."""
    reason: AppError | None = None
    """The error that a request for this model gets at once; None: it is loaded, which may still fail."""

    @property
    def is_ready(self) -> bool:
        """Whether a request can use the model now."""
        return self.kind in ("here", "remote")


def state_of(
    card: ModelCard, data_dir: Path, read_download: ReadDownload | None = None
) -> ModelState:
    """Return the state of a card's model; without `read_download`, as the disk tells of it."""
    if card.is_remote:
        return _of_remote(card)
    no_environment = Environments(data_dir=data_dir).unavailable_reason_of(card)
    if is_downloadable(card):
        download = read_download(card) if read_download else download_state(card, data_dir)
        missing = _of_download(card, download)
    else:
        missing = _of_folder(card, data_dir)
    if missing is not None:
        return replace(missing, reason=no_environment or missing.reason)
    if no_environment is not None:
        words, hint = f"needs the environment {environment_of(card)}", str(no_environment)
        return ModelState(kind="needs_environment", words=words, hint=hint, reason=no_environment)
    return ModelState(kind="here", words=WORDS["here"], hint=_where(card, data_dir))


def _where(card: ModelCard, data_dir: Path) -> str:
    """Say of files that other programs use too that they are not ours."""
    present = find_present(card, data_dir) if is_downloadable(card) else None
    return IN_CACHE if present is not None and not present.is_ours else ""


def missing_key(card: ModelCard, name: str) -> MissingKeyError:
    """Return what is said when the variable with a remote model's key is not set."""
    host = urlsplit(card.source.removeprefix("remote:")).hostname
    return MissingKeyError(
        f"{card.name} runs on {host}, which asks for a key, and {name} is not set.",
        f"Write {name}=… into the file .env, or set it in the environment.",
    )


def _of_remote(card: ModelCard) -> ModelState:
    if is_listed(card):
        return ModelState(kind="remote", words=WORDS["remote"])
    name = key_name(card)
    return ModelState(
        kind="needs_key",
        words=f"needs {name}",
        hint=f"Write {name}=… into the file .env.",
        reason=missing_key(card, name),
    )


def _of_download(card: ModelCard, download: DownloadState) -> ModelState | None:
    """Return the state of a model whose download is not whole; None if it is."""
    if download.kind == "here":
        return None
    return ModelState(
        kind=download.kind,
        words=str(download),
        hint=download.sentence if download.kind == "failed" else "",
        download=download,
        reason=not_fetched(card),
    )


def _of_folder(card: ModelCard, data_dir: Path) -> ModelState | None:
    """Return what is wrong with a package or a folder of the user's; None if nothing is.

    Requests are not refused for it: what is wrong there, loading says better.
    """
    try:
        folder = find_folder(card, data_dir)
    except WeightsError as err:
        kind: Kind = "needs_package" if card.source.startswith("package:") else "broken"
        return ModelState(kind=kind, words=WORDS[kind], hint=str(err))
    lost = [name for name in card.files if not (folder / name).is_file()]
    if lost:
        hint = f"{lost[0]} is missing from {folder}."
        return ModelState(kind="broken", words=WORDS["broken"], hint=hint)
    return None
