"""Whatever we tell people to install exists: a distribution of our lists, an extra, an environment.

A name that nobody has registered could be registered by anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module, metadata
from pathlib import Path
from typing import Any, NoReturn

import pytest
import typer.main

from cli import checks
from cli.commands import add_commands
from configs.catalogue import load_catalogue
from configs.settings import load_settings
from tests.architecture.test_imports import tomllib
from workers.models.environments.recipes import RECIPES, recipe_names
from workers.specs.spec import EngineSpec, built_in_specs

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
FOLDERS = (
    "api",
    "benchmarks",
    "cli",
    "compat",
    "configs",
    "docs",
    "library",
    "ui",
    "workers",
    ".github",
)
SUFFIXES = (".py", ".md", ".yaml", ".yml", ".in", ".html", ".js")
HERE = ("Makefile", "Dockerfile", ".ci/run", "packages.txt")

PIP = re.compile(r"pip install ([^`\n]+)")
END = re.compile(r"&&|[(;|]|, |\\n|\"|\. |\s{2,}#")
WITH_VALUE = (
    "-r",
    "-c",
    "--target",
    "--index-url",
    "--extra-index-url",
    "--find-links",
    "--only-binary",
)
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
EXTRAS = re.compile(r"\.\[([\w,-]+)\]")
ENVIRONMENT = re.compile(r"quintet env (?:create|check|remove) ([a-z][\w-]*)")
COMMAND = re.compile(r"(?:`|Run: |&& |^)quintet ([a-z]+)(?: ([a-z]+))?", re.MULTILINE)
MAKE = re.compile(r"(?:`|Run: |one: )make ((?:[a-z][a-z-]*(?= |`|\.|$) ?)+)")


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def known_distributions() -> set[str]:
    """What our lists name, locked or asked for."""
    lines = (
        line
        for path in (*REQUIREMENTS.rglob("*.txt"), *REQUIREMENTS.rglob("*.in"))
        for line in path.read_text("utf-8").splitlines()
    )
    return {canonical(found[0]) for line in lines if (found := NAME.match(line))}


def known_extras() -> set[str]:
    pyproject: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return set(pyproject["tool"]["setuptools"]["dynamic"]["optional-dependencies"])


KNOWN, EXTRA_NAMES = known_distributions(), known_extras()
TARGETS = {
    name
    for names in re.findall(r"(?m)^([a-z][a-z -]*):", (ROOT / "Makefile").read_text("utf-8"))
    for name in names.split()
}
COMMANDS: Any = typer.main.get_command(add_commands())


def wrong_in(text: str) -> list[str]:
    """Return each piece of advice that cannot be followed."""
    parts = (_wrong_packages, _wrong_environments, _wrong_commands, _wrong_targets)
    return [wrong for part in parts for wrong in part(text)]


def _wrong_packages(text: str) -> Iterator[str]:
    for advice in PIP.findall(text):
        words = END.split(advice, maxsplit=1)[0].split()
        while words:
            word = words.pop(0).strip("'\",:)")
            if word in WITH_VALUE:
                value = words.pop(0).strip("'\"") if words else ""
                if word == "-r" and not (ROOT / value).is_file():
                    yield f"-r {value}"
            elif found := EXTRAS.fullmatch(word):
                yield from (f".[{name}]" for name in found[1].split(",") if name not in EXTRA_NAMES)
            elif (found := NAME.match(word)) and canonical(found[0]) not in KNOWN:
                yield f"pip install {word}"


def _wrong_environments(text: str) -> Iterator[str]:
    names = recipe_names()
    yield from (f"env {name}" for name in ENVIRONMENT.findall(text) if name not in names)


def _wrong_commands(text: str) -> Iterator[str]:
    for name, below in COMMAND.findall(text):
        command = COMMANDS.commands.get(name)
        if command is None:
            yield f"quintet {name}"
        elif below and below not in getattr(command, "commands", {below}):
            yield f"quintet {name} {below}"


def _wrong_targets(text: str) -> Iterator[str]:
    for words in MAKE.findall(text):
        yield from (f"make {name}" for name in words.split() if name not in TARGETS)


def sources() -> list[Path]:
    found = [
        path for name in FOLDERS for path in (ROOT / name).rglob("*") if path.suffix in SUFFIXES
    ]
    found += [*ROOT.glob("*.md"), *ROOT.glob("*.py"), *REQUIREMENTS.rglob("*.in")]
    found += [*REQUIREMENTS.rglob("*.yaml"), *(ROOT / name for name in HERE)]
    return sorted(path for path in found if path.is_file())


def test_no_file_advises_what_is_not_there() -> None:
    wrong = {str(path.relative_to(ROOT)): wrong_in(path.read_text("utf-8")) for path in sources()}
    assert {name: advice for name, advice in wrong.items() if advice} == {}


@pytest.mark.parametrize(
    "advice",
    [
        "Run: pip install coqui",
        "Run: pip install '.[rag]'",
        "Run: pip install -r requirements/gpu.txt",
        "pip install openai crossencoder",
        "Run: quintet env create rag",
        "`quintet models fetch x`",
        "Run: quintet install x",
        "Delete it and run `make instal` again.",
    ],
)
def test_wrong_advice_is_noticed(advice: str) -> None:
    assert wrong_in(advice)


def test_what_is_right_is_seen_and_passes() -> None:
    right = (
        "Run: pip install --no-deps piper-tts==1.8.0 && pip install '.[torch]'", "env create gptq",
        "`pip install -r requirements/cpu.txt`, then `quintet models pull x`",
    )  # fmt: skip
    assert [wrong_in(advice) for advice in right] == [[], [], []]
    assert sum(len(PIP.findall(path.read_text("utf-8"))) for path in sources()) >= 8


@pytest.mark.parametrize("spec", built_in_specs(), ids=lambda spec: "-".join(spec.key))
def test_what_a_record_names_can_be_installed(spec: EngineSpec) -> None:
    assert wrong_in(spec.install_hint) == []
    locks = [path.read_text("utf-8") for path in REQUIREMENTS.glob("*.txt")]
    if spec.environments:
        locks = [(RECIPES / f"{name}.txt").read_text("utf-8") for name in spec.environments]
        locks += [(RECIPES / f"{spec.environment}.in").read_text("utf-8")]
    locks += [
        (REQUIREMENTS / "torch.in").read_text("utf-8")
    ]  # torch is locked by its version alone
    for name in spec.distributions:
        assert re.search(rf"(?m)^{re.escape(name)}\b", "\n".join(locks)), name
    assert bool(spec.distributions) == bool(spec.install_hint)


def test_torch_is_advised_in_the_version_that_is_tested() -> None:
    install = import_module("workers.specs.shared").TORCH_INSTALL
    (pin,) = re.findall(r"(?m)^torch==\S+", (REQUIREMENTS / "torch.in").read_text("utf-8"))
    assert f"pip install {pin} " in install


def test_doctor_advises_what_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> NoReturn:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    settings = load_settings("cpu", {"data_dir": str(tmp_path)})
    found = list(checks.engines([], settings))
    assert {finding.state for finding in found} == {"warning"}
    assert all(finding.mend for finding in found)
    assert [wrong for finding in found for wrong in wrong_in(finding.mend)] == []


def test_doctor_tells_of_an_engine_that_nobody_brings(tmp_path: Path) -> None:
    card = next(iter(load_catalogue().values())).model_copy(update={"engine": "beeper"})
    found = checks.engines([card], load_settings("cpu", {"data_dir": str(tmp_path)}))
    (finding,) = (finding for finding in found if finding.what == "engine beeper")
    assert (finding.state, card.id in finding.detail) == ("broken", True)
