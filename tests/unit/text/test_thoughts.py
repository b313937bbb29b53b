"""Thoughts and answers, whatever pieces they come in: recorded forms of the families."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engines.text.engine import Completion, Delta, Piece, Thought
from workers.engines.text.thoughts import (
    FAMILIES,
    Tags,
    split_thoughts,
    tags_of,
    with_thinking_cost,
)
from workers.messages import Usage

THINK = FAMILIES[0]
END = Completion(reason="stop", usage=Usage(completion_tokens=9))


def parted(
    texts: Iterable[str], tags: Tags = THINK, *, is_open: bool = False
) -> tuple[str, str, Usage]:
    """Return thought, answer and cost."""

    def pieces() -> Generator[Piece, None, None]:
        yield from (Delta(text=text) for text in texts)
        yield END

    split = list(with_thinking_cost(split_thoughts(pieces(), tags, is_open=is_open)))
    end = split[-1]
    assert isinstance(end, Completion)
    thought = "".join(piece.text for piece in split if isinstance(piece, Thought))
    answer = "".join(piece.text for piece in split if isinstance(piece, Delta))
    return thought, answer, end.usage


@pytest.mark.parametrize("tags", FAMILIES, ids=lambda tags: tags.start.strip())
@given(cuts=st.sets(st.integers(1, 60)), is_open=st.booleans())
def test_it_does_not_matter_where_the_pieces_are_cut(
    tags: Tags, cuts: set[int], is_open: bool
) -> None:
    head = "" if is_open else f"{tags.start}\n"
    whole = f"{head}Is 2 < 3? Yes.\nSo [no] <b>.\n{tags.end}\n\nYes: 2 < 3.\n"
    places = sorted({0, *(cut for cut in cuts if cut < len(whole)), len(whole)})
    texts = [whole[a:b] for a, b in pairwise(places)]
    thought, answer, usage = parted(texts, tags, is_open=is_open)
    assert thought == "Is 2 < 3? Yes.\nSo [no] <b>."
    assert answer == "Yes: 2 < 3.\n"
    assert usage.thinking_tokens > 0
    assert usage.completion_tokens == 9


@pytest.mark.parametrize(
    "text", ["Four.", "<b>four</b>", "A <think> tag opens a thought.", "<thin", "", "  4"]
)
def test_an_answer_without_a_thought_is_passed_on_whole(text: str) -> None:
    assert parted([text]) == ("", text, END.usage)
    assert parted(list(text)) == ("", text, END.usage)


def test_a_thought_that_is_cut_off_is_no_answer() -> None:
    assert parted(["<think>", "so far", " </thi"])[:2] == ("so far </thi", "")
    assert parted(["so far"], is_open=True)[:2] == ("so far", "")


def test_an_empty_thought_is_none() -> None:
    assert parted(["<think>\n\n</think>\n\n", "Four."])[:2] == ("", "Four.")
    assert parted(["</think>", "\n", "\nFour."], is_open=True)[:2] == ("", "Four.")


def test_only_the_first_tags_count() -> None:
    thought, answer, _ = parted(["<think>a</think>b <think>c</think>"])
    assert (thought, answer) == ("a", "b <think>c</think>")


def test_the_tags_are_those_of_the_template() -> None:
    qwen = "{% if enable_thinking %}<think>\n{% else %}<think>\n\n</think>{% endif %}"
    assert tags_of(qwen) == THINK
    assert tags_of("{% for m in messages %}[INST]{{ m }}[/INST]{% endfor %}") is None
    phi = "{{ '<|' + m['role'] + '|>' + m['content'] + '<|end|>' }}{{ '<|assistant|>' }}"
    assert tags_of(phi) is None  # its turns end as the thoughts of gpt-oss do
    assert tags_of("{{ content.split('</think>')[-1] }}") == THINK
    assert {tags_of(f"a {tags.start} b {tags.end}") for tags in FAMILIES} == set(FAMILIES)
