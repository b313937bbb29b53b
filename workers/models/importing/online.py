"""Files elsewhere: a repository of a model hub, a plain web address."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from configs.secrets import read_secret
from configs.settings import HubSettings
from workers.messages.errors import UnsupportedInputError
from workers.models.downloads.connecting import client
from workers.models.downloads.hub import Repository, repository_info
from workers.models.downloads.remote import ANSWER_TIMEOUT_S
from workers.models.downloads.sentences import TOKEN, refused, unreachable
from workers.models.facts.gguf_pieces import piece_names

from .repo_files import RepoFile, RepoFiles

if TYPE_CHECKING:
    from collections.abc import Mapping

HUB_PAGE = "https://huggingface.co"
_MAX_PIECES = 64
"""Each is asked for on its own."""


def hub_repo(name: str, chosen: str, revision: str, hub: HubSettings) -> RepoFiles:
    """Return a repository at the commit that its revision names now. Raises: DownloadError."""
    from huggingface_hub import hf_hub_url

    secret = read_secret(TOKEN)
    token = secret.get_secret_value() if secret else None
    info = repository_info(
        Repository(name=name, revision=revision, endpoint=hub.endpoint, token=token)
    )
    commit = info.sha or revision
    headers = {"Authorization": f"Bearer {token}"} if token else {}

    def read_head(file: str, num_bytes: int) -> bytes:
        url = hf_hub_url(name, file, revision=commit, endpoint=hub.endpoint)
        return _head(url, file, num_bytes, _Asking(headers=headers))

    files = {
        sibling.rfilename: RepoFile(
            size=sibling.size, sha256=sibling.lfs.sha256 if sibling.lfs else None
        )
        for sibling in info.siblings or ()
    }
    _check_chosen(chosen, files, name)
    owner = name.partition("/")[0]
    return RepoFiles(
        place=name,
        source=f"hf:{name}@{commit}",
        files=files,
        read_head=read_head,
        license=_license(info.card_data, info.tags or ()),
        license_url=f"{HUB_PAGE}/{name}",
        origin=info.author or owner,
        chosen=chosen,
    )


def web_repo(url: str, *, public_only: bool) -> RepoFiles:
    """Return the file at an address, with those that are named after it beside it.

    `public_only`: no host of this machine's own networks is asked. Raises: UnsupportedInputError; DownloadError.
    """
    parts = _split(url)
    file = unquote(PurePosixPath(parts.path).name)
    if not parts.hostname or parts.scheme not in ("http", "https") or not file or parts.query:
        raise UnsupportedInputError(
            f"{url} is not the address of a file.",
            "Give one as https://host/folder/model.gguf, or a hub's OWNER/REPOSITORY.",
        )
    folder = url.rpartition("/")[0]
    asking = _Asking(public_only=public_only)

    def read_head(name: str, num_bytes: int) -> bytes:
        return _head(f"{folder}/{name}", name, num_bytes, asking)

    names = [file, f"{file}.json"] if file.endswith(".onnx") else piece_names(file)
    if len(names) > _MAX_PIECES:
        raise UnsupportedInputError(
            f"{file} is one of {len(names)} pieces; at most {_MAX_PIECES} are fetched from an address.",
            "Look for it on the hub, or download the pieces and add their folder.",
        )
    return RepoFiles(
        place=url,
        source=f"url:{folder}/",
        files={name: RepoFile(size=_size(f"{folder}/{name}", name, asking)) for name in names},
        read_head=read_head,
        license_url=url,
        origin=parts.netloc,
        chosen=file,
        public_only=public_only,
    )


def _split(url: str) -> SplitResult:
    """Take an address apart; one that is none has no host."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """How the server of the files is asked."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    public_only: bool = False


def _head(url: str, name: str, num_bytes: int, asking: _Asking) -> bytes:
    """Return the beginning of a file. Raises: DownloadError."""
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    host = urlsplit(url).netloc
    asked = {**asking.headers, "Accept-Encoding": "identity", "Range": f"bytes=0-{num_bytes - 1}"}
    content = bytearray()
    try:
        with (
            client(public_only=asking.public_only) as session,
            session.stream("GET", url, headers=asked, timeout=ANSWER_TIMEOUT_S) as answer,
        ):
            if answer.status_code == httpx2.codes.RANGE_NOT_SATISFIABLE:
                return b""
            if answer.status_code not in (httpx2.codes.OK, httpx2.codes.PARTIAL_CONTENT):
                raise refused(name, host, answer.status_code)
            for block in answer.iter_bytes():  # who knows no ranges sends all of it
                content += block
                if len(content) >= num_bytes:
                    break
    except (httpx2.HTTPError, httpx2.InvalidURL, OfflineModeIsEnabled) as err:
        raise unreachable(host, err) from err
    return bytes(content[:num_bytes])


def _size(url: str, name: str, asking: _Asking) -> int | None:
    """Ask with GET and read only the headers: signed addresses refuse HEAD."""
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    host = urlsplit(url).netloc
    headers = {"Accept-Encoding": "identity"}
    try:
        with (
            client(public_only=asking.public_only) as session,
            session.stream("GET", url, headers=headers, timeout=ANSWER_TIMEOUT_S) as answer,
        ):
            if answer.status_code != httpx2.codes.OK:
                raise refused(name, host, answer.status_code)
            said = answer.headers.get("Content-Length", "")
    except (httpx2.HTTPError, httpx2.InvalidURL, OfflineModeIsEnabled) as err:
        raise unreachable(host, err) from err
    return int(said) if said.isdigit() else None


def _license(card_data: object, tags: object) -> str:
    """Return what the repository's page says, "" if nothing."""
    said = getattr(card_data, "license", None)
    if isinstance(said, str) and said:
        name = getattr(card_data, "license_name", None)
        return str(name) if said == "other" and name else said
    marked = (
        [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, (list, tuple)) else []
    )
    return next((tag[8:] for tag in marked if tag.startswith("license:")), "")


def _check_chosen(chosen: str, files: Mapping[str, RepoFile], place: str) -> None:
    if chosen and chosen not in files:
        names = ", ".join(sorted(files)[:12])
        raise UnsupportedInputError(f"{place} has no file {chosen!r}; it has {names}.")
