"""Which texts are computed together: those of like length, so that little is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def groups_of_like_length(lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """Yield places of texts to compute together: at most `max_tokens` with padding, or one text."""
    group: list[int] = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if group and (len(group) + 1) * lengths[number] > max_tokens:
            yield group
            group = []
        group.append(number)
    if group:
        yield group
