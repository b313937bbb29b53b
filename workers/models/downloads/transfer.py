"""One file comes over the network, in as many pieces as the network makes of it.

The half file itself is the only memory: its size says where to go on, also after a restart. The
hub's library opens each download under a new name and deletes it when it fails, so it cannot go on
(docs/adr/0016).
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from workers.messages.errors import DownloadError, DownloadPausedError

from .connecting import client
from .progress import IsCancelled, Meter
from .remote import RemoteFile
from .sentences import GOES_ON, refused, unreachable

if TYPE_CHECKING:
    import httpx2

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 10.0
"""Also how long a pause may go unnoticed on a line that has gone silent."""
NUM_RETRIES = 6
"""In a row without a byte; what comes in between starts the count anew."""
FIRST_PAUSE_S = 0.5
MAX_PAUSE_S = 15.0
MAX_RETRY_AFTER_S = 60.0

_TRANSIENT = {408, 425, 429, 500, 502, 503, 504}
_RANGE = re.compile(r"bytes (\d+)-")


class _CutError(Exception):
    """The transfer ended early; trying again may help."""

    def __init__(self, reason: DownloadError, pause_s: float = 0.0) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.pause_s = pause_s


def download(file: RemoteFile, path: Path, meter: Meter, is_cancelled: IsCancelled) -> None:
    """Make `path` as long as the file, starting from what it holds.

    Raises: DownloadError; DownloadPausedError; OSError if it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    num_failures = 0
    while True:
        before = _size(path)
        try:
            _receive(file, path, meter, is_cancelled)
            return
        except _CutError as cut:
            num_failures = 1 if _size(path) > before else num_failures + 1
            if num_failures > NUM_RETRIES:
                raise cut.reason from cut
            pause_s = max(cut.pause_s, min(FIRST_PAUSE_S * 2 ** (num_failures - 1), MAX_PAUSE_S))
            _wait(pause_s, is_cancelled)


def check_wanted(is_cancelled: IsCancelled) -> None:
    """Raises: DownloadPausedError if nobody wants the download any more."""
    if is_cancelled():
        raise DownloadPausedError("The download was paused.", GOES_ON)


def _receive(file: RemoteFile, path: Path, meter: Meter, is_cancelled: IsCancelled) -> None:
    """One attempt."""
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    check_wanted(is_cancelled)
    done = _kept_size(file, path)
    meter.start(file.name, done)
    if file.size is not None and done == file.size and path.exists():
        return
    headers = {**file.headers, "Accept-Encoding": "identity"}
    if done:
        headers["Range"] = f"bytes={done}-"
    timeout = httpx2.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    try:
        with (
            client(public_only=file.public_only) as session,
            session.stream("GET", file.url, headers=headers, timeout=timeout) as answer,
        ):
            done = _start_of(answer, file, path, done)
            meter.start(file.name, done)
            with path.open("ab" if done else "wb") as half:
                for block in answer.iter_bytes():
                    half.write(block)
                    done += len(block)
                    meter.move(file.name, done)
                    check_wanted(is_cancelled)
    except (OfflineModeIsEnabled, httpx2.TooManyRedirects) as err:
        raise unreachable(file.host, err) from err
    except (httpx2.TransportError, httpx2.DecodingError) as err:
        raise _CutError(unreachable(file.host, err)) from err
    if file.size is not None and done < file.size:
        raise _CutError(
            DownloadError(f"{file.host} sent {done} of the {file.size} bytes of {file.name}.")
        )


def _start_of(answer: httpx2.Response, file: RemoteFile, path: Path, asked: int) -> int:
    """Return at which byte the answer's body starts.

    Raises: DownloadError if the server refuses; _CutError if it may not next time.
    """
    status = answer.status_code
    if status == 200:
        return 0  # the server knows no ranges, or it is the first piece
    if status == 206:
        found = _RANGE.match(answer.headers.get("Content-Range", ""))
        if found and int(found[1]) == asked:
            return asked
    if status in (206, 416):  # the half file and the server's do not fit together
        path.unlink(missing_ok=True)
        raise _CutError(DownloadError(f"{file.host} could not go on with {file.name}."))
    reason = refused(file.name, file.host, status)
    if status in _TRANSIENT:
        wanted = answer.headers.get("Retry-After", "")
        pause_s = min(float(wanted), MAX_RETRY_AFTER_S) if wanted.isdigit() else 0.0
        raise _CutError(reason, pause_s)
    raise reason


def _kept_size(file: RemoteFile, path: Path) -> int:
    """Return how much of the file is there; what is longer than it is no part of it."""
    size = _size(path)
    if file.size is not None and size > file.size:
        path.unlink()
        return 0
    return size


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _wait(pause_s: float, is_cancelled: IsCancelled) -> None:
    end = time.monotonic() + pause_s
    while (left := end - time.monotonic()) > 0:
        check_wanted(is_cancelled)
        time.sleep(min(left, 0.1))
