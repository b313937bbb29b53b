"""What a person reads when a download fails: one sentence, and what to do about it.

The hub's library is imported by the functions that need it: a worker that downloads nothing does
not pay for it.
"""

from __future__ import annotations

import errno
import socket
from pathlib import Path

from configs.catalogue import ModelCard
from workers.messages.amounts import fine_size_words
from workers.messages.errors import AppError, DiskFullError, DownloadError, NotFetchedError

TOKEN = "HF_TOKEN"  # noqa: S105 — the name of a variable
GOES_ON = "What has arrived is kept: the next attempt goes on from there."

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_SAYINGS = {
    401: "asks who you are",
    403: "does not let you have it",
    404: "does not have it",
    410: "does not have it any more",
    429: "gets too many requests",
}


def pull_command(card: ModelCard) -> str:
    """Return the command that downloads a model."""
    return f"quintet models pull {card.id}"


def not_fetched(card: ModelCard) -> NotFetchedError:
    """Say that a model is known, but not downloaded."""
    return NotFetchedError(
        f"The weights of {card.name} are not on this machine.", f"Run: {pull_command(card)}"
    )


def license_not_accepted(card: ModelCard) -> NotFetchedError:
    """Show a licence that limits what the model may be used for."""
    return NotFetchedError(
        f"{card.name} is under the licence {card.license}, which limits its use: read it at "
        f"{card.license_url}.",
        f"If you accept it, run: {pull_command(card)} --accept-license",
    )


def disk_full(card: ModelCard, needed: int, free: int, folder: Path) -> DiskFullError:
    """Say how much is missing; sizes in bytes."""
    return DiskFullError(
        f"{card.name} needs {fine_size_words(needed)} more, and {fine_size_words(free)} are free in "
        f"{folder}.",
        "Make room there, or choose another folder with data_dir.",
    )


def disk_error(card: ModelCard, err: OSError, folder: Path) -> AppError:
    """Say why a file could not be written."""
    if err.errno in _NO_ROOM:
        return DiskFullError(f"The disk of {folder} is full. {GOES_ON}", "Make room there.")
    return DownloadError(
        f"{card.name} could not be written to {folder}: {err.strerror or err}.",
        "Look at the folder's permissions, or choose another with data_dir.",
    )


def other_length(card: ModelCard, name: str, size: int, expected: int) -> DownloadError:
    """Say that a server has another file than the card means; sizes in bytes."""
    return DownloadError(
        f"{name} of {card.name} has {size:,} bytes there, and the card expects {expected:,}.",
        "The file was replaced there: name the revision that the card means, or mend the card.",
    )


def refused(name: str, host: str, status: int) -> DownloadError:
    """Say what a server answered in place of a file."""
    saying = _SAYINGS.get(status, "failed" if status >= 500 else "refuses")
    hint = GOES_ON if status in (408, 429) or status >= 500 else "Check the source of the card."
    return DownloadError(f"{name} could not be downloaded: {host} {saying} ({status}).", hint)


def unreachable(host: str, err: Exception) -> DownloadError:
    """Say why there was no answer at all."""
    hint = "Check the network, or set QUINTET_HUB__ENDPOINT to a mirror of the hub."
    if _is_offline(err):
        return DownloadError(
            "Nothing is downloaded, because HF_HUB_OFFLINE is set.", "Unset it to download."
        )
    if _is_name_error(err):
        return DownloadError(f"The name {host} could not be resolved.", hint)
    if _is_timeout(err):
        return DownloadError(f"{host} did not answer in time. {GOES_ON}", hint)
    return DownloadError(f"{host} cannot be reached: {_cause(err)}. {GOES_ON}", hint)


def hub_refused(repository: str, revision: str, name: str, err: Exception) -> DownloadError:
    """Say what the hub has against a repository, a revision or a file."""
    from huggingface_hub import errors

    to_token = f"put your token into {TOKEN} (environment or .env)."
    known: list[tuple[type[Exception], str, str]] = [
        (
            errors.GatedRepoError,
            f"The makers of {repository} want their conditions accepted first.",
            f"Accept them on the repository's page, then {to_token}",
        ),
        (
            errors.RepositoryNotFoundError,
            f"The hub knows no repository {repository}, or it is private.",
            f"Check the source of the card; for a private one {to_token}",
        ),
        (
            errors.RevisionNotFoundError,
            f"{repository} has no revision {revision!r}.",
            "Check the source of the card.",
        ),
        (
            errors.EntryNotFoundError,
            f"{repository} has no file {name} at the revision {revision!r}.",
            "Check the files of the card.",
        ),
    ]
    for kind, message, hint in known:
        if isinstance(err, kind):
            return DownloadError(message, hint)
    if not isinstance(err, errors.HfHubHTTPError):
        return DownloadError(f"{repository} cannot be used: {err}.", "Check the card's source.")
    status = err.response.status_code
    if status in (401, 403):
        return DownloadError(
            f"The hub does not accept the token for {repository} ({status}).",
            f"Renew it: {to_token}",
        )
    return refused(name or repository, "the hub", status)


def _chain(err: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while err is not None and err not in chain:
        chain.append(err)
        err = err.__cause__ or err.__context__
    return chain


def _is_offline(err: Exception) -> bool:
    from huggingface_hub.errors import OfflineModeIsEnabled

    return any(isinstance(link, OfflineModeIsEnabled) for link in _chain(err))


def _is_name_error(err: Exception) -> bool:
    return any(isinstance(link, socket.gaierror) for link in _chain(err))


def _is_timeout(err: Exception) -> bool:
    import httpx2

    return isinstance(err, httpx2.TimeoutException)


def _cause(err: Exception) -> str:
    return str(err).rstrip(".") or type(err).__name__
