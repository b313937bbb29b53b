"""Chats on disk: what is kept, what a crash leaves, who sees what."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.chats.ending import end_answer
from workers.chats.own_chats import OwnChats
from workers.chats.store import FILE, ChatStore
from workers.messages.errors import FolderInUseError, NotFoundError, ResourceError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChatStore]:
    store = ChatStore(tmp_path)
    yield store
    store.close()


@pytest.fixture
def own(store: ChatStore) -> OwnChats:
    return store.of("anna")


def asked(own: OwnChats, question: str, answer: str) -> tuple[str, int, int]:
    """A chat with one exchange: its id, the question's and the answer's."""
    chat = own.create()
    first = own.add_question(chat.id, None, question)
    second = own.begin_answer(chat.id, first)
    own.write(second, text=answer)
    end_answer(own, second, "stop")
    return chat.id, first, second


def test_what_was_written_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    store = ChatStore(tmp_path)
    chat, first, second = asked(store.of("anna"), "Why is the sky blue?", "Air scatters light.")
    store.of("anna").note(second, {"receipt": "14 tokens/s"})
    store.close()
    store = ChatStore(tmp_path)
    own = store.of("anna")
    (kept,) = own.all()
    question, answer = own.tree(chat).path(kept.shown)
    assert (kept.id, kept.title, kept.is_running) == (chat, "Why is the sky blue?", False)
    assert (question.id, question.role, question.text) == (first, "user", "Why is the sky blue?")
    assert (answer.id, answer.text, answer.state) == (second, "Air scatters light.", "stop")
    assert answer.details == {"receipt": "14 tokens/s"}
    store.close()


def test_a_crash_in_the_middle_of_an_answer_leaves_all_that_was_shown(
    store: ChatStore, own: OwnChats, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chat = own.create()
    question = own.add_question(chat.id, None, "Count.")
    answer = own.begin_answer(chat.id, question)
    own.write(answer, thought="let me see")
    own.write(answer, text="one ")
    own.write(answer, text="two")
    assert own.get(chat.id).is_running
    after = tmp_path_factory.mktemp("after")
    for path in tmp_path.glob(
        f"{FILE}*"
    ):  # the disk at that moment; the lock ends with the process
        shutil.copy(path, after)
    again = ChatStore(after)
    (found,) = again.of("anna").all()
    left = again.of("anna").tree(found.id).messages[answer]
    assert (left.text, left.thought, left.state) == ("one two", "let me see", "interrupted")
    assert not found.is_running
    again.close()


def test_what_is_written_can_be_read_before_its_end_and_goes_on_after_it(own: OwnChats) -> None:
    chat, _, answer = asked(own, "Count.", "one")
    end_answer(own, answer, "length")
    own.go_on(answer)
    own.write(answer, text=" two")
    message = own.tree(chat).messages[answer]
    assert (message.text, message.state) == ("one two", "running")
    own.write(answer, text=" three")
    assert end_answer(own, answer, "stop").text == "one two three"


def test_the_end_may_bring_another_text_and_details(own: OwnChats) -> None:
    chat, _, answer = asked(own, "Who?", "Anna")
    own.note(answer, {"model": "tiny"})
    own.go_on(answer)
    end_answer(own, answer, "stop", text="Anna [1]", details={"sources": [1]})
    message = own.tree(chat).messages[answer]
    assert message.text == "Anna [1]"
    assert message.details == {"model": "tiny", "sources": [1]}


def test_a_retry_is_a_sibling_and_an_edit_a_branch(own: OwnChats) -> None:
    chat, question, first = asked(own, "Say a number.", "one")
    second = own.begin_answer(chat, question)
    end_answer(own, second, "stop", text="two")
    changed = own.add_question(chat, None, "Say a letter.")
    third = own.begin_answer(chat, changed)
    end_answer(own, third, "stop", text="a")
    tree = own.tree(chat)
    assert [one.text for one in tree.versions(tree.messages[second])] == ["one", "two"]
    assert [one.text for one in tree.versions(tree.messages[changed])] == [
        "Say a number.",
        "Say a letter.",
    ]
    assert [one.id for one in tree.path(own.get(chat).shown)] == [changed, third]
    own.show(chat, tree.end_below(question))
    assert [one.id for one in tree.path(own.get(chat).shown)] == [question, second]
    own.show(chat, first)
    assert own.get(chat).shown == first
    own.show(chat, None)
    assert tree.path(own.get(chat).shown) == ()


def test_a_message_of_another_chat_is_no_parent_and_is_not_shown(own: OwnChats) -> None:
    chat, question, _ = asked(own, "One.", "1")
    other, _, _ = asked(own, "Two.", "2")
    for attempt in (
        lambda: own.add_question(other, question, "Three."),
        lambda: own.begin_answer(other, question),
        lambda: own.show(other, question),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    assert own.get(chat).title == "One."
    assert own.get(other).title == "Two."


def test_nobody_sees_or_changes_the_chats_of_others(store: ChatStore, own: OwnChats) -> None:
    chat, question, answer = asked(own, "A secret.", "Yes.")
    other = store.of("bert")
    assert other.all() == ()
    assert other.search("secret") == ()
    for attempt in (
        lambda: other.get(chat),
        lambda: other.tree(chat),
        lambda: other.rename(chat, "mine"),
        lambda: other.pin(chat),
        lambda: other.move(chat, "mine"),
        lambda: other.delete(chat),
        lambda: other.restore(chat),
        lambda: other.set_settings(chat, {}),
        lambda: other.show(chat, None),
        lambda: other.add_question(chat, answer, "More?"),
        lambda: other.begin_answer(chat, question),
        lambda: other.add_answer(chat, question, "No."),
        lambda: other.write(answer, text="!"),
        lambda: other.note(answer, {"a": 1}),
        lambda: other.go_on(answer),
        lambda: other.end_answer(own.tree(chat).messages[answer]),
    ):
        with pytest.raises(NotFoundError):
            attempt()
    assert own.tree(chat).messages[answer].text == "Yes."


def test_a_deleted_chat_comes_back_until_it_is_purged(store: ChatStore, own: OwnChats) -> None:
    chat, _, answer = asked(own, "Keep me.", "Yes.")
    own.delete(chat)
    assert own.all() == ()
    assert own.search("keep") == ()
    with pytest.raises(NotFoundError):
        own.get(chat)
    assert store.purge() == 0  # it can be brought back for an hour
    assert own.restore(chat).title == "Keep me."
    own.delete(chat)
    assert store.purge(before_s=float("inf")) == 1
    with pytest.raises(NotFoundError):
        own.restore(chat)
    with pytest.raises(NotFoundError):
        own.write(answer, text="?")


def test_a_chat_that_is_being_written_is_not_purged(store: ChatStore, own: OwnChats) -> None:
    chat = own.create()
    answer = own.begin_answer(chat.id, own.add_question(chat.id, None, "Count."))
    own.delete(chat.id)
    assert store.purge(before_s=float("inf")) == 0
    own.write(answer, text="one")
    end_answer(own, answer, "cancelled")
    assert store.purge(before_s=float("inf")) == 1


def test_what_a_person_chose_as_title_stays(own: OwnChats) -> None:
    chat, _, _ = asked(own, "\n\n  Why is the sky blue, and why is the sea not, "
                            "although both are lit by the same sun?\nTell me.", "Air.")  # fmt: skip
    assert own.get(chat).title == "Why is the sky blue, and why is the sea not, although both …"
    own.rename(chat, "Sky", "model")
    assert (own.get(chat).title, own.get(chat).titled_by) == ("Sky", "model")
    own.rename(chat, "My sky")
    own.rename(chat, "Heaven", "model")
    assert (own.get(chat).title, own.get(chat).titled_by) == ("My sky", "person")


def test_pins_folders_and_settings(own: OwnChats) -> None:
    chat, _, _ = asked(own, "One.", "1")
    other, _, _ = asked(own, "Two.", "2")
    own.pin(chat)
    own.move(chat, "Work")
    own.move(other, "Work")
    own.set_settings(chat, {"model": "tiny"})
    own.rename_folder("Work", "Home")
    newest, oldest = own.all()
    assert (newest.id, newest.folder, newest.is_pinned) == (other, "Home", False)
    assert (oldest.folder, oldest.is_pinned, oldest.settings) == ("Home", True, {"model": "tiny"})
    own.pin(chat, is_pinned=False)
    own.rename_folder("Home", "")
    assert {(one.folder, one.is_pinned) for one in own.all()} == {("", False)}


def test_chats_in_memory_leave_nothing(tmp_path: Path) -> None:
    store = ChatStore(None)
    own = store.of("anna")
    chat, _, _ = asked(own, "A secret.", "Yes.")
    assert own.get(chat).title == "A secret."
    assert list(tmp_path.iterdir()) == []
    store.close()


def test_a_second_quintet_is_refused_with_a_sentence(store: ChatStore, tmp_path: Path) -> None:
    with pytest.raises(FolderInUseError, match="Another Quintet keeps its chats"):
        ChatStore(tmp_path)
    store.close()
    ChatStore(tmp_path).close()


def test_a_damaged_file_is_put_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database" * 1000)
    store = ChatStore(tmp_path)
    asked(store.of("anna"), "One.", "1")
    store.close()
    (aside,) = tmp_path.glob(f"{FILE}.damaged-*")
    assert aside.read_bytes().startswith(b"this is no database")


def test_a_file_of_a_newer_quintet_is_not_touched(tmp_path: Path) -> None:
    store = ChatStore(tmp_path)
    with store._database.writing() as database:
        database.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(ResourceError, match="newer Quintet"):
        ChatStore(tmp_path)


def test_a_path_is_known_also_of_a_chat_that_may_come_back(own: OwnChats) -> None:
    """An answer that waits for another may begin after its chat was deleted, and before that is undone."""
    chat, question, answer = asked(own, "Why?", "So.")
    own.delete(chat)
    assert [one.id for one in own.path(answer)] == [question, answer]
