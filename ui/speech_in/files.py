"""Writes transcripts to files that the page offers: one per format, and a zip of several."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePath

from workers.media.subtitles import SUBTITLE_FORMATS, SubtitleFormat, to_subtitles

from .view import FileTranscript


def write_files(transcript: FileTranscript, folder: Path) -> dict[SubtitleFormat, Path]:
    """Write one recording in every format. Returns format → path."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = PurePath(transcript.name).stem
    paths = {fmt: folder / f"{stem}.{fmt}" for fmt in SUBTITLE_FORMATS}
    for fmt, path in paths.items():
        path.write_text(_text(transcript, fmt), encoding="utf-8")
    return paths


def write_zip(transcripts: Sequence[FileTranscript], folder: Path) -> Path:
    """Write all recordings in every format into one archive, equal names numbered."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "transcripts.zip"
    taken: set[str] = set()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for transcript in transcripts:
            stem = _free_name(PurePath(transcript.name).stem, taken)
            for fmt in SUBTITLE_FORMATS:
                archive.writestr(f"{stem}.{fmt}", _text(transcript, fmt))
    return path


def _text(transcript: FileTranscript, fmt: SubtitleFormat) -> str:
    return to_subtitles(
        transcript.segments,
        fmt,
        language=transcript.language,
        duration_s=transcript.duration_s,
    )


def _free_name(stem: str, taken: set[str]) -> str:
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}-{number}", number + 1
    taken.add(name)
    return name
