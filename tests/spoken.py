"""Whether a sentence was heard that one of our voices has said."""

from __future__ import annotations

import jiwer

MOST_WRONG = 2 / 9
"""Of the words. A voice adds noise of its own each time, and the smallest recogniser mishears a word in one
of some sixty sentences: that is theirs. A chain that loses or swaps sound, which is ours, leaves none."""

OPENING = 4 / 9
"""For a sentence with an hour in it: "9.Dogs" for "nine. Dogs" is two words wrong already."""


def sounds_like(heard: str, said: str, most_wrong: float = MOST_WRONG) -> bool:
    """Whether so few words are wrong, missing or too many; case and points do not count."""
    plain = jiwer.Compose([jiwer.ToLowerCase(), jiwer.RemovePunctuation(), jiwer.Strip()])  # type: ignore[no-untyped-call]  # jiwer's own
    return bool(jiwer.wer(plain(said), plain(heard)) <= most_wrong)
