"""Bytes → text, in whatever character set they are."""

from __future__ import annotations

import codecs
import re
import unicodedata

from workers.messages.errors import UnsupportedInputError

from .source import Reading

_SAMPLE_BYTES = 200_000
_MAX_CHAOS = 0.2
"""charset-normalizer's measure of disorder, [0, 1], and its own default bound for a text."""
_MAX_CONTROLS = 0.02
"""Share of control characters: logs of terminals have some, binary data has 10 % and more."""
_MAX_NULS = 0.05
"""Share of zero bytes in a text; UTF-16 has 30 % and more of them where most letters are Latin."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BAD_UTF8 = re.compile("\ufffd+")


def decode(name: str, data: bytes, reading: Reading) -> str:
    """Return the text; characters that do not fit are replaced, which `reading` then notes.

    Raises: UnsupportedInputError if no character set fits.
    """
    charset = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    charset = charset or _wide_charset(data)
    size = len(data)
    if charset is None:
        data = _without_nuls(name, data, reading)
        charset = _narrow_charset(data)
    if charset is None:
        raise UnsupportedInputError(
            f"{name} is not a text: no character set fits its {size:,} bytes.",
            hint="Save it as UTF-8.",
        )
    text = data.decode(charset, errors="replace").removeprefix("\ufeff")
    if _controls(text[:_SAMPLE_BYTES]) > _MAX_CONTROLS:
        raise UnsupportedInputError(f"{name} is not a text: its content is binary data.")
    if (bad := text.count("\ufffd")) and "\ufffd".encode() not in data:
        what = "character does" if bad == 1 else "characters do"
        reading.lose(f"{bad:,} {what} not fit the character set {charset} and cannot be read.")
    return text


def _wide_charset(data: bytes) -> str | None:
    """Return which UTF-16 or UTF-32 without a mark it is: the zeros of spaces and line ends betray it."""
    sample = data[: _SAMPLE_BYTES // 4 * 4]
    nuls = sample.count(0)
    if not nuls or (nuls < 0.3 * len(sample) and _is_utf8(sample.replace(b"\x00", b""))):
        return None
    fits = {}
    for charset, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        try:
            text = sample[: len(sample) // width * width].decode(charset)
        except UnicodeDecodeError:
            if width == 4 or len(sample) == len(data):
                continue
            text = sample.decode(charset, errors="ignore")
        fits[charset] = _strangeness(text)
    best = min(fits, key=fits.__getitem__, default=None)
    return best if best is not None and fits[best] <= _MAX_CONTROLS else None


def _strangeness(text: str) -> float:
    """Return the share of characters that no text has: unassigned, private, control characters.

    And of letters whose script is nearly nowhere used, which is what half a character looks like.
    """
    few = text[:20_000]
    strange = sum(unicodedata.category(one) in ("Cn", "Co", "Cs", "Cc") for one in few)
    strange -= sum(few.count(mark) for mark in "\t\n\r\f")
    has_break = any(mark in few for mark in " \n\u3000\u3002")
    return strange / max(1, len(few)) if has_break or len(few) < 40 else 1.0


def _without_nuls(name: str, data: bytes, reading: Reading) -> bytes:
    """Return a text without the few zero bytes in it. Raises: UnsupportedInputError if there are many."""
    number = data.count(0)
    if number > max(1, len(data) * _MAX_NULS):
        raise UnsupportedInputError(f"{name} is not a text: its content is binary data.")
    if number:
        what = "NUL byte is" if number == 1 else "NUL bytes are"
        reading.lose(f"{number:,} {what} left out of {name}.")
    return data.replace(b"\x00", b"") if number else data


def _narrow_charset(data: bytes) -> str | None:
    """Return UTF-8 if nearly everything fits it, else what charset-normalizer finds."""
    if _is_utf8(data) or _is_nearly_utf8(data):
        return "utf-8"
    from charset_normalizer import from_bytes

    first = re.search(rb"[\x80-\xff]", data)
    start = max(0, first.start() - 1000) if first else 0
    best = from_bytes(data[start : start + _SAMPLE_BYTES], threshold=_MAX_CHAOS).best()
    return None if best is None else best.encoding


def _is_utf8(data: bytes) -> bool:
    """Whether all of it is, but for a character that the end cuts."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _is_nearly_utf8(data: bytes) -> bool:
    """Whether three times more characters of several bytes fit than do not: a cut or a damaged file."""
    text = data.decode("utf-8", errors="replace")
    bad = sum(1 for _ in _BAD_UTF8.finditer(text))
    wide = (
        len(text) - text.count("\ufffd") - sum(len(run) for run in re.findall("[\x00-\x7f]+", text))
    )
    return wide >= 3 * bad


def _controls(text: str) -> float:
    found = len(re.findall("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", text))
    return found / max(1, len(text))
