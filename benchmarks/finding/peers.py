"""The same chunks and vectors through two libraries' own default pipelines.

They are not among our dependencies. To measure them, make an environment and name its Python:

    python3 -m venv /tmp/peers
    /tmp/peers/bin/pip install -r benchmarks/finding/peers.txt
    .venv/bin/python -m benchmarks.finding.peers /tmp/peers/bin/python

Ours embeds; the other Python gets chunks, questions and vectors as one file, and answers with rankings.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from workers.flows.collection_test.metrics import figures

from ..harness import RESULTS
from .collection import ALL, Prepared, prepared
from .measure import HEAD, RightPassages
from .questions import BenchQuestion, load_questions

SCRIPT = Path(__file__).parent / "peers_inside.py"


def main(python: str) -> int:
    """Write results/finding-peers.md with the held half's figures; returns the exit status."""
    if subprocess.run(
        [python, "-c", "import llama_index.core, langchain_core"], check=False
    ).returncode:
        print(f"{python} has no llama-index-core and langchain-core: see the head of {__file__}.")
        return 2
    with prepared() as collections, tempfile.TemporaryDirectory() as folder:
        right = RightPassages(collections)
        asked = [
            one
            for one in load_questions()
            if one.kind == "answerable" and one.half == "held" and right.count(ALL, one)
        ]
        given, answers = Path(folder) / "given.json", Path(folder) / "answers.json"
        given.write_text(json.dumps(_given(collections, asked)))
        subprocess.run([python, str(SCRIPT), str(given), str(answers)], check=True)
        lines = [HEAD]
        totals = [right.count(ALL, one) for one in asked]
        for name, rankings in json.loads(answers.read_text()).items():
            judged = [right.among(texts, one) for texts, one in zip(rankings, asked, strict=True)]
            lines.append(f"| {ALL} | {name} | {figures(judged, totals).row()} |")
    text = "\n".join(lines) + "\n"
    RESULTS.joinpath("finding-peers.md").write_text(text)
    print(text)
    return 0


def _given(collections: Prepared, asked: list[BenchQuestion]) -> dict[str, object]:
    texts = [chunk.text for chunk in collections.chunks(ALL)]
    questions = [one.text for one in asked]
    return {
        "texts": texts,
        "questions": questions,
        "vectors": collections.embedder.embed(texts).tolist(),
        "question_vectors": collections.embedder.embed(questions).tolist(),
    }


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Name the Python that has the libraries: see the head of this file.")
    sys.exit(main(sys.argv[1]))
