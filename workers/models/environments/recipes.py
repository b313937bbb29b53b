"""What each environment is made of: four files of one name in `requirements/environments/`.

    NAME.yaml        what it is for and how large it gets (`Recipe`)
    NAME.in          what it needs, beginning with `-r worker.in`
    NAME.txt         the same, locked with hashes by `make lock`; without torch
    NAME.overrides   optional, for `make lock`: what libraries ask for, and do not get, in place of
                     `../torch.overrides`

torch stands in NAME.in with its version and is installed first, without a hash: which of its builds,
for which driver, is the machine's choice.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from workers.messages.errors import EngineNotInstalledError

RECIPES = Path(__file__).parents[3] / "requirements" / "environments"


class Recipe(BaseModel):
    """One environment that can be made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    about: str
    """For people: which models need it."""
    disk_mib: int = Field(gt=0)
    """Size once it is made, measured with PyTorch for the CPU."""
    builds: tuple[str, ...] = ()
    """Packages that are built here from their source, with what NAME.in brings."""
    programs: tuple[str, ...] = ()
    """What must be on the PATH, to build them or because they compile while they run."""
    torch: str = ""
    """Version; "": none."""
    python: str = "3.10"
    """Oldest Python that its packages run on."""
    lock: str
    """Requirements as pip reads them, an entry a line, with hashes."""

    @property
    def fingerprint(self) -> str:
        """Changes with everything that is installed."""
        return hashlib.sha256(f"{self.torch}\n{self.builds}\n{self.lock}".encode()).hexdigest()

    def entries(self, *, is_built: bool) -> str:
        """Return the lines of the lock that are built here, or those that are not."""
        lines = (line for line in self.lock.splitlines() if line.strip())
        return "".join(
            f"{line}\n" for line in lines if (package_name(line) in self.builds) == is_built
        )


def package_name(entry: str) -> str:
    """Return the name a line of the lock begins with."""
    return re.split(r"[=\s\[;]", entry, maxsplit=1)[0]


def recipe_names(folder: Path = RECIPES) -> list[str]:
    """Return the names of the environments that can be made."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def read_recipe(name: str, folder: Path = RECIPES) -> Recipe:
    """Read the files of one environment. Raises: EngineNotInstalledError naming those there are."""
    names = recipe_names(folder)
    if name not in names:
        raise EngineNotInstalledError(
            f"No environment is called {name!r}; known: {', '.join(names) or 'none'}."
        )
    stamps = tuple((folder / f"{name}{end}").stat().st_mtime_ns for end in (".in", ".txt", ".yaml"))
    return _read(name, folder, stamps)


@lru_cache
def _read(name: str, folder: Path, stamps: tuple[int, ...]) -> Recipe:
    """`stamps` are the files' times: a recipe that was changed is read again."""
    asked = (folder / f"{name}.in").read_text(encoding="utf-8")
    torch = re.search(r"^torch==(\S+)", asked, re.MULTILINE)
    lock = (folder / f"{name}.txt").read_text(encoding="utf-8")
    return Recipe(
        name=name,
        torch=torch[1] if torch else "",
        lock=lock.replace("\\\n", " "),
        **yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8")),
    )
