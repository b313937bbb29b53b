"""Where other programs keep their models, by their own rules: their variables, else their usual places."""

from __future__ import annotations

import os
from pathlib import Path


def ollama_folders() -> tuple[Path, ...]:
    """Return where Ollama may keep models: OLLAMA_MODELS alone, else the user's own and its service's.

    Source: Ollama's docs/faq.md, "Where are models stored?".
    """
    own = os.environ.get("OLLAMA_MODELS", "").strip()
    if own:
        return (Path(own).expanduser(),)
    return Path.home() / ".ollama" / "models", Path("/usr/share/ollama/.ollama/models")


def lm_studio_folders() -> tuple[Path, ...]:
    """Return where LM Studio may keep models, today and before its version 0.3.

    Source: LM Studio's docs, "Import Models".
    """
    home = Path.home()
    return home / ".lmstudio" / "models", home / ".cache" / "lm-studio" / "models"
