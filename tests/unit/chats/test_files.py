"""Files attached to questions: kept once each, gone with the chats that name them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workers.chats import files as chat_files
from workers.chats.exchange.exporting import as_html, as_json, as_markdown
from workers.chats.exchange.importing import read_chats
from workers.chats.files import UNSENT_S, AttachedFiles, files_of, own_file
from workers.chats.store import ChatStore
from workers.messages.attached import is_hidden, scope_of
from workers.messages.errors import NotFoundError, UnsupportedInputError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "upload.bin"
    path.write_bytes(b"The same bytes.")
    return path


def long_ago(files: AttachedFiles, file_id: str) -> None:
    path = files.path(file_id)
    past = path.stat().st_mtime - 2 * UNSENT_S
    os.utime(path, (past, past))


def test_equal_bytes_are_kept_once_under_any_name(tmp_path: Path, source: Path) -> None:
    files = AttachedFiles(tmp_path)
    one, other = files.keep(source, "one.txt"), files.keep(source, "..\\folder/other.txt")
    assert (one.id, other.name) == (other.id, "other.txt")
    assert files.path(one.id).read_bytes() == source.read_bytes()
    assert [path.name for path in files.folder.iterdir()] == [one.id]


def test_what_cannot_be_attached_is_a_sentence(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = AttachedFiles(tmp_path)
    (tmp_path / "empty.txt").touch()
    with pytest.raises(UnsupportedInputError, match=r"empty.txt is empty \(0 bytes\)"):
        files.keep(tmp_path / "empty.txt", "empty.txt")
    with pytest.raises(UnsupportedInputError, match=r"gone\.txt is gone\. Attach it again\."):
        files.keep(tmp_path / "gone.txt", "gone.txt")
    monkeypatch.setattr(chat_files, "MAX_FILE_BYTES", 10)
    with pytest.raises(UnsupportedInputError, match=r"at most .* can be attached"):
        files.keep(source, "large.txt")
    assert list(files.folder.iterdir()) == []


@pytest.mark.parametrize("file_id", ["", "../upload.bin", "0" * 64, ".."])
def test_no_id_leads_out_of_the_folder(tmp_path: Path, source: Path, file_id: str) -> None:
    files = AttachedFiles(tmp_path)
    files.keep(source, "one.txt")
    with pytest.raises(NotFoundError, match="not kept here"):
        files.path(file_id)


def test_a_file_goes_with_the_last_chat_that_names_it(tmp_path: Path, source: Path) -> None:
    store = ChatStore(tmp_path / "data")
    own, files = store.of("anna"), store.files
    kept = files.keep(source, "one.txt")
    files.keep_reading(kept.id, {"text": "read"})
    chats = [own.create().id for _ in range(2)]
    for chat in chats:
        own.add_question(chat, None, "What is it?", {"files": [kept.as_details()]})
    long_ago(files, kept.id)
    own.delete(chats[0])
    store.purge(before_s=float("inf"))
    assert files.path(kept.id).is_file()
    assert files.reading(kept.id) == {"text": "read"}
    own.delete(chats[1])
    assert files.left([files.collection(kept.id)]) == ()
    store.purge(before_s=float("inf"))
    assert list(files.folder.iterdir()) == []
    assert files.left([files.collection(kept.id), "Town"]) == (files.collection(kept.id),)
    store.close()


def test_one_that_was_just_attached_waits_for_its_question(tmp_path: Path, source: Path) -> None:
    store = ChatStore(tmp_path / "data")
    kept = store.files.keep(source, "one.txt")
    store.purge()
    assert store.files.path(kept.id).is_file()
    store.close()


def test_those_of_incognito_chats_go_with_the_store(source: Path) -> None:
    store = ChatStore(None)
    kept = store.files.keep(source, "one.txt")
    path = store.files.path(kept.id)
    assert is_hidden(store.files.collection(kept.id))
    assert scope_of(store.files.collection(kept.id)).startswith("p")
    store.close()
    assert not path.exists()


def test_half_a_reading_is_none(tmp_path: Path, source: Path) -> None:
    files = AttachedFiles(tmp_path)
    kept = files.keep(source, "one.txt")
    (files.folder / f"{kept.id}.read.json").write_text('{"text": "hal')
    assert files.reading(kept.id) == {}


def test_a_file_is_found_in_the_chat_that_names_it(source: Path) -> None:
    store = ChatStore(None)
    own = store.of("anna")
    kept = store.files.keep(source, "one.txt")
    chat = own.create().id
    own.add_question(chat, None, "What is it?", {"files": [kept.as_details()]})
    messages = own.tree(chat).messages.values()
    assert own_file(messages, kept.id) == kept
    with pytest.raises(NotFoundError):
        own_file(messages, "0" * 64)
    store.close()


def test_an_export_says_that_files_are_names_alone_and_an_import_gives_no_bytes(
    source: Path,
) -> None:
    store = ChatStore(None)
    own = store.of("anna")
    kept = store.files.keep(source, "one.txt")
    chat = own.create().id
    own.add_question(chat, None, "What is it?", {"files": [kept.as_details()]})
    whole = own.get(chat), own.tree(chat)
    exported = as_json([whole])
    assert "contents of the 1 attached files are not in this export" in exported
    for text in (as_markdown(*whole), as_html(*whole)):
        assert "one.txt" in text
        assert "not in this file" in text
    imported = read_chats(exported.encode())
    assert "1 attached files are names alone" in imported.left_out
    (message,) = imported.chats[0].messages
    (file,) = files_of(message)
    assert (file.id, file.name) == ("", "one.txt")
    store.close()
