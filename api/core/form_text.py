"""The type of text in the fields of a form. The text in JSON is looked at as a whole: `api.gate.bodies`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Text = Annotated[str, Field(min_length=0)]
"""Text that can be written down. The bound lets everything else through, but makes pydantic count
characters, and so refuse halves of surrogate pairs: a form names its own encoding, some have them."""
