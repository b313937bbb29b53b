"""From a wrapper's name to the model that answers for it.

In this order: a card of the catalogue with that id and its weights; the server that a remote
wrapper names; a GGUF file where `gai.json` says the weights are; the modality's default, with a
warning, because nobody has 7 billion parameters on the first day.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

from configs.catalogue import ModelCard
from configs.secrets import is_listed, key_name
from library.gguf_model import gguf_card
from workers.messages import Modality
from workers.messages.errors import LoadError, UnknownModelError, WeightsError
from workers.models.downloads.download import is_downloadable, is_present
from workers.models.lookup import Models
from workers.models.state import missing_key
from workers.models.weights import find_folder

from .config import MODALITY_OF, Entry, GaiConfig

OPENAI = "https://api.openai.com/v1"
ANTHROPIC = "https://api.anthropic.com"
REMOTE = {
    "OpenAI_TTT": ("remote", OPENAI, "OPENAI_API_KEY"),
    "Claude2_TTT": ("claude", ANTHROPIC, "ANTHROPIC_API_KEY"),
    "OpenAIWhisper_STT": ("remote", OPENAI, "OPENAI_API_KEY"),
    "OpenAI_TTS": ("remote", OPENAI, "OPENAI_API_KEY"),
    "Vision_ITT": ("remote", OPENAI, "OPENAI_API_KEY"),
}
"""Gai's engine → ours, its server, and the variable with the key."""
KEY_NAMES = {"CLAUDE_API_KEY": "ANTHROPIC_API_KEY"}
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_CODE_MODEL = re.compile(r"cod(e|er|ing)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """A wrapper and the model behind it."""

    name: str
    entry: Entry
    card: ModelCard
    is_substitute: bool
    """Another model than the name says answers."""

    @property
    def modality(self) -> Modality:
        """Which worker runs it."""
        return self.card.modality

    @property
    def is_remote(self) -> bool:
        """Whether another server runs it."""
        return self.card.is_remote


def resolve(name: str, config: GaiConfig, models: Models, data_dir: Path) -> Wrapper:
    """Return the wrapper of that name, or a card of the catalogue as one.

    Raises: UnknownModelError; LoadError if its server asks for a key that is not there.
    """
    if name == "ttc":
        return _code_wrapper(models, data_dir)
    entry = config.entries.get(name)
    if entry is None:
        return _own_card(name, config, models)
    if entry.type not in MODALITY_OF:
        raise UnknownModelError(
            f"The wrapper {name!r} is of the type {entry.type!r}; known: {', '.join(MODALITY_OF)}."
        )
    modality = MODALITY_OF[entry.type]
    card = None if entry.api_base else _known_card(name, modality, models, data_dir)
    card = card or _card_of(name, entry, config)
    if card is not None:
        _check_key(card)
        return Wrapper(name=name, entry=entry, card=card, is_substitute=False)
    card = models.default(modality)
    if entry.type != "rag":
        _warn(name, entry, config, card)
    return Wrapper(name=name, entry=entry, card=card, is_substitute=True)


def _known_card(name: str, modality: Modality, models: Models, data_dir: Path) -> ModelCard | None:
    card = models.get(name, modality) if models.knows(name) else None
    return card if card is not None and _has_weights(card, data_dir) else None


def _has_weights(card: ModelCard, data_dir: Path) -> bool:
    if card.is_remote:
        return True
    if is_downloadable(card):
        return is_present(card, data_dir)
    try:
        folder = find_folder(card, data_dir)
    except WeightsError:
        return False
    return all((folder / name).is_file() for name in card.files)


def _card_of(name: str, entry: Entry, config: GaiConfig) -> ModelCard | None:
    if entry.engine in REMOTE:
        return _remote_card(name, entry)
    path = _gguf_file(entry, config.app_dir) if entry.type == "ttt" else None
    if path is None:
        return None
    options = {"context_tokens": entry.max_seq_len} if entry.max_seq_len else {}
    return gguf_card(path, name, options)


def _remote_card(name: str, entry: Entry) -> ModelCard:
    engine, url, key = REMOTE[entry.engine]
    given = entry.api_key.strip("${} ")
    if given and not _VARIABLE.fullmatch(given):
        raise LoadError(
            f"The api_key of {name} in gai.json is not the name of a variable.",
            f"Write the key as {key}=… into the file .env, and {key} into gai.json.",
        )
    url = entry.api_base or url
    options = {
        "remote_model": entry.model_name or name,
        "api_key_env": KEY_NAMES.get(given, given) or key,
    }
    return ModelCard(
        id=name,
        name=name,
        modality=MODALITY_OF[entry.type],
        engine=engine,
        source=f"remote:{url}",
        files={},
        license="the server's terms",
        license_url=url,
        origin="another server",
        parameters_m=100_000,
        memory_mib=0,
        options=options,
    )


def _gguf_file(entry: Entry, app_dir: Path) -> Path | None:
    """Return the file that the entry names, the only one of its folder, or the first by name."""
    if not entry.model_path:
        return None
    place = app_dir / entry.model_path
    if place.suffix == ".gguf":
        return place if place.is_file() else None
    wanted = entry.model_basename.removesuffix(".gguf") or "*"
    return next(iter(sorted(place.glob(f"{wanted}.gguf"))), None)


def _check_key(card: ModelCard) -> None:
    if not is_listed(card):
        raise missing_key(card, key_name(card))


def _own_card(name: str, config: GaiConfig, models: Models) -> Wrapper:
    try:
        card = models.get(name)
    except UnknownModelError as err:
        known = ", ".join([*config.entries, *(card.id for card in models.all())])
        raise UnknownModelError(f"No wrapper is called {name!r}; known: {known}.") from err
    _check_key(card)
    category = next(kind for kind, modality in MODALITY_OF.items() if modality == card.modality)
    return Wrapper(name=name, entry=Entry(type=category), card=card, is_substitute=False)


def _code_wrapper(models: Models, data_dir: Path) -> Wrapper:
    for card in models.all("text"):
        if _CODE_MODEL.search(f"{card.id} {card.name}") and _has_weights(card, data_dir):
            return Wrapper(name="ttc", entry=Entry(type="ttc"), card=card, is_substitute=False)
    raise UnknownModelError(
        "The category ttc (text to code) is not available: no model for code is installed.",
        "Add the card of one, or load a ttt wrapper.",
    )


def _warn(name: str, entry: Entry, config: GaiConfig, card: ModelCard) -> None:
    place = config.app_dir / entry.model_path if entry.model_path else "this machine"
    warnings.warn(
        f"The weights of {name} are not in {place}, or not in a format that can be run; "
        f"{card.name} answers in its place.",
        stacklevel=4,
    )
