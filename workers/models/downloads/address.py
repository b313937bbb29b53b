"""The files of a card at a plain web address: their sizes and the server's ETags."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from configs.catalogue import ModelCard
from workers.messages.errors import DownloadError

from .connecting import client
from .folders import Checksum
from .remote import ANSWER_TIMEOUT_S, RemoteFile, check_name, is_pattern
from .sentences import refused, unreachable


def address_files(card: ModelCard) -> tuple[RemoteFile, ...]:
    """Return every file of a `url:` card, in its order. Raises: DownloadError."""
    folder = card.source.removeprefix("url:").rstrip("/")
    if urlsplit(folder).scheme not in ("http", "https"):
        raise DownloadError(f"{folder} is no web address.", "Check the source of the card.")
    return tuple(
        _file(folder, check_name(name), sha256, public_only=card.public_only)
        for name, sha256 in card.files.items()
    )


def _file(folder: str, name: str, sha256: str | None, *, public_only: bool) -> RemoteFile:
    """Ask with GET and read only the headers: signed addresses refuse HEAD."""
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    if is_pattern(name):
        raise DownloadError(
            f"{name!r} is a pattern, and a web address has no list of files.",
            "Name the file in the card.",
        )
    url = f"{folder}/{quote(name)}"
    host = urlsplit(url).netloc
    headers = {"Accept-Encoding": "identity"}
    try:
        with (
            client(public_only=public_only) as session,
            session.stream("GET", url, headers=headers, timeout=ANSWER_TIMEOUT_S) as answer,
        ):
            status, said = answer.status_code, answer.headers
    except (httpx2.HTTPError, OfflineModeIsEnabled) as err:
        raise unreachable(host, err) from err
    if status != httpx2.codes.OK:
        raise refused(name, host, status)
    return RemoteFile(
        name=name,
        url=url,
        size=int(said["Content-Length"]) if said.get("Content-Length", "").isdigit() else None,
        checksum=Checksum("sha256", sha256) if sha256 else None,
        tag=said.get("ETag") or said.get("Last-Modified") or "",
        public_only=public_only,
    )
