"""Look into an environment the way a worker lives in it."""

from __future__ import annotations

import json
import subprocess

from workers.messages.errors import EngineNotInstalledError
from workers.models.environments.interpreter import command_of, environ_of
from workers.models.llama_server.asking import ask

from .places import Environments
from .recipes import read_recipe

LOOK = """
import importlib.util, json, sys
found = {"python": ".".join(map(str, sys.version_info[:3]))}
import workers.engines.main
if importlib.util.find_spec("torch"):
    import torch
    found |= {"torch": torch.__version__, "cuda": "yes" if torch.cuda.is_available() else "no"}
print(json.dumps(found))
"""


def look_into(environments: Environments, name: str) -> dict[str, str]:
    """Return the versions of what matters. Raises: EngineNotInstalledError if a worker cannot live."""
    python = str(environments.python(name))
    ran = subprocess.run(  # noqa: S603 — the environment's own interpreter
        command_of(python, LOOK), env=environ_of(python), capture_output=True, text=True,
        check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if ran.returncode:
        last = (ran.stderr.strip() or f"exit status {ran.returncode}").splitlines()[-1]
        raise EngineNotInstalledError(
            f"No worker can live in the environment {name}: {last}",
            f"Run: quintet env remove {name} && quintet env create {name}",
        )
    found: dict[str, str] = json.loads(ran.stdout.strip().splitlines()[-1])
    compiled = read_recipe(name, environments.recipes).compiles
    if compiled is not None:
        found[compiled.target] = ask(environments.folder(name) / "bin" / compiled.target).version
    return found
