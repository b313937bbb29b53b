"""Files of a model that a person put in their place by hand, where no hub can be reached."""

from __future__ import annotations

from pathlib import Path

from configs.catalogue import ModelCard
from workers.messages.errors import DownloadError

from .checksums import ChecksumCache, sha256_of
from .download import is_downloadable, is_present
from .folders import MANIFEST, FetchedFile, Manifest, model_folder
from .sentences import other_length


def take_placed(card: ModelCard, data_dir: Path) -> bool:
    """Take files over that lie in the model's folder under the card's names; whether they are all there.

    Each is checked as a download is. Raises: DownloadError for a file of another length or with
    another SHA-256, which is left where it is; OSError.
    """
    if not is_downloadable(card) or is_present(card, data_dir):
        return is_downloadable(card)
    folder = model_folder(card, data_dir)
    if not card.files or not all((folder / name).is_file() for name in card.files):
        return False
    files = {name: _checked(card, folder, name) for name in card.files}
    manifest = Manifest(source=card.source, wanted=tuple(card.files), files=files)
    cache = ChecksumCache(data_dir, card.id)
    for name, file in files.items():
        cache.add(folder / name, file.sha256)
    cache.save()
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    return True


def _checked(card: ModelCard, folder: Path, name: str) -> FetchedFile:
    path, expected = folder / name, card.file_bytes.get(name)
    size = path.stat().st_size
    if expected is not None and size != expected:
        raise other_length(card, name, size, expected)
    sha256, wanted = sha256_of(path), card.files[name]
    if wanted not in (None, sha256):
        raise DownloadError(
            f"{path} is not the file of {card.name} that is meant: its SHA-256 should be "
            f"{str(wanted)[:12]}…, not {sha256[:12]}….",
            "Copy it again, or fetch it from where the card says.",
        )
    return FetchedFile(size=size, sha256=sha256)
