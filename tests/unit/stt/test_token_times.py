"""From tokens to words and sentences."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engines.stt.token_times import (
    MAX_SEGMENT_S,
    MAX_TOKEN_S,
    HeardTokens,
    segments_of,
    words_of,
)
from workers.messages import Word


def heard(text: str, tokens: list[str], starts_s: list[float], **more: float) -> HeardTokens:
    return HeardTokens(
        text=text,
        tokens=tokens,
        starts_s=starts_s,
        logprobs=[math.log(0.5)] * len(tokens),
        duration_s=more.get("duration_s", 30.0),
    )


def spoken(*words: tuple[str, float, float]) -> list[Word]:
    return [
        Word(start_s=start_s, end_s=end_s, text=text, probability=1.0)
        for text, start_s, end_s in words
    ]


def texts(words: list[Word], language: str = "en") -> list[str]:
    return [segment.text for segment in segments_of(words, language)]


def test_pieces_are_joined_and_punctuation_stays_with_its_word() -> None:
    tokens = [" Gu", "ten", " Tag", ",", " Welt", "."]
    words = words_of(heard("Guten Tag, Welt.", tokens, [0.0, 0.16, 0.48, 0.8, 0.88, 1.2]))
    assert [word.text for word in words] == ["Guten", "Tag,", "Welt."]
    assert [word.start_s for word in words] == [0.0, 0.48, 0.88]
    assert [word.end_s for word in words] == pytest.approx([0.48, 0.88, 1.2 + MAX_TOKEN_S])
    assert all(word.probability == pytest.approx(0.5) for word in words)


def test_single_letters_make_words_too() -> None:
    """GigaAM's vocabulary: letters, and a token for the space."""
    tokens = ["д", "а", " ", "н", "е", "т"]
    words = words_of(heard("да нет", tokens, [0.0, 0.04, 0.08, 0.4, 0.44, 0.48]))
    assert [word.text for word in words] == ["да", "нет"]
    assert words[0].end_s == pytest.approx(0.08)


def test_a_space_that_the_text_leaves_out_is_no_word() -> None:
    words = words_of(heard("Ja, so!", [" Ja", " ,", " so", "!"], [0.0, 0.2, 0.4, 0.4]))
    assert [word.text for word in words] == ["Ja,", "so!"]


def test_no_word_outlasts_its_window() -> None:
    (word,) = words_of(heard("end", [" end"], [0.9], duration_s=1.0))
    assert (word.start_s, word.end_s) == (0.9, 1.0)


def test_tokens_of_another_text_are_refused() -> None:
    with pytest.raises(ValueError, match="3 letters"):
        words_of(heard("longer", [" abc"], [0.0]))


def test_nothing_heard_is_no_word() -> None:
    assert words_of(heard("", [], [])) == []
    assert texts([]) == []


def test_a_segment_is_a_sentence() -> None:
    words = spoken(("It", 0, 0.2), ("rained.", 0.2, 0.6), ("We", 0.7, 0.8), ("left!", 0.8, 1.0))
    assert texts(words) == ["It rained.", "We left!"]


def test_an_unknown_language_has_sentences_too() -> None:
    words = spoken(("Es", 0, 0.2), ("regnet.", 0.2, 0.6), ("Gut.", 0.7, 0.8))
    assert texts(words, "") == ["Es regnet.", "Gut."]


def test_silence_ends_a_segment() -> None:
    words = spoken(("and", 0, 0.2), ("then", 0.3, 0.5), ("nothing", 1.2, 1.5))
    assert texts(words) == ["and then", "nothing"]


def test_talk_without_end_is_cut_at_its_longest_pause() -> None:
    many = [("word", n * 0.5, n * 0.5 + 0.4) for n in range(40)]
    many[25:] = [(text, start_s + 0.2, end_s + 0.2) for text, start_s, end_s in many[25:]]
    segments = list(segments_of(spoken(*many), "en"))
    assert len(segments[0].words) == 25
    assert sum(len(segment.words) for segment in segments) == 40


moments = st.lists(st.floats(0, 30), min_size=1, max_size=60).map(sorted)


@given(moments, st.data())
def test_no_word_is_lost_and_times_never_run_backwards(
    starts_s: list[float], data: st.DataObject
) -> None:
    pieces = st.sampled_from([" a", "b", "c.", " Dr.", " end.", " 3", ",", " und"])
    tokens = [
        " x",
        *data.draw(st.lists(pieces, min_size=len(starts_s) - 1, max_size=len(starts_s) - 1)),
    ]
    text = "".join(tokens).strip()
    words = words_of(heard(text, tokens, starts_s))
    segments = list(segments_of(words, "en"))
    assert " ".join(word.text for word in words) == text
    assert " ".join(segment.text for segment in segments) == text
    assert [word for segment in segments for word in segment.words] == words
    assert [word.start_s for word in words] == sorted(word.start_s for word in words)
    assert all(word.start_s <= word.end_s for word in words)
    assert all(s.end_s - s.start_s <= MAX_SEGMENT_S or len(s.words) == 1 for s in segments)
