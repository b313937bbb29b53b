"""Sample programs of the systems that Quintet replaces, with only their import line changed.

They run as their users run them: a plain script, no guard for __main__, a folder of one's own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import ROOT, App

pytestmark = pytest.mark.slow

GAI = """
from quintet import Gaigen
gen = Gaigen.GetInstance().load('mistral7b-exllama')

response = gen.create(messages=[{'role':'USER','content':'Tell me a one paragraph short story.'},
                                {'role':'ASSISTANT','content':''}], max_new_tokens=60)
print(response.choices[0].message.content)

for chunk in gen.create(messages=[{'role':'USER','content':'Tell me a one paragraph short story.'},
                                  {'role':'ASSISTANT','content':''}], stream=True, max_tokens=30):
    content = chunk.choices[0].delta.content
    if content:
        print(content, end='', flush=True)
"""
G4L = """
from quintet import LocalEngine, DocumentRetriever

engine = LocalEngine(
    gpu_layers=-1,  # use all GPU layers
    cores=0,        # use all CPU cores
    document_retriever=DocumentRetriever(
        files=['einstein-albert.txt'],
        verbose=True,
    )
)

response = engine.chat.completions.create(
    model='smollm2',
    messages=[{'role': 'user', 'content': 'Where was Einstein born?'}],
    stream=True, max_tokens=40, temperature=0,
)

for token in response:
    print(token.choices[0].delta.content or '', end='', flush=True)
"""
G4L_HITS = """
from quintet import DocumentRetriever

retriever = DocumentRetriever(files=['einstein-albert.txt'], reset_storage=True)
for hit in retriever.retrieve('Where was Einstein born?'):
    print(hit.score > 0, hit.node.metadata['page_label'], hit.node.metadata['file_name'])
print(retriever.retrieve_for_llm('Where was Einstein born?'))
"""
OURS = """
from quintet import Quintet
quintet = Quintet()
print(quintet.chat('What is the capital of France? Answer briefly.', temperature=0))
"""
REMOTE = """
from quintet import Gaigen
gen = Gaigen.GetInstance().load('another-quintet')
response = gen.create(messages=[{'role':'USER','content':'What is the capital of France? Answer briefly.'},
                                {'role':'ASSISTANT','content':''}])
print(type(response).__name__, response.model, response.choices[0].message.content)
for chunk in gen.create(messages=[{'role':'USER','content':'Say hello.'}], stream=True):
    print(type(chunk).__name__, end=' ')
"""
EINSTEIN = "Albert Einstein was born in Ulm, in the Kingdom of Württemberg, on 14 March 1879."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, home: Path, models_dir: Path) -> Path:
    """Where the user works: models and files lie beside the script."""
    folder = tmp_path_factory.mktemp("work")
    (folder / "models").symlink_to(models_dir)
    (folder / "files").mkdir()
    (folder / "files" / "einstein-albert.txt").write_text(EINSTEIN)
    return folder


def run_script(
    folder: Path, text: str, *, stdin: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    (folder / "sample.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-" if stdin else "sample.py"],
        cwd=folder,
        input=text if stdin else "",
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_gais_sample(folder: Path) -> None:
    done = run_script(folder, GAI)
    assert len(done.stdout) > 100
    assert done.stderr.count("answers in its place") == 1


def test_g4ls_sample_with_a_document(folder: Path) -> None:
    done = run_script(folder, G4L)
    assert "Ulm" in done.stdout
    assert "einstein-albert.txt: added" in done.stderr


def test_g4ls_sample_of_bare_retrieval(folder: Path) -> None:
    lines = run_script(folder, G4L_HITS).stdout.splitlines()
    assert lines[0] == "True 1 einstein-albert.txt"
    assert EINSTEIN in lines


@pytest.mark.parametrize("stdin", [False, True], ids=["script", "stdin"])
def test_a_script_needs_no_guard_and_runs_once(folder: Path, stdin: bool) -> None:
    done = run_script(folder, OURS, stdin=stdin)
    assert done.stdout.strip().count("Paris") == 1
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_a_remote_wrapper_answers_in_the_same_objects(app: App, tmp_path: Path) -> None:
    """The other server is another Quintet."""
    entry = {
        "type": "ttt",
        "engine": "OpenAI_TTT",
        "model_name": "smollm2-135m-instruct",
        "api_base": f"{app.url}/v1",
        "api_key": "SOME_KEY",
        "hyperparameters": {"temperature": 0, "max_tokens": 20},
    }
    (tmp_path / "gai").mkdir()
    (tmp_path / "gai" / "gai.json").write_text(
        json.dumps({"gen": {"default": "another-quintet", "another-quintet": entry}})
    )
    done = run_script(tmp_path, REMOTE, HOME=str(tmp_path), SOME_KEY="any")
    first, second = done.stdout.splitlines()
    assert first.startswith("ChatCompletion another-quintet ")
    assert "Paris" in first
    assert set(second.split()) == {"ChatCompletionChunk"}
