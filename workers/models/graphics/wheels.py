"""Finds a build's wheel on a package index of the simple kind (PEP 503), and downloads it.

pip is not asked: it would also look into the index that everybody uses, and take the CPU's build of
the same version from there. Half a wheel is kept, and the next attempt goes on from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from configs.errors import ConfigError
from workers.messages.errors import DownloadError
from workers.models.downloads.connecting import client
from workers.models.downloads.progress import Meter, OnProgress
from workers.models.downloads.remote import ANSWER_TIMEOUT_S, RemoteFile
from workers.models.downloads.sentences import unreachable
from workers.models.downloads.transfer import download

if TYPE_CHECKING:
    import httpx2

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
NUM_VERSIONS_SHOWN = 3
BLOCK = 1 << 20


class NoSuchWheelError(Exception):
    """The index was read, and it has nothing for this machine: asking again will not help."""


def find_wheel(index: str, package: str, version: str) -> RemoteFile:
    """Return the wheel of exactly this version that fits this Python and system best.

    Raises: ConfigError if the address is not encrypted; NoSuchWheelError if there is none;
    DownloadError if the index cannot be read.
    """
    page = f"{index.rstrip('/')}/{package}/"
    check_encrypted(page)
    with client(public_only=False) as session:
        text, base = _read(session, page, package)
        address = best_wheel(links_in(text, base), package, version, urlsplit(page).netloc)
        check_encrypted(address)
        return RemoteFile(
            name=_file_name(address),
            url=address,
            size=_size(session, address),
            checksum=None,
            tag="",
        )


def fetch_wheel(wheel: RemoteFile, folder: Path, on_progress: OnProgress) -> tuple[Path, str]:
    """Download a wheel into a folder; returns it with its SHA-256.

    Raises: DownloadError; OSError if it cannot be written.
    """
    path = folder / wheel.name
    download(
        wheel, path, Meter(f"downloading {wheel.name}", wheel.size, on_progress), lambda: False
    )
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return path, digest.hexdigest()


def best_wheel(addresses: Iterable[str], package: str, version: str, host: str) -> str:
    """Return the address whose wheel fits best here. Raises: NoSuchWheelError with what there is."""
    ranks = {tag: rank for rank, tag in enumerate(sys_tags())}
    fitting: dict[int, str] = {}
    versions: list[str] = []
    for address in addresses:
        try:
            name, found, _, tags = parse_wheel_filename(_file_name(address))
        except InvalidWheelFilename:
            continue
        if name != canonicalize_name(package):
            continue
        versions.append(found.public)
        rank = min((ranks[tag] for tag in tags if tag in ranks), default=None)
        if found.public == version and rank is not None:
            fitting.setdefault(rank, address)
    if fitting:
        return fitting[min(fitting)]
    has = ", ".join(dict.fromkeys(versions[:NUM_VERSIONS_SHOWN])) or "nothing of that name"
    what = "but not for this Python and system" if version in versions else f"it has {has}"
    raise NoSuchWheelError(f"{host} has no {package} {version} that fits: {what}.")


def links_in(page: str, base: str) -> list[str]:
    """Return the addresses of the files that a page of an index lists."""
    parser = _Links()
    parser.feed(page)
    return [urljoin(base, link) for link in parser.found]


def check_encrypted(address: str) -> None:
    """Raises: ConfigError if others could change what comes from there: no hash of it is known."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS):
        raise ConfigError(f"{address} is not fetched: an index must be reached by https.")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def _read(session: httpx2.Client, page: str, package: str) -> tuple[str, str]:
    """Return a page and the address that it came from."""
    answer = _asked(session, "GET", page)
    if answer.status_code == 404:
        host = urlsplit(page).netloc
        raise NoSuchWheelError(f"{host} does not have {page} (404), so no {package} of this build.")
    if answer.status_code >= 400:
        raise DownloadError(f"{page} cannot be read: {answer.status_code}.")
    check_encrypted(str(answer.url))
    return answer.text, str(answer.url)


def _size(session: httpx2.Client, address: str) -> int | None:
    """Return the bytes that a server announces; None if it does not."""
    answer = _asked(session, "HEAD", address)
    check_encrypted(str(answer.url))
    if answer.status_code == 404:
        raise NoSuchWheelError(f"{address} is listed, but not there (404).")
    length = answer.headers.get("Content-Length", "")
    return int(length) if answer.status_code == 200 and length.isdigit() else None


def _asked(session: httpx2.Client, method: str, address: str) -> httpx2.Response:
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    headers = {"Accept-Encoding": "identity"}
    try:
        return session.request(
            method, address, headers=headers, timeout=ANSWER_TIMEOUT_S, follow_redirects=True
        )
    except (OfflineModeIsEnabled, httpx2.TransportError, httpx2.TooManyRedirects) as err:
        raise unreachable(urlsplit(address).netloc, err) from err


def _file_name(address: str) -> str:
    # What is unquoted may hold a slash, and the name becomes a file's.
    return unquote(urlsplit(address).path).rpartition("/")[2]
