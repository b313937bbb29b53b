"""Each kind of document: its text, and where in it the text stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rag import kinds_material as made
from workers.engines.rag.documents import opening
from workers.engines.rag.documents.reader import DocumentLimits, open_document
from workers.messages.document_kinds import ACCEPT, KINDS

ROOT = Path(__file__).parents[3]
Found = list[tuple[tuple[str, ...], str, dict[str, str]]]


def read(name: str, data: bytes) -> tuple[Found, dict[str, str], list[str]]:
    opened = open_document(name, data, DocumentLimits(max_file_mib=4.0))
    found = [(one.headings, one.text, dict(one.place)) for one in opened.sections]
    return found, dict(opened.metadata), list(opened.lost)


def test_word_with_header_and_footer() -> None:
    found, said, lost = read("garden.docx", made.word())
    assert found == [
        (("Watering",), "Tomatoes are watered at seven.\n\nNorth | Rhubarb", {}),
        (("Header",), "Internal paper 12", {"part": "header"}),
        (("Footer",), "Approved by Nora", {"part": "footer"}),
    ]
    assert (said["author"], said["title"], lost) == ("Ada Berg", "Garden rules", [])


def test_slides_with_titles_tables_and_notes() -> None:
    found, said, lost = read("tower.pptx", made.slides())
    assert found == [
        (("The tower",), "It is 31 metres high.", {"slide": "1"}),
        (
            ("The keepers",),
            "Name | Since\nErik | 1874\n\nNotes: Mention the storm.",
            {"slide": "2"},
        ),
        ((), "Questions?", {"slide": "3"}),
    ]
    assert (said["author"], lost) == ("Ada Berg", [])


def test_sheets_say_their_columns() -> None:
    found, said, lost = read("stock.xlsx", made.workbook())
    assert found == [
        (("Prices",), "Item: Rope; Crowns: 12\nItem: Oil; Crowns: 7.5", {"sheet": "Prices"}),
        (("Boats",), "Boat: Petrel; Built: 1911", {"sheet": "Boats"}),
    ]
    assert (said["author"], lost) == ("Ada Berg", [])


def test_open_document_files() -> None:
    found, said, lost = read("light.odt", made.odt())
    assert found == [
        (("Light",), "Seen for 19 miles.", {}),
        (("Light", "Lens"), "Glass\nAge | 77", {}),
        (("Header",), "Paper 12", {"part": "header"}),
    ]
    assert (said, lost) == ({"author": "Ada", "date": "2024-05-01"}, [])
    assert read("ports.ods", made.ods())[0] == [
        (("Ports",), "Port: Molde; Depth: 6 m", {"sheet": "Ports"})
    ]
    assert read("show.odp", made.odp())[0] == [
        (("Start",), "First words.", {"slide": "1"}),
        (("End",), "Last words.", {"slide": "2"}),
    ]


def test_a_book_in_the_order_of_its_spine() -> None:
    found, said, lost = read("light.epub", made.book())
    assert found == [
        (("Calm",), "Nothing happened.", {"chapter": "1"}),
        (("Storm",), "It came in March.", {"chapter": "2"}),
    ]
    assert (said, lost) == ({"author": "Ada Berg", "title": "The light"}, [])


def test_a_mail_with_what_is_attached() -> None:
    found, said, lost = read("mail.eml", bytes(made.mail()))
    top, subject = found[0][1], "Höhe des Turms"
    assert f"Subject: {subject}" in top
    assert "From: Ada <ada@example.org>" in top
    assert found[1] == ((subject,), "The tower is 31 metres high.", {})
    assert found[2] == (
        (subject, "rivers.csv"),
        "city: Prague; river: Vltava",
        {"attachment": "rivers.csv"},
    )
    assert found[3] == (
        (subject, "tower.pptx", "The tower"),
        "It is 31 metres high.",
        {"attachment": "tower.pptx", "slide": "1"},
    )
    assert (said["title"], said["date"][:16], lost) == (subject, "Mon, 06 May 2024", [])


def test_a_mailbox_message_by_message() -> None:
    mails = (bytes(made.mail(f"Number {number}")) for number in (1, 2))
    data = b"".join(
        b"From ada Mon May  6\n" + one.replace(b"\nFrom ", b"\n>From ") + b"\n" for one in mails
    )
    found, _, lost = read("all.mbox", data)
    assert [one[2]["message"] for one in found if one[0][1:] == ("rivers.csv",)] == ["1", "2"]
    assert ("Number 2",) in {one[0] for one in found}
    assert lost == []


def test_a_mail_in_a_mail() -> None:
    found, _, lost = read("nested.eml", made.nested_mail(3))
    assert ("level 0", "level 1", "level 2", "core") in {one[0] for one in found}
    assert any("innermost words" in one[1] for one in found)
    assert lost == []


def test_rtf_with_characters_of_its_own() -> None:
    found, said, _ = read("tower.rtf", made.RTF)
    assert "31 metres high, café closed. łukasz" in found[0][1].replace("Ł", "ł")
    assert said == {"author": "Ada", "title": "Tower"}


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.srt", made.SRT, "The tower is high."),
        ("a.vtt", made.VTT, "The tower is high."),
        ("a.ass", made.ASS, "Ada: The tower is high."),
    ],
)
def test_subtitles_keep_their_times(name: str, data: bytes, text: str) -> None:
    found, _, lost = read(name, data)
    assert found[0] == ((), text, {"time": "0:00:01–0:00:04"})
    assert lost == []
    if name == "a.srt":
        assert found[1] == ((), "Good night.", {"time": "0:05:01–0:05:03"})


CODE = {
    "lamp.py": 'import os\n\n\nclass Lamp:\n    """A lamp."""\n\n    @property\n    def light(self):\n'
    "        return call(1)\n\n\n# Off.\ndef off():\n    pass\n",
    "lamp.js": "const a = run(1);\n// Lights.\nfunction light(x) { return x(); }\nclass Lamp {\n  go() { stop(); }\n}\n",
    "lamp.go": "package main\n\n// Light it.\nfunc light(x int) int {\n\treturn f(x)\n}\n\ntype Lamp struct {\n}\n",
    "lamp.rs": "use a::b;\n\npub struct Lamp {\n    x: i32,\n}\n\nfn light(x: i32) -> i32 {\n    f(x)\n}\n",
    "lamp.java": "package a;\n\npublic class Lamp {\n  int light(int x) {\n    return f(x);\n  }\n}\n",
    "lamp.c": "#include <a.h>\n\nint light(int x)\n{\n  return f(x);\n}\n",
    "lamp.rb": "class Lamp\n  def light(x)\n    f(x)\n  end\nend\n",
}


@pytest.mark.parametrize("name", CODE)
def test_source_code_is_cut_at_what_it_defines(name: str) -> None:
    found, _, lost = read(name, CODE[name].encode())
    names = {title for headings, _, _ in found for title in headings}
    assert "light" in names
    assert not names & {"f", "run", "call", "stop", "x"}
    joined = "\n".join(text for _, text, _ in found)
    assert [line for line in joined.split("\n") if line.strip()] == [
        line for line in CODE[name].split("\n") if line.strip()
    ]
    assert lost == []


def test_a_comment_belongs_to_what_follows_it() -> None:
    found, _, _ = read("lamp.py", CODE["lamp.py"].encode())
    assert found[-1] == (("off",), "# Off.\ndef off():\n    pass", {})
    assert (
        ("Lamp", "light"),
        "    @property\n    def light(self):\n        return call(1)",
        {},
    ) in found


@pytest.mark.parametrize("name", ["a.json", "a.yaml", "a.log", "a.toml", "noname", "a.unknown"])
def test_data_files_are_read_as_they_are(name: str) -> None:
    data = b'{"tower": {"metres": 31}}\n# <!-- kept -->\n'
    assert read(name, data)[0] == [((), data.decode(), {})]


def test_markdown_without_its_comments_and_front_matter() -> None:
    data = (
        b"---\ntitle: Bread\nauthor: 'Ada'\n---\n# Sour <!-- hid -->\nMix <!-- one\n\ntwo --> well.\n\n"
        b"`<!-- kept -->`\n\n```\n<!-- code -->\n```\n"
    )
    found, said, _ = read("bread.md", data)
    assert found == [(("Sour",), "Mix  well.\n\n`<!-- kept -->`\n\n```\n<!-- code -->\n```", {})]
    assert said == {"author": "Ada", "title": "Bread"}


def test_what_a_file_is_counts_not_its_name() -> None:
    assert read("wrong.txt", made.slides())[0][0][2] == {"slide": "1"}
    assert "Watering" in read("wrong.xlsx", made.word())[0][0][0]
    assert "31 metres" in read("wrong.doc", made.RTF)[0][0][1]


def test_one_table_names_all_kinds() -> None:
    suffixes = [suffix for kind in KINDS for suffix in kind.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert ACCEPT.split(",") == suffixes
    assert set(opening._TEXTS) <= {kind.key for kind in KINDS}


def test_the_docs_have_every_kind_with_its_endings() -> None:
    page = (ROOT / "docs" / "documents.md").read_text("utf-8")
    for kind in KINDS:
        assert f"| {kind.title} | {' '.join(kind.suffixes)} |" in page
