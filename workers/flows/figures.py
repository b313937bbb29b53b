"""Numbers in a text, and which numbers and names of an answer stand in none of its passages. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workers.messages import Passage
from workers.messages.names import names_in

_NUMBER = re.compile(r"\d+")
_THOUSANDS = re.compile(r"(?<=\d)[,\u00a0\u202f](?=\d{3}(?!\d))")
_LIST_NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)
_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
_VALUES = {word: str(value) for value, word in enumerate(_WORDS)} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "ninety": "90",
    "hundred": "100",
    "thousand": "1000",
    "half": "30",
}
"""English number words as passages have them: an answer may write 8 for "eight", 5:30 for "half past five"."""

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_UNIT = (
    "(?:%|°[CF]|[kcm]?m|[kmµn]?g|m?s|min|h|[KMGT]i?B|kHz|MHz|GHz|Hz|k?W|V|A|metres?|meters?|kilomet(?:re|er)s?"
    "|miles?|seconds?|minutes?|hours?|days?|weeks?|months?|years?|percent|euros?|dollars?|crowns?)(?!\\w)"
)
_AMOUNT = re.compile(
    rf"(?<![\w.]){_MONTH} \d{{1,2}}(?:, \d{{4}})?(?!\d)|(?<![\w.,-])\d{{1,2}} {_MONTH}(?: \d{{4}})?(?!\d)"
    rf"|(?<![\w.,-])[$€£]?\d+(?:[.,:/-]\d+)*(?:\s?{_UNIT})?"
)
_MIN_NAME_LETTERS = 5


def numbers_in(text: str) -> set[str]:
    """Return the numbers of a sentence as digits: "1,200" is one number, "19.5" is two; not those of a list."""
    plain = _THOUSANDS.sub("", _LIST_NUMBER.sub("", text))
    return {number.lstrip("0") or "0" for number in _NUMBER.findall(plain)}


def figures_in(text: str) -> set[str]:
    """Return all numbers that a passage has, in digits or in English words."""
    words = re.findall(r"[a-z]+", text.lower())
    plain = _NUMBER.findall(_THOUSANDS.sub("", text))
    digits = {number.lstrip("0") or "0" for number in plain + _NUMBER.findall(text)}
    return digits | {_VALUES[word] for word in words if word in _VALUES}


def amounts_in(text: str) -> list[str]:
    """Return what a sentence has of numbers, as a reader would say them: "42 m", "3 May 2021", "5:30"."""
    return [found[0].strip() for found in _AMOUNT.finditer(_LIST_NUMBER.sub("", text))]


def strays(sentences: Sequence[str], passages: Sequence[Passage]) -> tuple[str, ...]:
    """Return the numbers and names of an answer that stand in none of its passages, each once, in order."""
    figures = set().union(*(figures_in(passage.text) for passage in passages))
    words = " ".join(f"{one.document_name} {one.text}" for one in passages).lower()
    found: list[str] = []
    for sentence in sentences:
        found += [one for one in amounts_in(sentence) if not numbers_in(one) <= figures]
        unknown = [name for name in names_in(sentence) if name_key(name) not in words]
        found += [one for one in _joined(unknown, sentence) if not numbers_in(one)]
    return tuple(dict.fromkeys(found))


def name_key(name: str) -> str:
    """Return what a name is looked for by: without its ending, "Thursdays" is "Thursday"."""
    return name.lower()[: max(_MIN_NAME_LETTERS, len(name) - 2)]


def _joined(names: Sequence[str], sentence: str) -> list[str]:
    """Return names that stand side by side as one: "Anna Holm"."""
    found: list[str] = []
    for name in names:
        if found and f"{found[-1]} {name}" in sentence:
            found[-1] = f"{found[-1]} {name}"
        else:
            found.append(name)
    return found
