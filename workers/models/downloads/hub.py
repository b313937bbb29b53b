"""What a card's names stand for in a repository of a model hub: addresses, sizes, checksums.

Asks the hub through its own library, and downloads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from configs.catalogue import ModelCard
from configs.secrets import read_secret
from configs.settings import HubSettings
from workers.messages.errors import DownloadError

from .folders import Checksum
from .remote import ANSWER_TIMEOUT_S, RemoteFile, check_name, is_pattern, names_matching
from .repository import hub_source
from .sentences import TOKEN, hub_refused, unreachable

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

_SHA256, _GIT_SHA1 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Where to ask, and as whom."""

    name: str
    revision: str
    endpoint: str | None
    token: str | None
    folder: str = ""
    """Within it; "": its top."""

    def path_of(self, name: str) -> str:
        """Return what the hub calls a file of the card."""
        return f"{self.folder}/{name}" if self.folder else name

    @property
    def credential(self) -> str | bool:
        """False keeps the library from looking for a token in the user's home."""
        return self.token or False


def hub_files(card: ModelCard, hub: HubSettings) -> tuple[RemoteFile, ...]:
    """Return every file of an `hf:` card, in its order. Raises: DownloadError."""
    known = (
        _known_names(repository_of(card.source, hub)) if any(map(is_pattern, card.files)) else []
    )
    files: list[RemoteFile] = []
    for wanted, sha256 in card.files.items():
        repository = repository_of(card.source_of(wanted), hub)
        names = names_matching(wanted, known, repository.name) if is_pattern(wanted) else (wanted,)
        files += [_file(repository, check_name(name), sha256, card) for name in names]
    return tuple(files)


def repository_of(source: str, hub: HubSettings) -> Repository:
    """Return the repository, and the folder in it, that a card's `hf:` source names."""
    place = hub_source(source)
    secret = read_secret(TOKEN)
    return Repository(
        name=place.name,
        revision=place.revision,
        folder=place.folder,
        endpoint=hub.endpoint,
        token=secret.get_secret_value() if secret else None,
    )


def repository_info(repository: Repository) -> ModelInfo:
    """Ask for a repository's files, their sizes and checksums, and its licence.

    Raises: DownloadError.
    """
    from huggingface_hub import HfApi

    api = HfApi(endpoint=repository.endpoint, token=repository.credential)
    with _answers(repository, ""):
        return api.model_info(
            repository.name,
            revision=repository.revision,
            timeout=ANSWER_TIMEOUT_S,
            files_metadata=True,
        )


def _known_names(repository: Repository) -> list[str]:
    """Return the names in the card's folder of the repository."""
    siblings = [sibling.rfilename for sibling in repository_info(repository).siblings or ()]
    start = repository.path_of("")
    return [name.removeprefix(start) for name in siblings if name.startswith(start)]


def _file(repository: Repository, name: str, sha256: str | None, card: ModelCard) -> RemoteFile:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    with _answers(repository, name):
        url = hf_hub_url(
            repository.name,
            repository.path_of(name),
            revision=repository.revision,
            endpoint=repository.endpoint,
        )
        said = get_hf_file_metadata(
            url,
            token=repository.credential,
            timeout=ANSWER_TIMEOUT_S,
            endpoint=repository.endpoint,
        )
    token = repository.token
    return RemoteFile(
        name=name,
        url=hf_hub_url(
            repository.name,
            repository.path_of(name),
            revision=said.commit_hash or repository.revision,
            endpoint=repository.endpoint,
        ),
        size=said.size,
        checksum=_checksum(card, name, sha256, said.etag or ""),
        tag=said.etag or "",
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )


def _checksum(card: ModelCard, name: str, sha256: str | None, etag: str) -> Checksum | None:
    """Return what the card asks for, else what the hub promises.

    Raises: DownloadError if the two differ, before gigabytes have come.
    """
    promised = Checksum("sha256", etag) if _SHA256.fullmatch(etag) else None
    if sha256 is None:
        is_git = promised is None and _GIT_SHA1.fullmatch(etag)
        return Checksum("git-sha1", etag) if is_git else promised
    if promised is not None and promised.digest != sha256:
        raise DownloadError(
            f"The hub's {name} of {card.name} has SHA-256 {etag[:12]}…, the card expects "
            f"{sha256[:12]}….",
            "The file was changed there: name the revision that the card means, or mend the card.",
        )
    return Checksum("sha256", sha256)


@contextmanager
def _answers(repository: Repository, name: str) -> Iterator[None]:
    """Turn the library's errors into sentences."""
    import httpx2
    from huggingface_hub import constants, errors

    host = urlsplit(repository.endpoint or constants.ENDPOINT).netloc
    try:
        yield
    except (errors.HfHubHTTPError, errors.EntryNotFoundError, errors.HFValidationError) as err:
        raise hub_refused(repository.name, repository.revision, name, err) from err
    except (httpx2.HTTPError, errors.OfflineModeIsEnabled) as err:
        raise unreachable(host, err) from err
