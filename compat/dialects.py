"""Every dialect that Quintet speaks: today's, and those of the systems it takes the place of."""

from __future__ import annotations

from api.app import DIALECTS as TODAYS
from api.core.dialect import Dialect

from .gai.http.rag_routes import GAI_RAG
from .gai.http.routes import GAI
from .geniusrise.routes import GENIUSRISE
from .llm_api.routes import LLM_API
from .localai.routes import LOCALAI

DIALECTS: tuple[Dialect, ...] = (*TODAYS, GENIUSRISE, LLM_API, GAI, GAI_RAG, LOCALAI)
"""To add an older system: a folder in `compat/`, and its name here."""
