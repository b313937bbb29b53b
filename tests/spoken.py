"""Whether a sentence was heard that one of our voices has said."""

from __future__ import annotations

import jiwer

MOST_WRONG = 0.5
"""Of the words. A voice adds noise of its own each time, and the smallest recogniser mishears a word in one
of some sixty sentences ("dogs are not all out"): that is theirs. A chain that loses or swaps sound, which
is ours, leaves none of them."""


def sounds_like(heard: str, said: str) -> bool:
    """Whether at most half of the words are wrong, missing or too many; case and points do not count."""
    plain = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.Strip()])  # type: ignore[no-untyped-call]  # jiwer's own
    return bool(jiwer.wer(plain(said), plain(heard)) <= MOST_WRONG)
