"""Which reranker is used: one by its name, or whichever is here."""

from __future__ import annotations

from collections.abc import Collection

from configs.catalogue import ModelCard, load_catalogue
from configs.settings import ANY_RERANKER, load_settings
from workers.models import reranker as choosing
from workers.models.reranker import RerankerChoice
from workers.specs.spec import is_reranker, may_be_default

CARDS = load_catalogue()
SMALL, LARGE = "ms-marco-minilm-l6-v2", "bge-reranker-v2-m3"


def choice(wanted: str | None, here: Collection[str], *more: ModelCard) -> RerankerChoice:
    cards = [*CARDS.values(), *more]
    return RerankerChoice(wanted, lambda: cards, lambda card: card.id in here)


def test_by_default_whichever_is_here_is_used() -> None:
    assert load_settings("cpu").workers.rag.reranker == ANY_RERANKER
    assert choice(ANY_RERANKER, ()).now() is None
    assert choice(ANY_RERANKER, (LARGE,)).now() == LARGE
    assert choice(ANY_RERANKER, (LARGE, SMALL)).now() == SMALL  # recommended, and smaller


def test_an_embedder_is_never_taken_for_one() -> None:
    embedders = [
        card.id for card in CARDS.values() if card.modality == "rag" and may_be_default(card)
    ]
    assert len(embedders) > 5
    assert choice(ANY_RERANKER, embedders).now() is None


def test_one_in_gguf_says_in_its_card_that_it_ranks() -> None:
    values = {"id": "mine", "engine": "llamacpp", "options": {"ranks": True}}
    mine = CARDS["nomic-embed-text-v1.5"].model_copy(update=values)
    assert is_reranker(mine)
    assert not is_reranker(CARDS["nomic-embed-text-v1.5"])
    assert choice(ANY_RERANKER, ("mine",), mine).now() == "mine"


def test_a_name_or_none_is_taken_at_its_word() -> None:
    assert choice(None, (SMALL,)).now() is None
    assert choice(LARGE, (SMALL,)).now() == LARGE
    assert not choice(LARGE, ()).is_any


def test_one_that_has_just_arrived_is_seen() -> None:
    here: list[str] = []
    chosen = choice(ANY_RERANKER, here)
    assert chosen.now() is None
    here.append(SMALL)
    chosen.forget()
    assert chosen.now() == SMALL


def test_one_whose_library_is_missing_is_left_alone() -> None:
    card = CARDS["bge-reranker-base"].model_copy(update={"environment": "elsewhere"})
    assert is_reranker(card)
    assert not choosing._can_run(card)
