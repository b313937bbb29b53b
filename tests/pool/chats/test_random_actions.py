"""Whatever is done with chats, in whatever order: nothing that was shown is lost, nothing is mixed up."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.pool.conftest import MakePool
from workers.chats.own_chats import OwnChats

from .acting import OWNERS, Actor
from .expected import ExpectedChat
from .server import Server

ACTIONS = 200
SEED = "QUINTET_TEST_SEED"
"""Set it to the number that a failure names, and the same things are done in the same order."""


def faults_of(actor: Actor, server: Server) -> list[str]:
    """Return what is kept otherwise than expected."""
    found = []
    for owner in OWNERS:
        own, expected = server.of(owner), actor.expected.of(owner)
        kept = {chat.id: chat for chat in own.all()}
        if set(kept) != set(expected):
            found.append(f"{owner} has {sorted(kept)}, not {sorted(expected)}")
        for chat_id in set(kept) & set(expected):
            tree = own.tree(chat_id)
            found += [f"{chat_id}: {one}" for one in expected[chat_id].faults(kept[chat_id], tree)]
    return found


def check_search(actor: Actor, server: Server) -> None:
    """Each question is found in the chats that hold it, by its owner alone."""
    for owner in OWNERS:
        own, chats = server.of(owner), actor.expected.of(owner)
        for word in {words_of(chat, own) for chat in chats.values()} - {""}:
            found = {one.chat.id for one in own.search(word)}
            with_word = {chat.id for chat in chats.values() if holds(chat, own, word)}
            assert found == with_word, word
        others = actor.expected.of(next(other for other in OWNERS if other != owner))
        for chat in others.values():
            assert not own.search(words_of(chat, server.of(chat.owner)) or "nothing at all")


def words_of(chat: ExpectedChat, own: OwnChats) -> str:
    """Return a word that only one question and its answers have; "" if the chat is empty."""
    asked = [one.text for one in own.tree(chat.id).messages.values() if one.role == "user"]
    return asked[-1].split()[1] if asked else ""


def holds(chat: ExpectedChat, own: OwnChats, word: str) -> bool:
    kept = own.get(chat.id)
    return word in kept.title or any(
        word in one.text for one in own.tree(chat.id).messages.values()
    )


async def live(make_pool: MakePool, folder: Path, seed: int, num_actions: int) -> None:
    server = Server(make_pool, folder)
    actor = Actor(server, seed)
    try:
        for _ in range(num_actions):
            await actor.act()
            assert faults_of(actor, server) == [], actor.done[-5:]
        await actor.rest()
        assert faults_of(actor, server) == []
        check_search(actor, server)
    except AssertionError as err:
        last = " ".join(actor.done[-20:])
        pytest.fail(f"{SEED}={seed}, after {len(actor.done)} actions ({last}): {err}")
    finally:
        await server.close()


def seeds(*numbers: int) -> list[int]:
    given = os.environ.get(SEED)
    return [int(given)] if given else list(numbers)


@pytest.mark.parametrize("seed", seeds(1))
def test_200_random_actions_lose_nothing_and_mix_up_nothing(
    make_pool: MakePool, tmp_path: Path, seed: int
) -> None:
    asyncio.run(live(make_pool, tmp_path, seed, ACTIONS))


@pytest.mark.slow
@pytest.mark.parametrize("seed", seeds(*range(2, 8)))
def test_many_more_random_actions_lose_nothing_and_mix_up_nothing(
    make_pool: MakePool, tmp_path: Path, seed: int
) -> None:
    asyncio.run(live(make_pool, tmp_path, seed, 2 * ACTIONS))
