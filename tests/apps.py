"""One running Quintet per kind of access, shared by all tests of a session that ask for it.

A test takes one by its fixture's name. What it changes there it undoes, and it asks for what is true
whoever came before: nobody knows which models are awake, or which collections there are.

    app           open to this machine, all five models awake: what `make run` starts
    locked_app    asks for a password or a key, and knows an admin
    public_app    open to the network, with an admin's password, as on a Space
    client        no server: the five workers as the Python library starts them
    fake_app      open to this machine, without weights: what `quintet serve --engine fake` starts
    doors         listens where the older systems did too: see doors.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from configs.catalogue import load_catalogue
from configs.settings import load_settings
from tests.running import App, start_app, stop_app
from workers.assembly import build_pool
from workers.client import Client

PASSWORD = "of-users"
ADMIN_PASSWORD = "of-admins"
KEY = "key-of-bob"
"""Of somebody without bounds."""
ADMIN_KEY = "key-of-root"
SECRETS = (PASSWORD, ADMIN_PASSWORD, KEY, ADMIN_KEY, "key-of-alice", "key-of-carol")
KEYS = """[
  {name: alice, key: key-of-alice, max_running: 1, max_waiting: 1},
  {name: bob, key: key-of-bob},
  {name: carol, key: key-of-carol, max_running: 1},
  {name: root, key: key-of-root, role: admin},
]"""
ORIGIN = "http://chat.example:3000"
"""Of a page elsewhere that may use `locked_app`."""


@contextmanager
def running_app(
    factory: pytest.TempPathFactory, name: str, *arguments: str, **environment: str
) -> Iterator[App]:
    """Start one of one's own; stopped at the end, however that comes."""
    app = start_app(factory.mktemp(name), *arguments, **environment)
    try:
        yield app
    finally:
        stop_app(app)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory, "app") as running:
        yield running


@pytest.fixture(scope="session")
def locked_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(
        tmp_path_factory,
        "locked",
        QUINTET_SERVER__PASSWORD=PASSWORD,
        QUINTET_SERVER__ADMIN_PASSWORD=ADMIN_PASSWORD,
        QUINTET_SERVER__API_KEYS=KEYS,
        QUINTET_SERVER__CORS_ORIGINS=f"localhost, {ORIGIN}",
        QUINTET_POOL__WARM="[]",
    ) as running:
        yield running


@pytest.fixture(scope="session")
def public_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(
        tmp_path_factory,
        "public",
        QUINTET_SERVER__OPEN_TO_NETWORK="true",
        QUINTET_SERVER__ADMIN_PASSWORD=ADMIN_PASSWORD,
        QUINTET_POOL__WARM="[]",
    ) as running:
        yield running


@pytest.fixture(scope="session")
def fake_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory, "fake", "--engine", "fake") as running:
        yield running


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = str(tmp_path_factory.mktemp("client"))
    settings = load_settings("cpu", {"data_dir": folder, "log_level": "WARNING"})
    pool, client = build_pool(settings, load_catalogue())
    pool.start()
    yield client
    pool.close()
    assert all(worker.pid is None for worker in pool.status().workers)
