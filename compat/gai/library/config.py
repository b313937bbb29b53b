"""`~/.gairc` and `~/gai/gai.json`: which wrappers there are. Made if absent, never overwritten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from configs.errors import ConfigError, explain
from workers.messages import Modality

SHIPPED = Path(__file__).parent / "gai.json"
MODALITY_OF: dict[str, Modality] = {
    "ttt": "text",
    "ttc": "text",
    "stt": "stt",
    "tts": "tts",
    "itt": "vision",
    "rag": "rag",
}
"""Gai's categories in our words; `ttc` is text to code."""


class Entry(BaseModel):
    """One wrapper. Keys that only Gai's own engines knew are read over."""

    model_config = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())

    type: str
    engine: str = ""
    model_name: str = ""
    model_path: str = ""
    """Folder or GGUF file under the app folder."""
    model_basename: str = ""
    """Name of the file in that folder, with or without its ending."""
    max_seq_len: int = 0
    """Context length in tokens; 0: the model's own."""
    stopping_words: tuple[str, ...] = ()
    api_base: str = ""
    """Address of a server that speaks OpenAI's API, in place of OpenAI's own. Ours, not Gai's."""
    api_key: str = ""
    """Name of the variable that holds the key, never the key itself."""
    hyperparameters: Mapping[str, Any] = {}
    chromadb: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class GaiConfig:
    """What the two files say."""

    app_dir: Path
    default: str
    entries: Mapping[str, Entry]


def load_config(home: Path | None = None) -> GaiConfig:
    """Read the files; what the user's `gai.json` lacks of the known wrappers is added in memory.

    Raises: ConfigError naming the file and what is wrong in it.
    """
    home = home or Path.home()
    rc_path = home / ".gairc"
    if not rc_path.exists():
        rc_path.write_text('{"app_dir": "~/gai"}\n', encoding="utf-8")
    app_dir = _app_dir(rc_path, home)
    path = app_dir / "gai.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SHIPPED, path)
    (app_dir / "models").mkdir(exist_ok=True)
    wrappers = {**_wrappers(SHIPPED), **_wrappers(path)}
    default = str(wrappers.pop("default"))
    return GaiConfig(
        app_dir=app_dir,
        default=default,
        entries={name: _entry(path, name, content) for name, content in wrappers.items()},
    )


def _app_dir(rc_path: Path, home: Path) -> Path:
    named = str(_json(rc_path).get("app_dir") or "~/gai")
    return home / named[2:] if named.startswith("~/") else Path(named)


def _wrappers(path: Path) -> dict[str, Any]:
    wrappers = _json(path).get("gen")
    if not isinstance(wrappers, dict):
        raise ConfigError(f'{path}: the wrappers must stand under "gen".')
    return wrappers


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise ConfigError(f"{path}: {err}") from err
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: a JSON object is expected.")
    return content


def _entry(path: Path, name: str, content: object) -> Entry:
    try:
        return Entry.model_validate(content)
    except ValidationError as err:
        raise ConfigError(f"{path}: {name}: {explain(err, Entry)}") from err
