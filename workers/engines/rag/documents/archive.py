"""Office files and books are zip archives of XML: opened with bounds, and parsed without trust."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

from workers.messages.errors import UnsupportedInputError

from .source import Source

_WIDE = ("utf-16-le", "utf-16-be")
MAX_TAGS = 1_000_000
"""Of one XML part: some 2,000 pages of text; a tree takes about 1 KB for each."""


class Archive:
    """The parts of an archive, each read only when it is asked for."""

    def __init__(self, source: Source) -> None:
        """Raises: UnsupportedInputError if it is damaged, locked, or too much."""
        self._zip = _opened(source)
        self._source = source
        members = self._zip.infolist()
        self.names = {member.filename for member in members}
        source.reading.count_parts(len(members))
        # zipfile never inflates a member beyond the size it declares, so the declared sizes are bounds.
        source.reading.unpack(sum(member.file_size for member in members))
        if any(member.flag_bits & 1 for member in members):
            raise UnsupportedInputError(
                f"{source.name} is protected by a password.",
                hint="Save a copy without a password and add that.",
            )

    def read(self, name: str) -> bytes:
        """Return a part. Raises: UnsupportedInputError if it is missing or damaged."""
        self._source.reading.step()
        try:
            return self._zip.read(name)
        except KeyError as err:
            raise UnsupportedInputError(f"its part {name} is missing.") from err
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as err:
            raise UnsupportedInputError(f"its part {name} is damaged.") from err

    def xml(self, name: str) -> Any:
        """Return the root of an XML part. Raises: UnsupportedInputError if it is no sound XML."""
        return parse_xml(name, self.read(name))


def names_in(source: Source) -> set[str]:
    """Return the names of the parts of an archive. Raises: UnsupportedInputError if it is damaged."""
    return set(_opened(source).namelist())


def _opened(source: Source) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(source.data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as err:
        raise UnsupportedInputError(
            f"{source.name} is damaged: its archive cannot be opened.",
            hint="Open it in its program and save it again.",
        ) from err


def check_xml(name: str, data: bytes) -> None:
    """Refuse what no honest program writes into a document. Raises: UnsupportedInputError."""
    if b"<!ENTITY" in data or any("<!ENTITY".encode(wide) in data for wide in _WIDE):
        raise UnsupportedInputError(f"its part {name} declares entities, which are not followed.")
    if (number := data.count(b"<")) > 2 * MAX_TAGS:
        raise UnsupportedInputError(
            f"its part {name} has about {number // 2:,} elements; at most {MAX_TAGS:,} are read."
        )


def parse_xml(name: str, data: bytes) -> Any:
    """Return the root of an XML part. Raises: UnsupportedInputError if it is no sound XML."""
    from lxml import etree

    check_xml(name, data)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as err:
        raise UnsupportedInputError(f"its part {name} is damaged.") from err
    return root


def said_of_itself(archive: Archive, part: str, names: dict[str, str]) -> dict[str, str]:
    """Return title, author and date from the part that has them; nothing if it is not sound.

    `names`: the local names of its elements → our keys.
    """
    if part not in archive.names:
        return {}
    try:
        root = archive.xml(part)
    except UnsupportedInputError:
        return {}
    said: dict[str, str] = {}
    for element in root.iter("{*}*"):
        key = names.get(str(element.tag).rpartition("}")[2])
        text = " ".join("".join(element.itertext()).split())[:300]
        if key and text:
            said.setdefault(key, text)
    return said
