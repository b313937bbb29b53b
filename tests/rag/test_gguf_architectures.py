"""Embedders in GGUF of every kind: what they make is compared with llama.cpp asked bare, and with numpy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from configs.catalogue import ModelCard
from tests.rag import tiny_gguf
from tests.rag.conftest import LIMITS, add, ask
from tests.rag.plain_qwen3 import last_hidden
from workers.engines.common.llamaserver.process import Address
from workers.engines.common.llamaserver.transport import ServerConnection
from workers.engines.rag.chunking import MAX_TOKENS, slices
from workers.engines.rag.documents.section import Section
from workers.engines.rag.llamacpp import LlamaCppEmbedder
from workers.engines.rag.worker import RagWorker
from workers.messages import Retrieve, Retrieved
from workers.messages.errors import LoadError
from workers.messages.process_spec import WorkerSettings

KINDS: dict[str, Callable[[Path], Path]] = {
    "qwen3": tiny_gguf.qwen3,
    "embedding-gemma": tiny_gguf.embedding_gemma,
    "bge-m3": tiny_gguf.bge_m3,
    "nomic-moe": tiny_gguf.nomic_moe,
}
TEXTS = ("the boat leaves at nine", "bread, and the old castle!", "Ünïcode 東京")


def loaded(card: ModelCard, folder: Path) -> LlamaCppEmbedder:
    embedder = LlamaCppEmbedder()
    settings = WorkerSettings(card=card, threads=1, slots=1, data_dir=folder, limits={})
    embedder.load(Path(card.source.removeprefix("path:")), settings, lambda loading: None)
    return embedder


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("gguf")
    return {kind: make(folder / f"{kind}.gguf") for kind, make in KINDS.items()}


@pytest.fixture(scope="module", params=KINDS)
def embedder(
    request: pytest.FixtureRequest, files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LlamaCppEmbedder]:
    card = tiny_gguf.card_of(files[request.param])
    embedder = loaded(card, tmp_path_factory.mktemp("data"))
    yield embedder
    embedder.close()


def bare(embedder: LlamaCppEmbedder, text: Any) -> Any:
    """The vector of llama.cpp's own call on a text or on token ids, of length 1."""
    (row,) = embedder._server.handle_embeddings({"input": [text]})["data"]
    vector = np.array(row["embedding"])
    return vector / np.linalg.norm(vector)


def test_vectors_are_those_of_llamacpp_asked_bare(embedder: LlamaCppEmbedder) -> None:
    rows = embedder.embed(TEXTS)
    assert rows.shape == (len(TEXTS), tiny_gguf.HIDDEN)
    assert embedder.dim == tiny_gguf.HIDDEN
    for row, text in zip(rows, TEXTS, strict=True):
        assert float(row @ bare(embedder, text)) > 0.9999
    assert float(rows[0] @ rows[1]) < 0.999, "different texts, different vectors"


def test_a_prompt_is_read_before_the_text(embedder: LlamaCppEmbedder) -> None:
    prompted = embedder.embed(TEXTS[:1], "search query: ")[0]
    assert float(prompted @ bare(embedder, f"search query: {TEXTS[0]}")) > 0.9999
    assert float(prompted @ embedder.embed(TEXTS[:1])[0]) < 0.9999


def test_what_is_too_long_counts_as_far_as_the_model_reads(embedder: LlamaCppEmbedder) -> None:
    long, longer = embedder.embed(["the boat " * 400, "the boat " * 4000])
    assert float(long @ longer) > 0.9999
    assert embedder.context_length in (tiny_gguf.CONTEXT, tiny_gguf.CONTEXT - 1)


def test_tokens_are_counted_as_llamacpp_counts_them(embedder: LlamaCppEmbedder) -> None:
    for text in TEXTS:
        reply = embedder._server.handle_embeddings({"input": [text]})
        assert embedder.count_tokens(text) == reply["usage"]["prompt_tokens"]
    section = Section(text="The boat leaves at nine. Bread is old. " * 300)
    cut = list(slices([section], embedder.count_tokens))
    assert len(cut) > 1
    assert max(embedder.count_tokens(piece.text) for piece in cut) <= MAX_TOKENS


def test_a_special_token_that_is_spelled_out_stays_text(embedder: LlamaCppEmbedder) -> None:
    closing = embedder._tokens.of("a")[-1]
    for spelled in ("</s>", "<|endoftext|>"):
        assert embedder._tokens.of(f"a {spelled} b").count(closing) == 1


def test_qwen3s_layers_are_computed_as_written_down(files: dict[str, Path], tmp_path: Path) -> None:
    tensors = tiny_gguf.random_tensors(
        tiny_gguf.decoder_shapes(tiny_gguf.num_tokens(tiny_gguf.byte_pairs())), 1
    )
    for pooling, first in (("last", -1), ("mean", 0)):
        card = tiny_gguf.card_of(files["qwen3"], options={"pooling": pooling})
        embedder = loaded(card, tmp_path)
        for text in TEXTS:
            wanted = last_hidden(tensors, embedder._tokens.of(text))[first:].mean(axis=0)
            got = embedder.embed([text])[0]
            assert float(got @ wanted / np.linalg.norm(wanted)) > 0.9999, pooling
        embedder.close()


def test_what_a_file_does_not_say_is_what_is_usual_for_its_kind(
    files: dict[str, Path], tmp_path: Path
) -> None:
    silent = loaded(tiny_gguf.card_of(tiny_gguf.qwen3(tmp_path / "silent.gguf", "")), tmp_path)
    stated = loaded(tiny_gguf.card_of(files["qwen3"]), tmp_path)
    assert float(silent.embed(TEXTS[:1])[0] @ stated.embed(TEXTS[:1])[0]) > 0.9999
    silent.close()
    stated.close()


def test_an_unknown_pooling_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    card = tiny_gguf.card_of(files["bge-m3"], options={"pooling": "sum"})
    with pytest.raises(LoadError, match="pooling is 'sum'; known are mean, cls, last"):
        loaded(card, tmp_path)


def test_documents_are_found_with_prompts_and_another_tokenizer(
    files: dict[str, Path], tmp_path: Path
) -> None:
    options = {"query_prompt": "search query: ", "passage_prompt": "title: none text: "}
    card = tiny_gguf.card_of(files["embedding-gemma"], options=options)
    worker = RagWorker(LlamaCppEmbedder())
    settings = WorkerSettings(card=card, threads=1, slots=2, data_dir=tmp_path, limits=LIMITS)
    worker.load(settings, lambda loading: None)
    add(worker, "c", boat__md=b"The boat leaves at nine.", castle__md=b"The castle is red.")
    (found,) = ask(worker, Retrieve(collection="c", query="the castle", top_k=2))
    assert isinstance(found, Retrieved)
    assert {p.document_name for p in found.passages} == {"boat.md", "castle.md"}
    assert found.passages[0].document_name == "castle.md"  # the word is in one of them alone
    worker.close()


def test_nobody_asks_the_tokenizer_without_its_key(embedder: LlamaCppEmbedder) -> None:
    own = embedder._server._connection._address
    stranger = ServerConnection(Address(host=own.host, key="another"))
    assert "Invalid API Key" in str(stranger.handle_tokenize({"content": "a"}))
    assert Path(own.host).parent.stat().st_mode & 0o077 == 0, "nor does another user get there"
