"""What Pillow's decoders raise on broken files, besides its own errors (which are OSErrors)."""

from __future__ import annotations

import struct
import zlib

DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)
