"""What the speech-out tab shows, without gradio: the recording on disk, captions, texts to try."""

from __future__ import annotations

import array
import re
import uuid
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from workers.media import audio
from workers.messages import AudioDelta
from workers.messages.errors import UnsupportedInputError

FORMATS = ("mp3", "wav", "flac", "opus")
"""What can be downloaded; the first is the default."""
NUM_RECENT_LINES = 40
"""How many captions each page update repeats, in case the browser skips some updates."""
MAX_BYTES_PER_CHAR = 4
LEVELS_PER_S = 8
"""Heights of the drawn wave per second of speech: two hours are some ten thousands of small numbers."""
FULL_SCALE = 32768
MAX_READINGS, MAX_READINGS_S = 20, 7200.0
"""What one visit keeps to hear again: two hours are about 0.3 GB on disk. The oldest leave first."""
TITLE_CHARS = 48

EXAMPLES = (
    ("A story", "Once upon a time, a lighthouse keeper found a letter in a bottle. It said: “Look "
     "up.” He did. And there, between two clouds, hung a second moon.\n\nHe never told anyone. "
     "But every evening since, he sets two cups on the table."),
    ("Numbers and units", "On 3 March 2024 at 14:30, Dr. Ada Byrne paid $1,249.50 for 2.5 kg of "
     "saffron, i.e. about 15% more than in 1998. It was 21°C, and the lab's 8 GB card ran "
     "3.5x faster than before."),
    ("Markdown", "## Shopping list\n\n1. **Bread**, fresh if possible\n2. *Two* lemons 🍋\n"
     "3. Tea from [the corner shop](https://example.com/tea)\n\n> Do not forget the change!"),
    ("A tongue twister", "Peter Piper picked a peck of pickled peppers. A peck of pickled peppers "
     "Peter Piper picked. If Peter Piper picked a peck of pickled peppers, where's the peck of "
     "pickled peppers Peter Piper picked?"),
)  # fmt: skip
"""(button, text), all written for Quintet."""


@dataclass(frozen=True, slots=True)
class Caption:
    """One spoken piece; times in seconds from the start of the recording."""

    text: str
    start_s: float
    end_s: float
    levels: tuple[int, ...] = ()
    """How loud it is, `LEVELS_PER_S` times a second: 0 to 100."""


@dataclass(slots=True)
class SpokenRecording:
    """Speech that grows on disk, sentence by sentence; never in memory as a whole.

    The file is a valid WAV at every moment: the browser plays ranges of it while it grows.
    """

    path: Path
    text: str = ""
    """All that is to be spoken."""
    sample_rate: int = 0
    captions: list[Caption] = field(default_factory=list)
    is_done: bool = False
    _disk: BinaryIO | None = None
    _wav: wave.Wave_write | None = None

    @classmethod
    def create(cls, folder: Path, text: str = "") -> SpokenRecording:
        """Start an empty one under a name that nobody can guess."""
        own = folder / uuid.uuid4().hex
        own.mkdir(parents=True)
        return cls(own / "speech.wav", text)

    def add(self, delta: AudioDelta) -> None:
        """Append one spoken piece."""
        if self.is_done:
            return
        if self._disk is None or self._wav is None:
            self.sample_rate = delta.sample_rate
            self._disk = self.path.open("wb")
            self._wav = wave.open(self._disk, "wb")  # noqa: SIM115 — stays open
            audio.open_mono(self._wav, delta.sample_rate)
        self._wav.writeframes(delta.pcm)  # also corrects the length in the header
        self._disk.flush()
        start_s = self.duration_s
        end_s = start_s + audio.duration_s(delta.pcm, delta.sample_rate)
        loud = levels(delta.pcm, delta.sample_rate)
        self.captions.append(Caption(delta.text, start_s, end_s, loud))

    def close(self) -> None:
        """No more is coming."""
        self.is_done = True
        if self._disk is not None and self._wav is not None:
            self._wav.close()
            self._disk.close()
            self._disk = self._wav = None

    def discard(self) -> None:
        """Delete the file and its folder, with whatever was encoded from it: nothing was spoken."""
        self.close()
        self.captions.clear()
        if self.path.parent.exists():
            for path in self.path.parent.iterdir():
                path.unlink(missing_ok=True)
            self.path.parent.rmdir()

    @property
    def first_words(self) -> str:
        """How the text begins."""
        return "".join(caption.text for caption in self.captions[:3])

    @property
    def title(self) -> str:
        """Its first words, for people."""
        words = " ".join(self.first_words.split())
        return words if len(words) <= TITLE_CHARS else f"{words[:TITLE_CHARS].rsplit(' ', 1)[0]} …"

    @property
    def duration_s(self) -> float:
        """Seconds recorded so far."""
        return self.captions[-1].end_s if self.captions else 0.0

    @property
    def num_chars(self) -> int:
        """Characters of the text that were spoken so far."""
        return sum(len(caption.text) for caption in self.captions)


def levels(pcm: bytes, sample_rate: int) -> tuple[int, ...]:
    """Return how loud 16-bit mono sound is, `LEVELS_PER_S` times a second: 0 to 100."""
    samples = array.array("h", pcm)
    step = max(1, sample_rate // LEVELS_PER_S)
    parts = (samples[at : at + step] for at in range(0, len(samples), step))
    return tuple(min(100, round(100 * max(map(abs, part)) / FULL_SCALE)) for part in parts)


def num_paragraphs(text: str) -> int:
    """Return in how many paragraphs a text is written."""
    return sum(1 for part in re.split(r"\n\s*\n", text) if part.strip())


def kept_readings(readings: Sequence[SpokenRecording]) -> list[SpokenRecording]:
    """Return those that still fit, the newest first to stay, and delete the others."""
    kept: list[SpokenRecording] = []
    for recording in reversed(readings):
        room_s = MAX_READINGS_S - sum(one.duration_s for one in kept)
        has_room = len(kept) < MAX_READINGS and recording.duration_s <= room_s
        if recording.captions and (has_room or not kept):
            kept.insert(0, recording)
        else:
            recording.discard()
    return kept


def player_value(
    recording: SpokenRecording, num_new: int = 0, *, has_to_play: bool = True
) -> dict[str, Any]:
    """Return what `assets/speech_out.js` needs to go on playing: the newest captions and the file.

    `num_new` is how many captions were added since the last call. `has_to_play`: it begins by itself.
    """
    first = max(0, len(recording.captions) - max(NUM_RECENT_LINES, num_new))
    return {
        "path": str(recording.path),
        "rate": recording.sample_rate,
        "header": audio.WAV_HEADER_SIZE,
        "done": recording.is_done,
        "play": has_to_play,
        "title": recording.title,
        "share": _share(recording),
        "paragraphs": _paragraphs(recording),
        "levels": [list(caption.levels) for caption in recording.captions[first:]],
        "first": first,
        "lines": [
            [caption.text, round(caption.start_s, 4), round(caption.end_s, 4)]
            for caption in recording.captions[first:]
        ],
    }


def _share(recording: SpokenRecording) -> float:
    """How much of the text is spoken, 0 to 1: how long all of it will be follows from that."""
    whole = len(recording.text)
    return 1.0 if recording.is_done or not whole else min(1.0, recording.num_chars / whole)


def _paragraphs(recording: SpokenRecording) -> list[int]:
    """How many paragraphs are ready, and how many there are."""
    spoken = "".join(caption.text for caption in recording.captions)
    of = num_paragraphs(recording.text)
    begun = num_paragraphs(spoken)
    is_whole = recording.is_done or re.search(r"\n\s*\n\s*$", spoken)
    return [min(of, begun if is_whole else max(0, begun - 1)), of]


def download_name(text: str, extension: str) -> str:
    """Return a file name made of the first words: "once-upon-a-time.mp3"."""
    letters = "".join(char if char.isascii() and char.isalnum() else " " for char in text[:200])
    words = letters.lower().split()[:5]
    return f"{'-'.join(words)[:60] or 'speech'}.{extension}"


def read_text_file(path: Path, max_chars: int) -> str:
    """Return the text of an uploaded file. Raises: UnsupportedInputError if it is not text."""
    size = path.stat().st_size
    if size > max_chars * MAX_BYTES_PER_CHAR:
        raise UnsupportedInputError(
            f"{path.name} has {size:,} bytes; at most {max_chars:,} characters are spoken at once.",
            hint="Split it into parts.",
        )
    data = path.read_bytes()
    text = _decoded(data)
    if text is None or "\x00" in text:
        raise UnsupportedInputError(
            f"{path.name} is not a text file.", hint="Save it as plain text (UTF-8) first."
        )
    if not text.strip():
        raise UnsupportedInputError(f"{path.name} is empty.")
    return text


def _decoded(data: bytes) -> str | None:
    decoders: tuple[Callable[[], str], ...] = (
        lambda: data.decode("utf-16") if data[:2] in (b"\xff\xfe", b"\xfe\xff") else _fail(),
        lambda: data.decode("utf-8-sig"),
        lambda: data.decode("cp1252"),
    )
    for decode in decoders:
        try:
            return decode()
        except UnicodeError:
            continue
    return None


def _fail() -> str:
    raise UnicodeError
