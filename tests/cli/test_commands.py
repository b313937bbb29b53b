"""Real input through real models: spoken, heard, read, indexed, asked."""

from __future__ import annotations

import io
import json
import re
import subprocess
from pathlib import Path

import av
import pytest
from fpdf import FPDF

from benchmarks.material import picture_of
from tests.cli.conftest import COMMAND, Quintet, interrupt
from tests.spoken import sounds_like

PARIS = "What is the capital of France? Answer briefly."
FOX = "The quick brown fox jumps over the lazy dog."


@pytest.fixture(scope="module")
def fox(quintet: Quintet, home: Path) -> Path:
    done = quintet("speak", FOX, "-o", "fox.mp3")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"fox\.mp3: \d\.\d s\n", done.stdout)
    return home / "fox.mp3"


def test_what_is_spoken_is_heard_and_piped_into_a_question(quintet: Quintet, fox: Path) -> None:
    heard = quintet("transcribe", fox)
    assert (sounds_like(heard.stdout, FOX), heard.stderr) == (True, ""), heard.stdout
    asked = quintet(
        "ask",
        "What jumps over the dog?",
        "--json",
        "--temperature",
        "0",
        stdin=FOX,  # as a pipe would bring it; what a tiny model makes of another word is its affair
    )
    record = json.loads(asked.stdout)
    assert "fox" in record["text"].lower()
    assert record["finish_reason"] == "stop"
    assert record["usage"]["completion_tokens"] > 0


@pytest.mark.slow
def test_a_folder_gets_a_file_per_recording(quintet: Quintet, fox: Path, home: Path) -> None:
    (home / "again.mp3").write_bytes(fox.read_bytes())
    done = quintet("transcribe", "fox.mp3", "again.mp3", "--format", "srt", "-o", "out", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["output"] for row in rows] == ["out/fox.srt", "out/again.srt"]
    assert [sounds_like(row["text"], FOX) for row in rows] == [True, True], rows
    assert (home / "out" / "again.srt").read_text().startswith("1\n00:00:0")


def test_speech_goes_down_a_pipe(environment: dict[str, str]) -> None:
    sound = subprocess.run(
        [*COMMAND, "speak", "-", "--format", "flac"],
        input=FOX.encode(),
        env=environment,
        capture_output=True,
        check=True,
    ).stdout
    assert sound.startswith(b"fLaC")
    with av.open(io.BytesIO(sound)) as file:
        frames = list(file.decode(audio=0))
    assert sum(frame.samples for frame in frames) / frames[0].sample_rate > 2


def test_an_answer_is_all_that_is_written(quintet: Quintet) -> None:
    done = quintet("ask", PARIS, "--temperature", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Paris" in done.stdout


@pytest.mark.slow
def test_a_schema_binds_the_answer(quintet: Quintet, home: Path) -> None:
    (home / "schema.json").write_text(
        '{"type": "object", "properties": {"sea": {"enum": ["blue"]}}, "required": ["sea"]}'
    )
    done = quintet("ask", "Which colour is the sea?", "--schema", "schema.json")
    assert json.loads(done.stdout) == {"sea": "blue"}


@pytest.mark.slow
def test_a_picture_is_read_and_asked_about(quintet: Quintet, home: Path) -> None:
    (home / "receipt.png").write_bytes(picture_of("Total: 42.50 EUR"))
    assert quintet("see", "receipt.png").stdout == "Total: 42.50 EUR\n"
    record = json.loads(quintet("see", "receipt.png", "What is the total?", "--json").stdout)
    assert "42.50" in record["text"]
    assert record["pictures"][0]["lines"][0]["text"] == "Total: 42.50 EUR"


@pytest.mark.slow
def test_documents_are_indexed_searched_asked_removed(quintet: Quintet, home: Path) -> None:
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    for sentence in ("The library opens at nine.", "Dogs are not allowed in the library."):
        pdf.add_page()
        pdf.multi_cell(0, 8, sentence)
    pdf.output(str(home / "rules.pdf"))
    (home / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    done = quintet("index", "house", "rules.pdf", "broken.pdf")
    assert (done.returncode, done.stdout) == (1, "rules.pdf: added, 2 chunks\n")
    assert "broken.pdf: " in done.stderr
    (best,) = quintet(
        "search", "house", "May I bring a dog?", "-n", "1", "--json"
    ).stdout.splitlines()
    assert json.loads(best)["page"] == 2
    here = ("--file", "RULES*", "--type", "pdf", "--pages", "1", "--since", "2020-01-01")
    (other,) = quintet("search", "house", "May I bring a dog?", *here, "--json").stdout.splitlines()
    assert json.loads(other)["page"] == 1
    nowhere = quintet("search", "house", "dogs", "--type", "docx")
    assert (nowhere.returncode, "documents fits" in nowhere.stderr) == (2, True)
    asked = quintet("ask", "--collection", "house", "Are dogs allowed in the library?")
    assert "[1]" in asked.stdout
    assert asked.stderr.startswith("[1] rules.pdf, page 2 (score ")
    quoted = quintet("ask", "--collection", "house", "--quote", "Are dogs allowed in the library?")
    assert "Dogs are not allowed in the library. [1]" in quoted.stdout
    assert "quoted, no model asked" in quoted.stderr
    removed = quintet("collections", "rm", "house", "--yes", "--json")
    assert json.loads(removed.stdout) == {"collection": "house", "removed": ["rules.pdf"]}


def test_ctrl_c_ends_a_command_without_a_traceback(environment: dict[str, str]) -> None:
    command = [*COMMAND, "ask", "Tell me a very long story about the sea.", "--max-tokens", "4000"]
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    first = process.stdout.read(1)
    assert interrupt(process, lambda: bool(first)) == 130
    assert process.stderr.read() == ""
    process.stdout.close()
    process.stderr.close()


@pytest.mark.slow
def test_six_fields_of_a_benchmark(quintet: Quintet) -> None:
    done = quintet("bench")
    fields = [line.partition(":")[0] for line in done.stdout.splitlines()]
    assert fields[-6:] == [
        "Model",
        "Number of iterations",
        "Average loading time",
        "Average total tokens",
        "Average total time",
        "Average speed",
    ]
