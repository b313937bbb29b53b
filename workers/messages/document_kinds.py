"""Which kinds of documents are read, and by which endings of names: the one table that everybody asks.

The reader, the sentence of a refusal, the page's file dialog and the docs (by a test) follow it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentKind:
    """One kind of document."""

    key: str
    title: str
    """As in a list of what can be read."""
    suffixes: tuple[str, ...]
    """Endings of names, lower case, with their dot."""


def _kind(key: str, title: str, suffixes: str) -> DocumentKind:
    return DocumentKind(key=key, title=title, suffixes=tuple(f".{one}" for one in suffixes.split()))


KINDS = (
    _kind("pdf", "PDF", "pdf"),
    _kind("picture", "pictures", "png jpg jpeg webp gif bmp tif tiff"),
    _kind("docx", "Word (docx)", "docx docm dotx"),
    _kind("pptx", "PowerPoint (pptx)", "pptx pptm ppsx potx"),
    _kind("xlsx", "Excel (xlsx)", "xlsx xlsm xltx"),
    _kind("odf", "OpenDocument (odt, ods, odp)", "odt ott ods odp"),
    _kind("epub", "e-books (epub)", "epub"),
    _kind("mail", "mails (eml, mbox)", "eml mbox"),
    _kind("html", "web pages (html)", "html htm xhtml"),
    _kind("markdown", "Markdown", "md markdown"),
    _kind("rtf", "RTF", "rtf"),
    _kind("csv", "CSV", "csv tsv"),
    _kind("subtitles", "subtitles (srt, vtt, ass)", "srt vtt ass ssa"),
    _kind(
        "code",
        "source code",
        "py pyi js mjs cjs jsx ts tsx java kt kts scala go rs c h cc cpp cxx hpp hh cs swift rb php "
        "pl pm lua r jl dart hs ml fs ex exs erl clj groovy m mm vb pas d nim zig sol sh bash ps1 sql",
    ),
    _kind("text", "plain text", "txt text log json jsonl yaml yml toml ini cfg xml rst tex"),
)
READABLE = ", ".join(kind.title for kind in KINDS[:-1]) + " and " + KINDS[-1].title
ACCEPT = ",".join(suffix for kind in KINDS for suffix in kind.suffixes)
"""For the file dialog of a browser."""
_BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}


def kind_of_suffix(suffix: str) -> DocumentKind | None:
    """Return the kind whose names end so (".md", any case); None: none does."""
    return _BY_SUFFIX.get(suffix.lower())
