"""The page."""

from __future__ import annotations

from .core.lean_gradio import import_lean

import_lean()
