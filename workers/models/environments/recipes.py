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
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from workers.messages.errors import EngineNotInstalledError

RECIPES = Path(__file__).parents[3] / "requirements" / "environments"


class Compiled(BaseModel):
    """A program that is compiled here from the source of a package, which itself is not installed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    package: str
    """In NAME.in; its source distribution is fetched."""
    folder: str
    """Within that: where the `CMakeLists.txt` is."""
    target: str
    """What CMake builds, and the program's name."""
    options: tuple[str, ...] = ()
    """CMake's."""
    core_minutes: int = Field(gt=0)
    """Time of one core to compile it, measured."""
    scratch_mib: int = Field(gt=0)
    """Room that it takes besides while it is compiled."""


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
    compiles: Compiled | None = None
    """A program that comes out of it, in its folder `bin`."""
    torch: str = ""
    """Version; "": none."""
    python: str = "3.10"
    """Oldest Python that its packages run on."""
    lock: str
    """Requirements as pip reads them, an entry a line, with hashes."""

    @property
    def fingerprint(self) -> str:
        """Changes with everything that is installed."""
        made_of = f"{self.torch}\n{self.builds}\n{self.lock}"
        if self.compiles is not None:
            made_of += f"\n{self.compiles.target}\n{self.compiles.options}"
        return hashlib.sha256(made_of.encode()).hexdigest()

    def entries(self, *, is_built: bool) -> str:
        """Return the lines of the lock that are built here, or those that are installed as they are."""
        source = self.compiles.package if self.compiles is not None else None
        return self._lines(
            lambda name: name != source and (name in self.builds) == is_built,
        )

    def source_entry(self) -> str:
        """Return the line of the lock whose source is compiled; "" if there is none."""
        source = self.compiles.package if self.compiles is not None else None
        return self._lines(lambda name: name == source)

    def _lines(self, is_meant: Callable[[str], bool]) -> str:
        lines = (line for line in self.lock.splitlines() if line.strip())
        return "".join(f"{line}\n" for line in lines if is_meant(package_name(line)))


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
