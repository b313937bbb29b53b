"""Gai/Gen's names for models: a generator is a wrapper that its users know, not a file.

A name that is a card's id is that model; the remote ones (`gpt-4`, `openai-tts-1`…) have cards. The
local wrappers below stand for the modality's model in use, unless a card of that name exists: their
users ask for a local model, and the answer says which one it was. Any other name is refused, as a
service of Gai/Gen refuses it. Source: section 1.4 of the contract.
"""

from __future__ import annotations

from configs.catalogue import ModelCard
from workers.messages import Modality
from workers.messages.errors import UnknownModelError
from workers.models.lookup import Models

from .errors import ModelServiceMismatchError

CATEGORIES: dict[Modality, str] = {
    "text": "ttt",
    "stt": "stt",
    "tts": "tts",
    "vision": "itt",
    "rag": "rag",
}
LOCAL_WRAPPERS: dict[Modality, tuple[str, ...]] = {
    "text": (
        "mistral7b-exllama",
        "mistral7b_128k-exllama",
        "mistral7b-llamacpp",
        "mistral7b-gguf",
        "llama2-transformers",
        "deepseek-transformers",
    ),
    "stt": ("whisper-transformers",),
    "tts": ("xtts-2",),
    "vision": ("llava-transformers",),
    "rag": ("rag",),
}
ROLE_IN_EVERY_CHUNK = ("-llamacpp", "-gguf", "-transformers", "claude2-100k")
"""Ends of the names whose streams repeat the role and close with an empty text."""
SPEAKS_WAV = ("xtts-2",)
WRAPPERS_VOICES = ("Vjollca Johnnie",)
"""xtts-2's default, which the voice in use may not have; OpenAI's are known to its dialect."""


def _is_here(models: Models, name: str) -> bool:
    """Whether a wrapper's name is also that of a model that can be used now."""
    return models.knows(name) and models.is_here(models.get(name))


def card_of(models: Models, modality: Modality, name: str) -> ModelCard:
    """Return the card that answers to a generator's name.

    Raises: ModelServiceMismatchError if the category does not answer to it.
    """
    if name in LOCAL_WRAPPERS[modality] and not _is_here(models, name):
        return models.default(modality)
    try:
        return models.get(name, modality)
    except UnknownModelError as err:
        raise ModelServiceMismatchError(
            _mismatch(models, modality, name), "Send one of these as model."
        ) from err


def _mismatch(models: Models, modality: Modality, name: str) -> str:
    if name == "ttc":
        return "The category ttc (text to code) is not available."
    known = dict.fromkeys([*(card.id for card in models.all(modality)), *LOCAL_WRAPPERS[modality]])
    return (
        f"The category {CATEGORIES[modality]} does not answer to {name!r}; "
        f"it answers to {', '.join(known)}."
    )
