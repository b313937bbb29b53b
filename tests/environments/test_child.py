"""A worker under the interpreter of another environment is a worker like any other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.environments.tiny import NAME
from tests.pool.conftest import fake_models, process_spec, roomy_memory, say
from tests.pool.watching import LONG, text_of, wait_for, worker
from tests.running import is_alive
from workers.client import Client
from workers.messages import TextDelta
from workers.messages.errors import WorkerDiedError
from workers.models.environments.places import Environments
from workers.pool.pending import PoolLimits
from workers.pool.pool import Pool

ROOT = Path(__file__).parents[2]


@pytest.fixture
def client(tiny: Environments, tmp_path: Path) -> Iterator[Client]:
    python = str(tiny.python(NAME))
    models = fake_models()
    target = "tests.environments.looking:LookingWorker"
    pool = Pool(
        models,
        lambda card, placement: replace(
            process_spec(card, tmp_path, 2), python=python, target=target
        ),
        PoolLimits(),
        roomy_memory(),
    )
    pool.start()
    yield Client(pool, models)
    pool.close()
    assert all(status.pid is None for status in pool.status().workers)


def test_it_answers_from_its_own_interpreter(client: Client, tiny: Environments) -> None:
    assert text_of(client.run(say("hello from there"))) == "hello from there "
    assert text_of(client.run(say("where"))).strip() == str(tiny.folder(NAME))


def test_nothing_of_the_parents_packages_reaches_it(client: Client) -> None:
    """Its path: Quintet's own folder, the standard library, its environment; gradio is in none."""
    found = text_of(client.run(say("path"))).split()
    assert str(ROOT) in found
    assert not [entry for entry in found if entry.startswith(sys.prefix)]
    assert text_of(client.run(say("import gradio"))).strip() == "missing"
    assert text_of(client.run(say("import pydantic"))).strip() == "there"


def test_stop_reaches_it(client: Client) -> None:
    stream = client.stream(say(LONG))
    next(event for event in stream if isinstance(event, TextDelta))
    stream.close()
    wait_for(lambda: worker(client).num_running == 0)


def test_killed_it_fails_what_it_held_and_comes_back(client: Client) -> None:
    client.run(say("warm"))
    pid = worker(client).pid
    assert pid is not None
    stream = client.stream(say(LONG))
    next(event for event in stream if isinstance(event, TextDelta))
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(WorkerDiedError, match="killed by SIGKILL"):
        list(stream)
    assert text_of(client.run(say("again"))) == "again "
    assert worker(client).pid != pid


def test_it_does_not_outlive_its_parent(tiny: Environments, tmp_path: Path) -> None:
    script = textwrap.dedent(f"""
        import sys, time
        from dataclasses import replace
        from pathlib import Path
        from tests.pool.conftest import card, process_spec
        from workers.pool.child import Child
        spec = replace(process_spec(card("text"), Path({str(tmp_path)!r})), python={str(tiny.python(NAME))!r})
        child = Child(spec, lambda message: print(child.pid, type(message).__name__, flush=True),
                      lambda reason: None)
        time.sleep(600)
    """)
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        said = next(line for line in parent.stdout if "Ready" in line)
        pid = int(said.split()[0])
        assert psutil.Process(pid).is_running()
        parent.kill()
    wait_for(lambda: not is_alive(pid))
