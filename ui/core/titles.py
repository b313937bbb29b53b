"""What the page calls the five workers."""

from __future__ import annotations

TITLES = {
    "text": "Text",
    "stt": "Speech in",
    "tts": "Speech out",
    "vision": "Vision",
    "rag": "RAG",
}
