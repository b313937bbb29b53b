"""GGUF files of one's own: who runs their architecture, what they are for, and what lies beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from configs.settings import HubSettings
from tests.downloads.local_hub import LocalHub, serve
from tests.llama_server.conftest import program as program  # the fixture
from tests.security.gguf_files import STRING, U32, gguf
from workers.messages.errors import UnsupportedInputError
from workers.models.importing import propose
from workers.models.llama_server import knowing
from workers.models.llama_server.knowing import Builds, knows, package_build

HUB = HubSettings()


def a_gguf(architecture: str, **more: Any) -> bytes:
    """A file's metadata; `more` are numbers of the architecture, or texts of `general`."""
    pairs: list[Any] = [
        ("general.architecture", STRING, architecture),
        (f"{architecture}.context_length", U32, 4096),
    ]
    for key, value in more.items():
        place = "general" if isinstance(value, str) else architecture
        pairs.append((f"{place}.{key}", STRING if place == "general" else U32, value))
    return gguf(pairs)


def write(folder: Path, files: dict[str, bytes]) -> str:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return str(folder)


# --- architectures --------------------------------------------------------------------------------


def test_llamacpp_itself_says_what_it_knows() -> None:
    """The first two are unknown to the Python package's list; the engine runs them."""
    build = package_build()
    for architecture in ("granite_swa", "muse-glimmer", "qwen3", "bert"):
        assert knows(build, architecture), architecture
    assert not knows(build, "nobody-made-this")


def test_what_it_knows_can_be_added_and_what_not_is_refused(tmp_path: Path) -> None:
    card = propose(write(tmp_path / "a", {"x.gguf": a_gguf("granite_swa")}), HUB)
    assert (card.modality, card.engine) == ("text", "llamacpp")
    with pytest.raises(UnsupportedInputError, match=r"'nobody-made-this'.*xllamacpp \d"):
        propose(write(tmp_path / "b", {"x.gguf": a_gguf("nobody-made-this")}), HUB)


def test_an_answer_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert knows(package_build(), "llama")
    monkeypatch.setattr(knowing, "_offered", lambda build, architecture: "")
    assert knows(package_build(), "llama")


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "unknown\nmodel architecture", "-x"])
def test_what_is_no_name_is_not_asked_about(name: str) -> None:
    with pytest.raises(UnsupportedInputError, match="no name of an architecture"):
        knows(package_build(), name)


def test_what_only_a_llama_server_knows_runs_there(program: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "m", {"x.gguf": a_gguf("tomorrows")})
    server = str(program(says="error loading model: key not found in model: tomorrows.x"))
    card = propose(path, HUB, builds=Builds(data_dir=tmp_path, server=server))
    assert card.engine == "llama-server"
    only = Builds(data_dir=tmp_path, server=server, engine="llama-server")
    assert propose(path, HUB, builds=only).engine == "llamacpp"  # which the settings move there


def test_one_that_gives_no_answer_is_believed_with_a_sentence(program: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "m", {"x.gguf": a_gguf("tomorrows")})
    server = str(program("mute", says="Killed"))
    card = propose(path, HUB, builds=Builds(engine="llama-server", server=server))
    assert "Whether llama.cpp here knows 'tomorrows' could not be asked" in card.description
    assert "gave no answer: Killed" in card.description


def test_an_older_llama_server_is_named_in_the_refusal(program: Any, tmp_path: Path) -> None:
    path = write(tmp_path / "m", {"x.gguf": a_gguf("tomorrows")})
    server = str(program("old", says="unknown model architecture: 'tomorrows'"))
    with pytest.raises(UnsupportedInputError, match=r"xllamacpp .*old/llama-server \(version 9000"):
        propose(path, HUB, builds=Builds(server=server))


# --- what it is for -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "modality", "options"),
    [
        (a_gguf("qwen3"), "text", {}),
        (
            a_gguf("qwen3", pooling_type=3, name="Qwen3 Embedding 0.6B"),
            "rag",
            {"query_prompt": "Instruct: Given a web search query, retrieve relevant passages that "
             "answer the query\nQuery:"},
        ),
        (a_gguf("qwen3", pooling_type=4, name="Qwen3 Reranker 0.6B"), "rag", {"ranks": True}),
        (
            a_gguf("gemma-embedding", pooling_type=1, name="Embeddinggemma 300M"),
            "rag",
            {"query_prompt": "task: search result | query: ",
             "passage_prompt": "title: none | text: "},
        ),
        (a_gguf("bert", pooling_type=2, name="Bge M3"), "rag", {}),
        (
            a_gguf("nomic-bert-moe", pooling_type=1, name="Nomic Embed Text v2 MoE"),
            "rag",
            {"query_prompt": "search_query: ", "passage_prompt": "search_document: "},
        ),
    ],
)  # fmt: skip
def test_the_header_says_what_it_is_for(
    tmp_path: Path, content: bytes, modality: str, options: dict[str, Any]
) -> None:
    card = propose(write(tmp_path, {"x.gguf": content}), HUB)
    assert (card.modality, dict(card.options)) == (modality, options)


def test_a_chat_model_embeds_and_an_embedder_chats_if_it_is_asked_to(tmp_path: Path) -> None:
    chat = write(tmp_path / "a", {"x.gguf": a_gguf("qwen3")})
    assert propose(chat, HUB, modality="rag").modality == "rag"
    embedder = write(tmp_path / "b", {"x.gguf": a_gguf("qwen3", pooling_type=3)})
    assert propose(embedder, HUB, modality="text").modality == "text"
    encoder = write(tmp_path / "c", {"x.gguf": a_gguf("bert")})
    with pytest.raises(UnsupportedInputError, match="is a model for rag, not for text"):
        propose(encoder, HUB, modality="text")


# --- pieces and projectors ------------------------------------------------------------------------

PIECES = [f"Big-Q4_K_M-{number:05d}-of-00003.gguf" for number in (1, 2, 3)]
BIG = {name: a_gguf("qwen3") if name == PIECES[0] else gguf() for name in PIECES}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    inside = {f"Q4_K_M/{name}": content for name, content in BIG.items()}
    repositories = {
        "maker/big": {**BIG, "Big-Q8_0.gguf": a_gguf("qwen3"), "mmproj-F16.gguf": b"GGUF"},
        "maker/inside": {**inside, "mmproj-F16.gguf": b"GGUF"},
        "maker/lost": {name: BIG[name] for name in PIECES[:2]},
    }
    with serve(LocalHub(repositories)) as running:
        yield running


def test_all_pieces_belong_to_a_model_of_the_hub(hub: LocalHub) -> None:
    settings = HubSettings(endpoint=hub.url)
    card = propose("maker/big", settings)
    assert list(card.files) == [*PIECES, "mmproj-F16.gguf"]
    assert (card.modality, card.name, card.sees) == ("text", "Big-Q4_K_M", True)
    assert propose("maker/big", settings, modality="vision").modality == "vision"
    assert not propose("maker/big", settings, modality="text").sees
    assert propose(f"maker/big:{PIECES[1]}", settings).files == card.files  # whichever is named
    inside = propose("maker/inside", settings)
    assert list(inside.files) == [*(f"Q4_K_M/{name}" for name in PIECES), "mmproj-F16.gguf"]
    with pytest.raises(UnsupportedInputError, match=rf"2 of the 3 pieces.*{PIECES[2]} is missing"):
        propose("maker/lost", settings)


def test_all_pieces_belong_to_a_model_at_an_address(hub: LocalHub) -> None:
    card = propose(f"{hub.url}/plain/{PIECES[1]}", HUB)
    assert list(card.files) == PIECES
    assert card.source == f"url:{hub.url}/plain/"


def test_all_pieces_belong_to_a_model_in_a_folder(tmp_path: Path) -> None:
    card = propose(write(tmp_path, BIG), HUB)
    assert list(card.files) == PIECES
    assert list(propose(str(tmp_path / PIECES[2]), HUB).files) == PIECES
    (tmp_path / PIECES[0]).unlink()
    with pytest.raises(UnsupportedInputError, match=f"{PIECES[0]} is missing"):
        propose(str(tmp_path), HUB)


@pytest.mark.parametrize(
    ("projectors", "chosen"),
    [
        (["mmproj-F16.gguf"], "mmproj-F16.gguf"),
        (["mmproj-model-f16.gguf", "mmproj-model-q8_0.gguf"], "mmproj-model-q8_0.gguf"),
        (["mmproj-Seer-3B-f16.gguf", "mmproj-Other-7B-f16.gguf"], "mmproj-Seer-3B-f16.gguf"),
        (["Seer-3B-it-mmproj.gguf"], "Seer-3B-it-mmproj.gguf"),
        (["mmproj-Other-7B-f16.gguf"], ""),
    ],
)
def test_in_a_folder_of_many_a_model_gets_its_own_projector(
    tmp_path: Path, projectors: list[str], chosen: str
) -> None:
    models = {name: a_gguf("qwen3") for name in ("Seer-3B-it-Q4_K_M.gguf", "Other-7B-Q8_0.gguf")}
    write(tmp_path, {**models, **dict.fromkeys(projectors, gguf())})
    card = propose(str(tmp_path / "Seer-3B-it-Q4_K_M.gguf"), HUB)
    assert list(card.files)[1:] == ([chosen] if chosen else [])
    assert (card.modality, card.sees) == ("text", bool(chosen))
