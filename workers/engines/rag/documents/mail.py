"""Mails (eml) and mailboxes (mbox): their text, and what is attached, read by its kind."""

from __future__ import annotations

import email
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import Message

from workers.messages import Metadata

from .decoding import decode
from .page_notes import PageNotes
from .plain import blocks
from .section import OpenDocument, Section
from .source import Source
from .web import html_sections

_HEADERS = ("From", "To", "Cc", "Date", "Subject")
_BEGINS = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\n]*\n")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_MAX_HEADER_CHARS = 1000
_MAX_PARTS_DEEP = 20
"""Parts within parts of one message; honest mails have three."""

Open = Callable[[Source], OpenDocument]


def is_mailbox(source: Source) -> bool:
    """Whether it has several messages."""
    return source.data.startswith(b"From ") and len(_BEGINS.findall(source.data[:10_000_000])) > 1


def open_mail(source: Source, open_source: Open) -> OpenDocument:
    """Open a mail or a mailbox; `open_source` opens what is attached."""
    if source.name.lower().endswith(".mbox") or is_mailbox(source):
        return OpenDocument(sections=_mailbox(source, open_source))
    message = email.message_from_bytes(source.data)
    said = {"title": "Subject", "author": "From", "date": "Date"}
    metadata = ((key, _header(message, name)[:300]) for key, name in said.items())
    return OpenDocument(
        sections=_Mail(source, open_source).sections(message),
        metadata=tuple(sorted((key, text) for key, text in metadata if text)),
    )


def _mailbox(source: Source, open_source: Open) -> Iterator[Section]:
    starts = [found.end() for found in _BEGINS.finditer(source.data)] or [0]
    ends = [found.start() for found in _BEGINS.finditer(source.data)][1:]
    for number, (start, end) in enumerate(
        zip(starts, [*ends, len(source.data)], strict=True), start=1
    ):
        source.reading.step()
        source.reading.count_parts()
        with source.reading.losing(f"Message {number} of {source.name}"):
            data = _QUOTED.sub(rb"\1", source.data[start:end])
            message = email.message_from_bytes(data)
            mail = _Mail(source, open_source, f"message {number} of ")
            for section in mail.sections(message):
                yield replace(section, place=(("message", str(number)), *section.place))


def _header(message: Message, name: str) -> str:
    """Return a header as people read it; one that is coded wrongly as it stands."""
    raw = str(message.get(name) or "")[:_MAX_HEADER_CHARS]
    try:
        words = str(make_header(decode_header(raw)))
    except (LookupError, ValueError):
        words = raw
    return " ".join(words.encode("utf-8", "replace").decode().split())


class _Mail:
    """Reads one message, and those that are attached to it, within the bounds of its file."""

    def __init__(self, source: Source, open_source: Open, where: str = "") -> None:
        self._source, self._open = source, open_source
        self._of = f"{where}{source.name}"

    def sections(self, message: Message) -> Iterator[Section]:
        """Yield the headers, the text, and what is attached."""
        subject = _header(message, "Subject")
        headings = (subject,) if subject else ()
        said = [(name, _header(message, name)) for name in _HEADERS]
        text = "\n".join(f"{name}: {words}" for name, words in said if words)
        if text:
            yield Section(text=text, headings=headings)
        yield from self._part(message, headings, 0)

    def _part(self, part: Message, headings: tuple[str, ...], depth: int) -> Iterator[Section]:
        self._source.reading.step()
        self._source.reading.count_parts()
        kind = part.get_content_type()
        if depth > _MAX_PARTS_DEEP:
            self._source.reading.lose(
                f"A part of {self._of} could not be read: parts in parts are read "
                f"{_MAX_PARTS_DEEP} deep, no deeper."
            )
        elif kind == "message/rfc822" and part.is_multipart():
            yield from self._attached_mail(part, headings)
        elif kind == "multipart/alternative":
            yield from self._best(part, headings, depth)
        elif part.is_multipart():
            for one in _parts(part):
                yield from self._part(one, headings, depth + 1)
        elif _file_name(part) or not kind.startswith("text/"):
            yield from self._attachment(part, headings)
        else:
            with self._source.reading.losing(f"The text of {self._of}"):
                yield from self._body(part, headings)

    def _best(self, part: Message, headings: tuple[str, ...], depth: int) -> Iterator[Section]:
        """Yield the last of several forms of one text that has any: the richest comes last."""
        for one in reversed(_parts(part)):
            found = list(self._part(one, headings, depth + 1))
            if any(section.text.strip() for section in found):
                yield from found
                return

    def _body(self, part: Message, headings: tuple[str, ...]) -> Iterator[Section]:
        data = _payload(part)
        self._source.reading.unpack(len(data))
        try:
            text = data.decode(part.get_content_charset() or "")
        except (LookupError, UnicodeDecodeError):
            text = decode(f"the text of {self._of}", data, self._source.reading)
        if part.get_content_subtype() == "html":
            yield from html_sections(text, self._source.reading, headings)
            return
        for block in blocks(re.sub(r"\r\n?", "\n", text).strip()):
            yield Section(text=block, headings=headings)

    def _attached_mail(self, part: Message, headings: tuple[str, ...]) -> Iterator[Section]:
        inner = _parts(part)[0]
        name = _header(inner, "Subject") or "a mail"
        with self._source.reading.losing(f"Attached mail “{name}” of {self._of}"):
            source = self._source.inner(f"“{name}” in {self._of}", b"")
            for section in _Mail(source, self._open).sections(inner):
                yield self._placed(section, headings, (("attachment", name),))

    def _attachment(self, part: Message, headings: tuple[str, ...]) -> Iterator[Section]:
        name = _file_name(part) or f"attachment of kind {part.get_content_type()}"
        with self._source.reading.losing(f"Attachment {name} of {self._of}"):
            data = _payload(part)
            self._source.reading.unpack(len(data))
            notes, is_empty = PageNotes(), True
            for section in self._open(self._source.inner(name, data)).sections:
                notes.see(section)
                is_empty = is_empty and not section.text.strip()
                page = (("page", str(section.page)),) if section.page is not None else ()
                placed = self._placed(section, (*headings, name), (("attachment", name), *page))
                yield replace(placed, page=None, lacks="")
            if notes.text or is_empty:
                self._source.reading.lose(
                    f"Attachment {name} of {self._of}: {notes.text or 'it contains no text.'}"
                )

    def _placed(self, section: Section, above: tuple[str, ...], place: Metadata) -> Section:
        return replace(
            section, headings=(*above, *section.headings), place=(*place, *section.place)
        )


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _file_name(part: Message) -> str:
    """Return the name of an attachment, without folders; "" for a text that is part of the mail."""
    name = part.get_filename() or ""
    try:
        name = str(make_header(decode_header(name)))
    except (LookupError, ValueError):
        name = str(name)
    name = re.split(r"[/\\]", " ".join(name.split()))[-1][-120:]
    if not name and part.get_content_disposition() == "attachment":
        name = "attachment.html" if part.get_content_subtype() == "html" else "attachment.txt"
    return name
