"""What is shown of a chat, as questions with their answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workers.chats.records import Message, Tree
from workers.flows.turns.answer import LiveAnswer

LIVE = 6
"""Exchanges in the lower log at most: it is sent whole at the begin and the end of every answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Which of several versions of a message is shown."""

    place: int = 1
    """From 1."""
    count: int = 1
    before: int | None = None
    """Id of the version before; None: there is none."""
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A question and the version of its answer that is shown; imported chats may lack either."""

    question: Message | None = None
    question_versions: Versions = Versions()
    answer: Message | None = None
    answer_versions: Versions = Versions()
    live: LiveAnswer | None = None
    """The answer while it is written, with what is not kept of it."""

    @property
    def is_running(self) -> bool:
        """Whether its answer is being written."""
        return self.answer is not None and self.answer.state == "running"


def exchanges_of(
    tree: Tree, shown: int | None, live: Mapping[int, LiveAnswer]
) -> tuple[Exchange, ...]:
    """Return what is shown; `live`: the answers that are being written, by the ids of their messages."""
    found: list[Exchange] = []
    for message in tree.path(shown):
        versions = versions_of(tree, message)
        if message.role == "user":
            found.append(Exchange(question=message, question_versions=versions))
            continue
        if not found or found[-1].answer is not None:
            found.append(Exchange())
        now = live.get(message.id)
        found[-1] = replace(
            found[-1],
            answer=now.message if now is not None else message,
            answer_versions=versions,
            live=now,
        )
    return tuple(found)


def versions_of(tree: Tree, message: Message) -> Versions:
    """Return a message's place among its versions."""
    ids = [version.id for version in tree.versions(message)]
    place = ids.index(message.id)
    return Versions(
        place=place + 1,
        count=len(ids),
        before=ids[place - 1] if place else None,
        after=ids[place + 1] if place + 1 < len(ids) else None,
    )


def live_from(exchanges: Sequence[Exchange]) -> int:
    """Return the index of the first exchange that may still change: that of the first running answer, or the last."""
    running = [index for index, exchange in enumerate(exchanges) if exchange.is_running]
    return running[0] if running else max(0, len(exchanges) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """What the two logs of a chat show: what came earlier, and the last exchanges, which may change."""

    begin: int
    """Index of the first exchange that is shown."""
    kept: tuple[Exchange, ...]
    """The upper log."""
    first: int
    """Index of the first exchange of the lower log."""
    live: tuple[Exchange, ...]
    """The lower log."""


def layers_of(exchanges: tuple[Exchange, ...], window: int, before: Layers | None) -> Layers:
    """Part what is shown so that the upper log stays as it was drawn before, as long as it can.

    It stays until what it shows has changed, more than `window` exchanges are asked for, or the lower
    log has grown longer than `LIVE`: then everything but what may still change moves up at once.
    """
    first = live_from(exchanges)
    if before is not None and _can_stay(before, exchanges, first, window):
        return replace(before, live=exchanges[before.first :])
    begin = max(0, min(first, len(exchanges) - window))
    return Layers(begin=begin, kept=exchanges[begin:first], first=first, live=exchanges[first:])


def _can_stay(before: Layers, exchanges: tuple[Exchange, ...], first: int, window: int) -> bool:
    is_short = before.first <= first and len(exchanges) - before.first <= LIVE
    has_all = before.begin <= max(0, len(exchanges) - window)
    return is_short and has_all and before.kept == exchanges[before.begin : before.first]


def with_live(
    exchanges: Sequence[Exchange], live: Mapping[int, LiveAnswer]
) -> tuple[Exchange, ...]:
    """Return exchanges with what has come of their answers since they were read."""
    return tuple(
        replace(one, answer=now.message, live=now)
        if one.answer is not None and (now := live.get(one.answer.id)) is not None
        else one
        for one in exchanges
    )
