"""The lock files: every entry hashed, nothing of one machine, nothing that drags in torch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from configs.catalogue import ModelCard, load_catalogue
from workers.models.weights import package_of

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
ENVIRONMENTS = [f"environments/{path.name}" for path in REQUIREMENTS.glob("environments/*.txt")]
HASHED = [
    *("cpu.txt", "lint.txt", "test.txt", "torch.txt", "uv.txt", "weights.txt"),
    *sorted(ENVIRONMENTS),
]
ALL_LISTS = sorted(
    [*(path for path in REQUIREMENTS.rglob("*") if path.is_file()), ROOT / "requirements.txt"]
)
PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)
CARDS = [card for card in load_catalogue().values() if card.source.startswith("package:")]


def pins(path: Path) -> dict[str, set[str]]:
    """Package → its pinned versions (several where they depend on the Python version)."""
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(path.read_text()):
        found.setdefault(name.lower(), set()).add(version)
    return found


@pytest.mark.parametrize("name", HASHED)
def test_every_entry_is_pinned_and_hashed(name: str) -> None:
    entries = re.split(r"(?<!\\)\n", (REQUIREMENTS / name).read_text().strip())
    for entry in entries:
        assert PIN.match(entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]


@pytest.mark.parametrize("path", ALL_LISTS, ids=lambda path: path.name)
def test_lists_name_no_registry_and_no_path(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"https?://|file:|-index|find-links|trusted-host|@ ", text)
    assert not re.search(r"(?m)(^|\s)/\w+", text)


@pytest.mark.parametrize("name", ["cpu.txt", "test.txt", "weights.txt", "../requirements.txt"])
def test_nothing_that_needs_torch_or_a_compiler(name: str) -> None:
    unwanted = {"torch", "torchvision", "transformers", "llama-cpp-python", "docopt"}
    assert unwanted & set(pins(REQUIREMENTS / name)) == set()
    cuda = [package for package in pins(REQUIREMENTS / name) if package.startswith("nvidia")]
    assert set(cuda) <= {"nvidia-ml-py"}  # asks the driver; 50 kB


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.id)
def test_every_packaged_model_is_locked_at_the_version_of_its_card(card: ModelCard) -> None:
    if not card.source.startswith("package:"):
        pytest.fail("the default catalogue holds packaged models only")
    name, _, version = package_of(card)[0].partition("==")
    locked = pins(REQUIREMENTS / "weights.txt") | pins(REQUIREMENTS / "cpu.txt")
    assert locked[name] == {version}


def test_lint_checks_with_the_ruff_of_the_tests() -> None:
    assert pins(REQUIREMENTS / "lint.txt")["ruff"] == pins(REQUIREMENTS / "test.txt")["ruff"]


def test_direct_dependencies_are_locked() -> None:
    wanted = re.findall(r"(?m)^([A-Za-z0-9][\w-]*)", (REQUIREMENTS / "cpu.in").read_text())
    assert set(map(str.lower, wanted)) <= set(pins(REQUIREMENTS / "cpu.txt"))


def test_the_space_installs_what_the_builder_adds() -> None:
    """The Space's front matter, its list and our lock must agree on Gradio."""
    (version,) = pins(REQUIREMENTS / "cpu.txt")["gradio"]
    assert pins(ROOT / "requirements.txt")["gradio"] == {version}
    readme = (ROOT / "README.md").read_text("utf-8")
    assert re.search(rf"(?m)^sdk_version: \"?{re.escape(version)}\"?$", readme)


def test_the_space_runs_the_versions_that_were_tested() -> None:
    locked, space = pins(REQUIREMENTS / "cpu.txt"), pins(ROOT / "requirements.txt")
    assert [name for name in locked if name in space and not space[name] <= locked[name]] == []
    direct = re.findall(r"(?m)^([a-z][\w-]*)", (REQUIREMENTS / "cpu.in").read_text())
    assert set(direct) <= set(space)
