"""Where a passage stands on its page: its letters are looked for, whatever blanks and hyphens are between. Pure."""

from __future__ import annotations

from collections.abc import Sequence

Box = tuple[float, float, float, float]
"""left, top, width, height as shares of the page, [0, 1]."""
RUN = 14
"""Letters that must stand in the passage and on the page in one order: about two or three words."""
MIN_FOUND = 24
"""Letters of a stretch that counts where there are longer ones: "of the harbour" stands everywhere."""
Unit = tuple[str, Box, int]
"""A word or a line, where it stands, and the number of the line that it belongs to."""


def boxes_of(units: Sequence[Unit], passage: str) -> tuple[Box, ...]:
    """Return a box for each line's part that is in the passage; `units` in reading order."""
    letters, owners = _letters(units)
    wanted = "".join(char for char in passage.casefold() if char.isalnum())
    run = min(RUN, len(wanted))
    if not run:
        return ()
    known = {wanted[at : at + run] for at in range(len(wanted) - run + 1)}
    found = [False] * len(letters)
    for at in range(len(letters) - run + 1):
        if letters[at : at + run] in known:
            found[at : at + run] = [True] * run
    stretches = _stretches(found)
    longest = max((end - start for start, end in stretches), default=0)
    least = min(MIN_FOUND, longest)
    counts: dict[int, int] = {}
    for start, end in stretches:
        if end - start >= least:
            for owner in owners[start:end]:
                counts[owner] = counts.get(owner, 0) + 1
    lengths: dict[int, int] = {}
    for owner in owners:
        lengths[owner] = lengths.get(owner, 0) + 1
    marked = [number for number, count in counts.items() if 2 * count >= lengths[number]]
    return _lines(units, sorted(marked))


def _letters(units: Sequence[Unit]) -> tuple[str, list[int]]:
    """Return all letters of a page in one, and which unit each is of."""
    letters: list[str] = []
    owners: list[int] = []
    for number, (text, _, _) in enumerate(units):
        own = [char for char in text.casefold() if char.isalnum()]
        letters += own
        owners += [number] * len(own)
    return "".join(letters), owners


def _stretches(found: Sequence[bool]) -> list[tuple[int, int]]:
    stretches: list[tuple[int, int]] = []
    start = None
    for at, is_it in enumerate([*found, False]):
        if is_it and start is None:
            start = at
        elif not is_it and start is not None:
            stretches.append((start, at))
            start = None
    return stretches


def _lines(units: Sequence[Unit], marked: Sequence[int]) -> tuple[Box, ...]:
    """Put neighbours of one line together."""
    boxes: list[Box] = []
    last = (-2, -1)
    for number in marked:
        _, box, line = units[number]
        if last == (number - 1, line):
            boxes[-1] = _around(boxes[-1], box)
        else:
            boxes.append(box)
        last = (number, line)
    return tuple(boxes)


def _around(one: Box, other: Box) -> Box:
    left, top = min(one[0], other[0]), min(one[1], other[1])
    right = max(one[0] + one[2], other[0] + other[2])
    bottom = max(one[1] + one[3], other[1] + other[3])
    return left, top, right - left, bottom - top
