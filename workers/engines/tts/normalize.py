"""From what is written to what is said: numbers, money, dates, addresses, symbols.

normt2s knows numbers, units, currencies, fractions, formulas and most abbreviations. The tables
here bring what it does not read well (each row was heard wrong) into a form that it does. English
only; text in other languages passes through, minus emoji.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from functools import lru_cache

import emoji
from normt2s import Normalizer, Rule, RuleSet

Replacement = str | Callable[[re.Match[str]], str]

MONTHS = calendar.month_name[1:]
_SHORT = {month[:3]: month for month in MONTHS} | {"Sept": "September"}
_MONTH = rf"(?P<month>{'|'.join([*MONTHS, *sorted(_SHORT, key=len, reverse=True)])})\b\.?"
_MAGNITUDES = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion", "t": "trillion"}
_ROMAN_TO_20 = ("", "X"), ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
_ROMAN = {
    tens + ones: 10 * ten + one
    for ten, tens in enumerate(_ROMAN_TO_20[0])
    for one, ones in enumerate(_ROMAN_TO_20[1], start=1)
}
_YEAR = r"(?:1\d|20)\d\d"
_YEAR_LEADS = "in|since|by|from|to|until|till|year|years|of|early|late|before|after|between|circa"
_NOT_YEAR = (
    r"[\d%°]|[,.]\d|:\d| ?(?:[a-zA-Z]{1,4}/|dollars|euros|people|characters|words|[kmcg]?m\b|k?g\b)"
)


def _month_name(word: str) -> str:
    return _SHORT.get(word, word)


def _spaced(text: str) -> str:
    """Digits one by one: "555" → "5 5 5"."""
    return " ".join(text)


def _phone(match: re.Match[str]) -> str:
    groups = re.findall(r"\d+", match[0])
    plus = "plus " if match[0].startswith("+") else ""
    return plus + ", ".join(_spaced(group) for group in groups)


def _us_date(match: re.Match[str]) -> str:
    month, day, year = (int(group) for group in match.groups())
    if month > 12 >= day:  # 15/03/2024: the other order
        month, day = day, month
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return match[0]
    return f"{MONTHS[month - 1]} {day}, {year}"


def _day_month(match: re.Match[str]) -> str:
    year = f", {match['year']}" if match["year"] else ""
    return f"{_month_name(match['month'])} {match['day']}{year}"


def _clock(match: re.Match[str]) -> str:
    return f"{int(match[1])} hours {int(match[2])} minutes {int(match[3])} seconds"


def _whole_hour(match: re.Match[str]) -> str:
    hour = int(match[1])
    return f"{hour} {'hundred hours' if hour > 12 else 'o’clock'}"


def _address(match: re.Match[str]) -> str:
    """Read out the host and the path of a web address; the query is noise."""
    host = re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0])
    host = re.split(r"[?#]", host)[0].rstrip("/.,;:!?)")
    tail = match[0][len(match[0].rstrip(".,;:!?)")) :]
    return _spell_path(host) + tail


def _spell_path(path: str) -> str:
    for sign, word in ((".", " dot "), ("/", " slash "), ("_", " underscore "), ("-", " dash ")):
        path = path.replace(sign, word)
    return re.sub(r" {2,}", " ", path).strip()


def _mail(match: re.Match[str]) -> str:
    user, _, host = match[0].partition("@")
    return f"{_spell_path(user)} at {_spell_path(host)}"


def _dotted(match: re.Match[str]) -> str:
    return " dot ".join(match[0].split("."))


def _magnitude(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]} {_MAGNITUDES[match[3].lower()]}"


def _roman(match: re.Match[str]) -> str:
    return f"{match[1]} {_ROMAN[match[2]]}" if match[2] in _ROMAN else match[0]


def _roman_ordinal(match: re.Match[str]) -> str:
    if match[2] not in _ROMAN:
        return match[0]
    number = _ROMAN[match[2]]
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number, "th")
    return f"{match[1]} the {number}{suffix}"


def _years(match: re.Match[str]) -> str:
    return re.sub(_YEAR, lambda year: _year(int(year[0])), match[0])


def _year(number: int) -> str:
    if 1010 <= number < 1100:  # normt2s reads these as amounts
        return f"{number // 100} {number % 100}"
    return str(_normalizer().normalize(f"in {number}")).removeprefix("in ")


def _split_code(match: re.Match[str]) -> str:
    """Flight and model numbers are read in pairs: "BA2490" → "BA 24 90", but "BA2405" singly."""
    letters, digits = match.groups()
    if len(digits) != 4:
        return f"{letters} {digits}"
    pairs = f"{digits[:2]} {digits[2:]}"
    return f"{letters} {_spaced(digits) if '0' in digits[::2] else pairs}"


# pattern → replacement, applied from top to bottom before normt2s
BEFORE: tuple[tuple[str, Replacement], ...] = (
    (r"[\u200b-\u200f\u2060\ufeff\u00ad\ufffd]", ""),  # invisible characters
    (r"[‘’ʼ]", "'"),
    (r"[“”„«»]", '"'),
    (r"…", "..."),
    (r"\\([*_#`~>|!+.-])", r"\1"),  # Markdown's escapes
    (r"\[\d+(?:, ?\d+)*\](?!\()", ""),  # citation marks: [1], [2, 3]
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _mail),
    (r"(?:https?://|www\.)[^\s<>\"')]+", _address),
    (r"\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|ai|edu|gov)\b(?:/[\w./-]*\w)?", _address),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}\b", _dotted),  # IP addresses
    (r"\b[vV]?\d+(?:\.\d+){2,}\b", _dotted),  # versions
    (
        r"\b[\w-]+\.(?:py|txt|md|pdf|json|yaml|yml|js|html|css|csv|exe|zip|png|jpg|mp3|wav)\b",
        _dotted,
    ),
    (r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4})(?![\d/])", _us_date),
    (
        rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? (?P<year>\d{{4}})\b)?",
        _day_month,
    ),
    (rf"\b{_MONTH}(?= \d)", lambda m: _month_name(m["month"])),
    (r"\b(\d{1,2}):([0-5]\d):([0-5]\d)\b", _clock),
    (r"\b(\d{1,2}):00(?! ?[ap]\.?m)\b", _whole_hour),
    (r"(?i)\b([ap])\.m\.(?=\s+[A-Z]|\s*$)", lambda m: m[1].upper() + "M."),
    (r"(?i)(?<=\d) ?([ap])\.?m\b\.?", lambda m: f" {m[1].upper()}M"),
    (r"(?<![\w+])(?:\+\d{1,3}[ -])?(?:\(\d{3}\) ?|\d{3}[ -])\d{3}[ -]\d{4}\b", _phone),
    (r"(?<![\w+])\+\d{1,3}(?:[ -]\d{2,4}){2,5}\b", _phone),
    (r"([$€£])(\d[\d,.]*)(?:\s?)(bn|[kKmMbBtT])\b", _magnitude),
    (r"(?<!\w)'(\d)0s\b", r"19\g<1>0s"),
    (rf"(?:\bfrom )?\b({_YEAR}) ?[-–] ?({_YEAR})\b", r"from \1 to \2"),
    (rf"(?i)\b(?:{_YEAR_LEADS}) {_YEAR}(?:(?:,|,? and|,? or) {_YEAR})*\b(?!{_NOT_YEAR})", _years),
    (rf"\({_YEAR}\)", _years),
    (r"(?<![\w-])(\d{1,3}) ?[-–] ?(\d{1,3})(?![\w-])", r"\1 to \2"),
    (r"(?<!\S)~ ?(?=\d)", "about "),
    (r"\b(\d+(?:\.\d+)?)x\b", r"\1 times"),
    (r"\b(\d+) ?× ?(\d+)\b", r"\1 by \2"),
    (r"\b(\d+)' ?(\d+)\"", r"\1 feet \2 inches"),
    (r"\b(\d+(?:\.\d+)?) in(?=\s*$|[,;).])", r"\1 inches"),
    (r"\bC\+\+", "C plus plus"),
    (r"\b([CF])#", r"\1 sharp"),
    (r"(?<!\w)@(?=\w)", "at "),
    (r"(?<!\w)#(?=[A-Za-z])", "hashtag "),
    (r"\b([A-Z])&([A-Z])\b", r"\1 and \2"),
    (r"\bAT&T\b", "A T and T"),
    (r"\b(Chapter|Part|Volume|War|Act|Section|Type|Appendix) ([IVX]+)\b(?!')", _roman),
    (r"\b(Henry|Louis|Elizabeth|George|Edward|Charles|James|Pius|Paul) ([IVX]+)\b", _roman_ordinal),
    (r"\bNo\. ?(?=\d)", "number "),
    (r"\bpp\. ?(?=\d)", "pages "),
    (r"\bp\. ?(?=\d)", "page "),
    (r"\bSt\. (?=[A-Z][a-z])", "Saint "),
    (r"\bSt\.(?=$|[\s,])", "Street"),
    (r"\bAve\.?(?=$|[\s,.])", "Avenue"),
    (r"\bw/o\b", "without"),
    (r"\bw/(?=\s)", "with"),
    (r"\band/or\b", "and or"),
    (r"\b(he|she|his)/(she|he|her|hers)\b", r"\1 or \2"),
    (r"(?<!\S)~?(?:/[\w.-]*\w)+/?", lambda m: _spell_path(m[0])),
    (r"\b([A-Z]{2,3})(\d{3,4})\b", _split_code),
    (r"\b(\d+(?:\.\d+)?)[eE]([+-]?\d{1,3})\b", r"\1 times ten to the \2"),
)

# what normt2s leaves: signs that no voice should read or stumble over
AFTER: tuple[tuple[str, Replacement], ...] = (
    (r"\b([ap]) m\b", lambda m: f"{m[1].upper()} M"),
    (r"\b(\w+)tys\b", r"\1ties"),
    (r"(?<=\w)/(?=\w)", " slash "),
    (r"(?<=\w)_(?=\w)", " "),
    (r"[*_`~|<>{}\\^#]+", " "),
    (r"[•·▪◦●■★→←↑↓✓✗✔✘™®©]+", " "),
    (r"([!?.,;:])(?:\s*[,;:])+", r"\1"),
    (r"[-=+]{2,}", " "),
    (r"\s+([.,;:!?])", r"\1"),
    (r"\s+", " "),
)

_RULES = RuleSet(
    [
        Rule("Jr.", "Junior", case_sensitive=True),
        Rule("Sr.", "Senior", case_sensitive=True),
        Rule("Gen.", "General", case_sensitive=True),
        Rule("Capt.", "Captain", case_sensitive=True),
        Rule("Lt.", "Lieutenant", case_sensitive=True),
        Rule("Dept.", "Department", case_sensitive=True),
        Rule("Inc.", "Incorporated", case_sensitive=True),
        Rule("Ltd.", "Limited", case_sensitive=True),
        Rule("Corp.", "Corporation", case_sensitive=True),
        Rule("est.", "established"),
        Rule("max.", "maximum"),
        Rule("min.", "minimum", case_sensitive=True),
    ]
)


@lru_cache(maxsize=1)
def _normalizer() -> Normalizer:
    return Normalizer("en")


@lru_cache(maxsize=1)
def _compiled() -> tuple[list[tuple[re.Pattern[str], Replacement]], ...]:
    return tuple([(re.compile(pattern), to) for pattern, to in table] for table in (BEFORE, AFTER))


def without_emoji(text: str) -> str:
    """Drop emoji: a voice that says "grinning face" helps nobody."""
    return emoji.replace_emoji(text, " ")


def to_spoken(text: str, language: str = "en") -> str:
    """Return the words to say for one sentence of plain text; may be empty."""
    text = without_emoji(text)
    if language != "en":
        return " ".join(text.split())
    before, after = _compiled()
    for pattern, replacement in before:
        text = pattern.sub(replacement, text)
    text = _normalizer().normalize(text, rules=_RULES)
    for pattern, replacement in after:
        text = pattern.sub(replacement, text)
    return text.strip(" -–—")


def is_speakable(text: str) -> bool:
    """True if there is a letter or a digit; a voice makes nothing of three dots."""
    return any(char.isalnum() for char in text)
