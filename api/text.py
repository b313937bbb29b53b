"""The type of text that a client sends."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Text = Annotated[str, Field(min_length=0)]
"""Text that can be written down. The bound lets everything else through, but makes pydantic count
characters, and so refuse halves of surrogate pairs (JSON may hold them; no engine can read them)."""
