"""What the page calls the five workers, and how it says which model they use."""

from __future__ import annotations

from workers.models.setup.choosing import Chosen

TITLES = {
    "text": "Text",
    "stt": "Speech in",
    "tts": "Speech out",
    "vision": "Vision",
    "rag": "RAG",
}


def chosen_words(chosen: Chosen) -> str:
    """Return "Text and Vision now use Qwen3.5 4B, also after a restart."."""
    who = " and ".join(TITLES[modality] for modality in chosen.used_for)
    verb = "use" if len(chosen.used_for) > 1 else "uses"
    until = f"until Quintet ends: {chosen.not_kept}" if chosen.not_kept else "also after a restart"
    return f"{who} now {verb} {chosen.card.name}, {until}."
