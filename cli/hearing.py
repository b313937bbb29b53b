"""`quintet transcribe`: recordings to text and subtitles."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import Json, Timeout, Where, grouped
from .output import emit, progress, say

if TYPE_CHECKING:
    from library.results import Transcript


class Format(str, Enum):
    """What is written."""

    txt = "txt"
    srt = "srt"
    vtt = "vtt"
    json = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionFlags:
    """How to listen."""

    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="en, de, …; else it is found out.")
    ] = None
    translate: Annotated[bool, typer.Option(help="Translate to English.")] = False
    words: Annotated[bool, typer.Option(help="Note the time of each word (in JSON).")] = False
    model: Annotated[str | None, typer.Option(help="Id of a model; see `models list`.")] = None
    timeout: Timeout = None


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(transcribe))


def transcribe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Audio or video.")],
    *,
    format: Annotated[Format, typer.Option(help="What to write.")] = Format.txt,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Write a file per recording there."),
    ] = None,
    listening: TranscriptionFlags,
    where: Where,
    as_json: Json = False,
) -> None:
    """Write down what is said in recordings."""
    from .opening import open_quintet

    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = {
        "translate": listening.translate,
        "words": listening.words,
        "timeout_s": listening.timeout,
    }
    if listening.language:
        options["language"] = listening.language
    with open_quintet(where, language=listening.language, stt=listening.model) as quintet:
        for file in files:
            with progress(f"Listening to {file.name}") as report:
                heard = quintet.transcribe(file, on_progress=report, **options)
            text = _written(heard, Format.json if as_json and output is None else format)
            target = None
            if output is not None:
                target = output / f"{file.stem}.{format.value}"
                target.write_text(text, encoding="utf-8")
            if as_json:
                emit(_object(file, heard, target))
            elif target is not None:
                say(str(target))
            else:
                say(text.rstrip("\n"))


def _written(heard: Transcript, format: Format) -> str:
    from workers.media.subtitles import to_subtitles

    return to_subtitles(
        heard.segments, format.value, language=heard.language, duration_s=heard.duration_s
    )


def _object(file: Path, heard: Transcript, target: Path | None) -> dict[str, Any]:
    return {
        "file": str(file),
        "text": heard.text,
        "language": heard.language,
        "duration_s": heard.duration_s,
        "segments": [
            {name: getattr(segment, name) for name in ("start_s", "end_s", "text", "words")}
            for segment in heard.segments
        ],
        **({"output": str(target)} if target else {}),
    }
