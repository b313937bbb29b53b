"""What benchmarks have given is kept, a line each; a broken line loses itself alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workers.messages import Usage
from workers.models.benchmarks.book import FILE, BenchmarkBook
from workers.models.benchmarks.result import (
    BenchmarkResult,
    BenchmarkRun,
    amounts_of,
    others_of,
    pace_of,
)

RUN = BenchmarkRun(
    load_s=1.0, read=160, written=96, total_s=3.0, first_s=0.5, pace=40.0, peak_mib=400
)


def result(model_id: str = "one", *paces: float, machine: str = "Zen, 2 cores") -> BenchmarkResult:
    return BenchmarkResult(
        model_id=model_id,
        name=model_id.title(),
        modality="text",
        date="2026-11-30T21:40:05Z",
        machine=machine,
        device="cpu",
        settings="2 threads",
        version="0.1.0",
        load=0.1,
        runs=tuple(replace(RUN, pace=pace) for pace in paces or (40.0,)),
    )


def test_the_median_counts() -> None:
    assert result("one", 10.0, 50.0, 20.0).pace == 20.0
    assert result("one", 10.0, 50.0, 20.0).as_dict()["pace"] == 20.0
    assert result().as_dict()["unit"] == "tokens/s"


def test_results_are_kept_in_their_order(tmp_path: Path) -> None:
    book = BenchmarkBook(tmp_path / "new")
    assert book.all() == ()
    for pace in (1.0, 2.0):
        book.note(result("one", pace))
    book.note(result("two"))
    assert [one.pace for one in book.of("one")] == [1.0, 2.0]
    assert BenchmarkBook(tmp_path / "new").all() == book.all()


def test_a_broken_line_loses_itself_alone(tmp_path: Path) -> None:
    book = BenchmarkBook(tmp_path)
    book.note(result("one"))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'\xff\n{"model_id": "two", "runs": []}\n[[[\n{"model_id": "thr')  # cut off
    book.note(result("four"))
    assert [one.model_id for one in book.all()] == ["one", "four"]


def test_other_models_stand_beside_it_with_their_newest_result_the_fastest_first() -> None:
    results = [
        result("one", 1.0), result("two", 9.0), result("one", 3.0),
        result("elsewhere", 99.0, machine="another"), replace(result("voice"), modality="tts"),
    ]  # fmt: skip
    found = others_of(results, "text", "Zen, 2 cores")
    assert [(one.model_id, one.pace) for one in found] == [("two", 9.0), ("one", 3.0)]


def test_each_modality_counts_what_is_its_own() -> None:
    text = Usage(prompt_tokens=160, completion_tokens=96, decode_s=2.0)
    assert amounts_of("text", text, num_given=0, num_words=80) == (160, 96)
    assert pace_of("text", text, 160, 3.0) == 48.0
    sound = Usage(audio_s=30.0)
    assert amounts_of("stt", sound, num_given=0, num_words=50) == (30.0, 50)
    assert amounts_of("tts", sound, num_given=200, num_words=0) == (200, 30.0)
    assert pace_of("tts", sound, 200, 10.0) == 3.0
    assert amounts_of("vision", Usage(), num_given=1, num_words=9) == (1, 0)
    assert pace_of("vision", Usage(), 1, 2.0) == 0.5
    assert amounts_of("rag", Usage(num_chunks=12.0), num_given=16, num_words=0) == (12.0, 16)
