"""Chats as files: out, in again, and in from other systems."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.chats.ending import end_answer
from workers.chats.exchange.exporting import as_html, as_json, as_markdown
from workers.chats.exchange.importing import read_chats
from workers.chats.exchange.portable import WholeChat
from workers.chats.own_chats import OwnChats
from workers.chats.records import KeptChat, Message, Tree
from workers.chats.store import ChatStore
from workers.messages.errors import UnsupportedInputError


@pytest.fixture
def own() -> Iterator[OwnChats]:
    store = ChatStore(None)
    yield store.of("anna")
    store.close()


def kept(own: OwnChats, whole: WholeChat) -> KeptChat:
    return own.take_in(whole.chat, whole.messages)


def two_versions(own: OwnChats) -> tuple[KeptChat, Tree]:
    """A question with a stopped and a whole answer, and another question in its place."""
    chat = own.create(title="Sky & sea", folder="Nature", settings={"flow": "plan"})
    question = own.add_question(chat.id, None, "<b>Why</b>\n$5 and $6?")
    first = own.begin_answer(chat.id, question, {"model": "tiny"})
    own.write(first, text="Air", thought="hm")
    end_answer(own, first, "cancelled")
    second = own.begin_answer(chat.id, question, {"model": "large"})
    table = "| a | b |\n|---|---|\n| 1 | <i>2</i> |\n\n![x](http://example.org/x.png)"
    end_answer(own, second, "stop", text=table, details={"model": "large"})
    other = own.add_question(chat.id, None, "Another?")
    own.begin_answer(chat.id, other)  # still being written
    own.show(chat.id, second)
    own.pin(chat.id)
    return own.get(chat.id), own.tree(chat.id)


def test_our_own_export_comes_back_with_every_version(own: OwnChats) -> None:
    chat, tree = two_versions(own)
    found = read_chats(as_json([(chat, tree)]).encode())
    assert found.left_out == ""
    (portable,) = found.chats
    again = kept(own, portable)
    assert (again.title, again.folder, again.is_pinned, again.settings) == (
        "Sky & sea", "Nature", True, {"flow": "plan"},
    )  # fmt: skip
    assert again.id != chat.id
    copy = own.tree(again.id)
    question, answer = copy.path(again.shown)
    assert [one.text for one in copy.versions(answer)] == ["Air", answer.text]
    assert [one.text for one in copy.versions(question)] == [question.text, "Another?"]
    first = copy.versions(answer)[0]
    assert (first.thought, first.state, first.details) == ("hm", "cancelled", {"model": "tiny"})
    assert {one.state for one in copy.messages.values()} == {"stop", "cancelled", "interrupted"}
    assert own.search("another")[0].chat.id == again.id


def test_markdown_and_the_page_to_print_show_what_is_shown(own: OwnChats) -> None:
    chat, tree = two_versions(own)
    markdown = as_markdown(chat, tree)
    assert markdown.startswith("# Sky & sea\n")
    assert "## You\n\n<b>Why</b>\n$5 and $6?" in markdown
    assert "## Answer (large)\n\n| a | b |" in markdown
    assert "Another?" not in markdown
    page = as_html(chat, tree)
    assert "<title>Sky &amp; sea</title>" in page
    assert "&lt;b&gt;Why&lt;/b&gt;\n$5 and $6?" in page  # literally, with its line break
    assert "<td>1</td>" in page
    assert "<i>2</i>" not in page
    assert "<img" not in page


def test_an_answer_without_words_says_why(own: OwnChats) -> None:
    chat = own.create()
    answer = own.begin_answer(chat.id, own.add_question(chat.id, None, "Why?"))
    end_answer(own, answer, "failed")
    assert "*no words*" in as_markdown(own.get(chat.id), own.tree(chat.id))
    assert "no words" in as_html(own.get(chat.id), own.tree(chat.id))


def openai_node(
    name: str, parent: str | None, role: str, *parts: Any, **more: Any
) -> dict[str, dict[str, Any]]:
    message = {
        "author": {"role": role},
        "content": {"content_type": "text", "parts": list(parts)},
        "create_time": 1_700_000_000.5,
        **more,
    }
    return {name: {"id": name, "parent": parent, "children": [], "message": message}}


OPENAI = [
    {
        "title": "Tides",
        "create_time": 1_700_000_000.0,
        "current_node": "a2",
        "mapping": {
            # children before their parents, as a dict may have them
            **openai_node("a2", "q", "assistant", "Six hours.", metadata={"model_slug": "gpt-4o"}),
            **openai_node("a1", "q", "assistant", "Twelve hours."),
            **openai_node("q", "s", "user", {"content_type": "image_asset_pointer"}, "How long?"),
            **openai_node("s", "root", "system", "Be short."),
            "root": {"id": "root", "parent": None, "children": ["s"], "message": None},
        },
    },
    {"title": "Empty", "mapping": {}, "current_node": None},
]


@pytest.mark.parametrize("is_zipped", [False, True])
def test_openais_export_keeps_its_tree(own: OwnChats, *, is_zipped: bool) -> None:
    data = json.dumps(OPENAI).encode()
    if is_zipped:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("user.json", "{}")
            archive.writestr("export/conversations.json", data)
        data = buffer.getvalue()
    found = read_chats(data)
    assert found.left_out == "Left out: 1 system prompt, 1 picture."
    (portable,) = found.chats
    chat = kept(own, portable)
    tree = own.tree(chat.id)
    question, answer = tree.path(chat.shown)
    assert (question.text, answer.text) == ("How long?", "Six hours.")
    assert answer.details == {"model": "gpt-4o"}
    assert {one.text for one in tree.versions(answer)} == {"Twelve hours.", "Six hours."}
    assert chat.created_s == 1_700_000_000.0
    assert chat.changed_s == 1_700_000_000.5


def web_ui(role: str, content: str, parent: str | None, **more: Any) -> dict[str, Any]:
    return {
        "role": role,
        "content": content,
        "parentId": parent,
        "timestamp": 1_700_000_000,
        **more,
    }


def test_open_webuis_export_keeps_its_tree(own: OwnChats) -> None:
    history = {
        "currentId": "b",
        "messages": {
            "q": web_ui("user", "How high?", None, files=[{"type": "image"}, {"type": "file"}]),
            "a": web_ui("assistant", "3 m.", "q", model="llama3"),
            "b": web_ui("assistant", "4 m.", "q", model="llama3"),
        },
    }
    entry = {
        "title": "Walls",
        "pinned": True,
        "created_at": 1_700_000_000,
        "chat": {"history": history},
    }
    found = read_chats(json.dumps([entry]).encode())
    assert found.left_out == "Left out: 1 picture, 1 file."
    chat = kept(own, found.chats[0])
    assert (chat.title, chat.is_pinned) == ("Walls", True)
    assert [one.text for one in own.tree(chat.id).path(chat.shown)] == ["How high?", "4 m."]


def test_an_older_export_of_open_webui_is_a_list(own: OwnChats) -> None:
    listed = [{"role": "user", "content": "One?"}, {"role": "assistant", "content": "1."}]
    found = read_chats(json.dumps({"chat": {"title": "Old", "messages": listed}}).encode())
    chat = kept(own, found.chats[0])
    assert [one.text for one in own.tree(chat.id).path(chat.shown)] == ["One?", "1."]
    assert chat.title == "Old"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"[]",
        b"[1, 2]",
        b'"text"',
        b"{}",
        b'[{"some": "thing"}]',
        b"PK\x03\x04 broken",
        b"[" * 100_000,
        b'{"format": "quintet-chats", "version": 99, "chats": []}',
        b'{"format": "quintet-chats", "chats": [{"chat": {}, "messages": []}]}',
        b'{"format": "quintet-chats", "chats": 7}',
    ],
)
def test_what_holds_no_chats_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(UnsupportedInputError):
        read_chats(data)


@pytest.mark.parametrize(
    "mapping",
    [
        {"a": 1, "b": {"message": 2, "parent": ["x"]}, "c": {"parent": "c", "message": {}}},
        {"a": {"parent": "b", "message": None}, "b": {"parent": "a", "message": None}},
        {"a": {"message": {"author": "me", "content": {"parts": "text"}, "create_time": "now"}}},
    ],
)
def test_odd_shapes_bring_nothing_and_no_failure(mapping: dict[str, Any]) -> None:
    assert read_chats(json.dumps([{"mapping": mapping}]).encode()).chats == ()


def test_a_file_without_titles_takes_them_from_the_questions(own: OwnChats) -> None:
    mapping = openai_node("q", None, "user", "What is this?")
    chat = kept(own, read_chats(json.dumps([{"mapping": mapping}]).encode()).chats[0])
    assert (chat.title, chat.titled_by) == ("What is this?", "question")
    assert own.tree(chat.id).path(chat.shown)[0].text == "What is this?"


def test_messages_that_lead_round_in_a_circle_are_kept_all_the_same(own: OwnChats) -> None:
    mapping = openai_node("a", "b", "user", "One?") | openai_node("b", "a", "assistant", "1.")
    chat = kept(own, read_chats(json.dumps([{"mapping": mapping}]).encode()).chats[0])
    assert {one.text for one in own.tree(chat.id).messages.values()} == {"One?", "1."}


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ([(2, 1), (1, None)], "has message 2 before message 1, which it follows"),
        ([(1, None), (1, None)], "has message 1 twice"),
        ([(1, 7)], "has message 1 before message 7"),
    ],
)
def test_an_export_of_ours_that_is_out_of_order_is_refused(
    order: list[tuple[int, int | None]], sentence: str
) -> None:
    messages = [{"id": one, "parent": parent, "role": "user", "text": "?"} for one, parent in order]
    whole = {"chat": {"id": "", "title": "T"}, "messages": messages}
    file = {"format": "quintet-chats", "version": 1, "chats": [whole]}
    with pytest.raises(UnsupportedInputError, match=sentence):
        read_chats(json.dumps(file).encode())


def test_a_chat_that_cannot_be_kept_whole_is_not_kept_at_all(own: OwnChats) -> None:
    question = Message(id=1, parent=None, role="user", text="Why?")
    wrong = Message(id=2, parent=1, role="assistant", text="x", details={"score": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        own.take_in(KeptChat(id="", title="T"), [question, wrong])
    assert own.all() == ()


def zipped(*, password: bool = False, damaged: bool = False) -> bytes:
    """A zip with conversations.json; locked and damaged are single bytes of it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", "[" + "1," * 1000 + "1]")
    data = bytearray(buffer.getvalue())
    if password:
        for mark in (b"PK\x03\x04", b"PK\x01\x02"):
            data[data.index(mark) + (6 if mark[2] == 3 else 8)] |= 1
    if damaged:
        place = data.index(b"conversations.json") + len("conversations.json")
        data[place : place + 4] = b"\xff" * 4
    return bytes(data)


@pytest.mark.parametrize("fault", [{"password": True}, {"damaged": True}])
def test_a_zip_that_cannot_be_unpacked_is_refused_with_a_sentence(fault: dict[str, bool]) -> None:
    with pytest.raises(UnsupportedInputError, match="This zip cannot be read"):
        read_chats(zipped(**fault))
