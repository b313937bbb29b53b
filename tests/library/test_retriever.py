"""g4l's retriever: hits, the prompt's layout, and an index that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from quintet import DocumentRetriever, Quintet, errors

HOURS = "The library opens at nine in the morning."
DOGS = "Dogs are not allowed inside the museum."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "hours.txt").write_text(HOURS)
    (folder / "dogs.txt").write_text(DOGS)
    return folder


@pytest.fixture(scope="module")
def retriever(home: Path, folder: Path) -> Iterator[DocumentRetriever]:
    retriever = DocumentRetriever(files_dir=folder)
    yield retriever
    retriever.close()


def test_hits_come_best_first_with_a_page_and_a_file(retriever: DocumentRetriever) -> None:
    first, second = retriever.retrieve("When does the library open?")
    assert first.node.text == HOURS
    assert first.node.metadata == {"page_label": "1", "file_name": "hours.txt"}
    assert first.score > second.score


def test_the_prompt_is_laid_out_to_the_byte(retriever: DocumentRetriever) -> None:
    query = "When does the library open?"
    first, second = retriever.retrieve(query)
    assert retriever.retrieve_for_llm(query) == (
        "These passages are the context:\n"
        "---------------------\n"
        "content: \n"
        "The library opens at nine in the morning.\n"
        "----\n"
        "page_label: 1\n"
        "file name: hours.txt\n"
        f"similarity score: {first.score}\n"
        "---"
        "content: \n"
        "Dogs are not allowed inside the museum.\n"
        "----\n"
        "page_label: 1\n"
        "file name: dogs.txt\n"
        f"similarity score: {second.score}\n"
        "---\n"
        "---------------------\n"
        "Answer the query from the context alone and without prior knowledge.\n"
        "Query: When does the library open?\n"
        "Answer: "
    )


def test_the_index_is_kept_and_follows_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(HOURS)
    (tmp_path / "b.txt").write_text(DOGS)
    retriever = DocumentRetriever(files_dir=tmp_path, mode="aggressive")
    assert {hit.node.text for hit in retriever.retrieve("anything")} == {HOURS, DOGS}
    retriever.close()
    (tmp_path / "b.txt").unlink()
    again = DocumentRetriever(files_dir=tmp_path, mode="aggressive")
    assert [hit.node.text for hit in again.retrieve("anything")] == [HOURS]
    again.close()


def test_two_retrievers_and_a_session_work_side_by_side(folder: Path, quintet: Quintet) -> None:
    quintet.collections()
    first = DocumentRetriever(files=["dogs.txt"], files_dir=folder)
    second = DocumentRetriever(files_dir=folder)
    assert first.retrieve("dogs")
    assert second.retrieve("dogs")
    first.close()
    assert second.retrieve("dogs")
    second.close()


def test_only_the_named_files_are_indexed(folder: Path) -> None:
    retriever = DocumentRetriever(files=["dogs.txt"], files_dir=folder, reset_storage=True)
    (hit,) = retriever.retrieve("When does the library open?")
    assert hit.node.metadata["file_name"] == "dogs.txt"
    retriever.close()


def test_what_is_missing_or_unknown_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.UnsupportedInputError, match="'wild'; known: subtle, default"):
        DocumentRetriever(mode="wild")  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        DocumentRetriever(files_dir=tmp_path / "nowhere").retrieve("x")
    with pytest.raises(FileNotFoundError, match="There are no files"):
        DocumentRetriever(files_dir=tmp_path).retrieve("x")
    with pytest.raises(FileNotFoundError, match=r"nothing\.txt"):
        DocumentRetriever(files=["nothing.txt"], files_dir=tmp_path).retrieve("x")
    with pytest.warns(UserWarning, match=r"bge-micro-v2 is not in the catalogue"):
        DocumentRetriever(embed_model="SmartComponents/bge-micro-v2")
