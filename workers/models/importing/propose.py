"""From what a person typed to a card, without fetching any weights."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import ValidationError

from configs.catalogue import ModelCard
from configs.errors import ConfigError, explain
from configs.settings import HubSettings
from workers.messages.errors import UnsupportedInputError
from workers.models.found.finding import find_model
from workers.models.llama_server.knowing import Builds

from .online import hub_repo, web_repo
from .recognize import recognize
from .repo_files import RepoFiles, folder_repo, found_repo
from .values import Values

_HUB = re.compile(
    r"(?:hf:|huggingface:/*)?(?P<name>[\w-][\w.-]*/[\w.-]+)(?:@(?P<revision>[^:@]+))?(?::(?P<file>.+))?"
)
_HUB_PAGE = re.compile(
    r"https?://(?:huggingface\.co|hf\.co)/(?P<name>[\w.-]+/[\w.-]+)"
    r"(?:/(?:resolve|blob|tree)/(?P<revision>[^/]+)(?:/(?P<file>[^?]+))?)?/?(?:\?.*)?"
)
_FREE = re.compile(r"(apache-2\.0|mit|bsd(-.*)?|isc|cc0-1\.0|cc-by(-sa)?-[34]\.0|unlicense|wtfpl)")
_SPDX = {"apache-2.0": "Apache-2.0", "mit": "MIT", "cc0-1.0": "CC0-1.0", "isc": "ISC"}
Reach = Literal["shell", "page", "web"]
"""Who names a model, and so what he may name. At a shell of this machine: whatever it can read or
ask. At the page of a machine that is his alone: the hub, public hosts, and folders, without links
that lead out of them. At a page elsewhere: the hub and public hosts."""
UNKNOWN_LICENSE = "not stated"
PATH_STARTS = ("/", "~", "./", "../")
HOW = "Write it as OWNER/REPOSITORY, with :FILE after it if it has several models."
MODALITIES = ("text", "stt", "tts", "vision", "rag")


def propose(
    text: str,
    hub: HubSettings,
    *,
    model_id: str = "",
    modality: str = "",
    reach: Reach = "shell",
    builds: Builds | None = None,
) -> ModelCard:
    """Return the card of the model that `text` names.

    That is OWNER/REPOSITORY[@REVISION][:FILE] of the hub, the address of a file, or a file or
    folder of this machine, as far as `reach` goes. `builds`: the llama.cpp that would run it; None: the
    package. Raises: UnsupportedInputError with the reason and
    what to look for; DownloadError.
    """
    return _proposed(_repo_files(text.strip(), hub, reach), model_id, modality, builds)


def propose_found(
    name: str,
    data_dir: Path,
    *,
    model_id: str = "",
    modality: str = "",
    builds: Builds | None = None,
) -> ModelCard:
    """Return the card of a model that another program keeps here, by the name under which it was found.

    Raises: UnsupportedInputError.
    """
    return _proposed(found_repo(find_model(name.strip()), data_dir), model_id, modality, builds)


def _proposed(repo: RepoFiles, model_id: str, modality: str, builds: Builds | None) -> ModelCard:
    found = _recognized(repo, modality, builds)
    if modality and found["modality"] != modality:
        raise UnsupportedInputError(
            f"{repo.place} is a model for {found['modality']}, not for {modality}.",
            "Leave the modality out.",
        )
    return _card(repo, found, model_id)


def _recognized(repo: RepoFiles, modality: str, builds: Builds | None) -> Values:
    """What the files say of themselves may be anything: a text for a number, no number at all."""
    try:
        found = recognize(repo, modality, builds)
    except UnsupportedInputError as err:
        raise UnsupportedInputError(err.message, f"{err.hint} {repo.cut}".strip()) from err
    except (
        ConfigError,
        TypeError,
        ValueError,
        LookupError,
        AttributeError,
        ArithmeticError,
    ) as err:
        raise UnsupportedInputError(
            f"What {repo.place} says of itself makes no sense: {err}", "Choose another file."
        ) from err
    repo.check_whole(list(found["files"]))
    return found


def _repo_files(text: str, hub: HubSettings, reach: Reach) -> RepoFiles:
    page = _HUB_PAGE.fullmatch(text)
    named = page or _HUB.fullmatch(text)
    if named and not (reach != "web" and not page and _is_path(text)):
        return hub_repo(named["name"], named["file"] or "", named["revision"] or "main", hub)
    if not text:
        raise UnsupportedInputError("Nothing was named.", HOW)
    if "://" in text:
        return web_repo(text, public_only=reach != "shell")
    if reach == "web" and text.startswith(PATH_STARTS):
        raise UnsupportedInputError(
            f"{text!r} is a path, and only who sits at the machine may name its files.",
            "Use a shell there: quintet models add PATH",
        )
    if reach == "web":
        raise UnsupportedInputError(f"{text!r} is not the name of a repository.", HOW)
    return folder_repo(Path(text), links_out=reach == "shell")


def _is_path(text: str) -> bool:
    try:
        return text.startswith(PATH_STARTS) or Path(text).exists()
    except (OSError, ValueError):  # too long a name, a NUL: no file is called so
        return False


def _card(repo: RepoFiles, found: Values, model_id: str) -> ModelCard:
    values = dict(found)
    doubt = str(values.pop("doubt", ""))
    name = _name(repo, values)
    said = str(repo.license or values.get("license") or "").lower()
    is_free = _FREE.fullmatch(said) is not None
    said_of = f"Added by you from {repo.place}; its memory is an estimate."
    values |= {
        "id": model_id or _slug(name, str(values.get("quantization", ""))),
        "name": name,
        "license": _SPDX.get(said, said) or UNKNOWN_LICENSE,
        "license_url": repo.license_url,
        "license_restricted": not is_free and not repo.is_here,
        "origin": repo.origin,
        "public_only": repo.public_only,
        "description": " ".join(filter(None, (said_of, doubt, repo.cut))),
        "languages": values.get("languages", ()),
    }
    try:
        return ModelCard.model_validate(values)
    except ValidationError as err:
        raise UnsupportedInputError(
            f"What {repo.place} says of itself makes no card: {explain(err, ModelCard)}."
        ) from err


def _name(repo: RepoFiles, values: Values) -> str:
    """Return a name for people: that of the repository, of the chosen file, or of the folder."""
    weights = PurePosixPath(next(iter(values["files"])))
    if weights.suffix in (".gguf", ".onnx"):
        return re.sub(r"-00001-of-\d{5}$", "", weights.stem)
    place = repo.source.partition(":")[2].partition("@")[0].rstrip("/")
    return PurePosixPath(place).name or weights.stem


def _slug(name: str, quantization: str) -> str:
    """Return an id: lower case, without what every GGUF repository has in its name."""
    plain = re.sub(r"[^a-z0-9.]+|\.(?=i?q\d|b?f16)", "-", name.lower()).strip("-.")
    plain = plain.removesuffix("-gguf")
    needs_mark = (
        quantization not in ("", "none", "unknown") and quantization.replace("_", "-") not in plain
    )
    return f"{plain}-{quantization.replace('_', '-')}" if needs_mark else plain
