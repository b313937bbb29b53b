"""`quintet speak`: text to a sound file, or down a pipe while it is being spoken."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.messages import VOICE_CONSENT
from workers.messages.errors import UnsupportedInputError

from .options import Json, Timeout, Where, grouped
from .output import emit, progress, read_stdin, say

if TYPE_CHECKING:
    from library.options import SpeakOptions
    from library.results import Speech
    from library.session import Quintet


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """How to speak."""

    voice: Annotated[str | None, typer.Option(help="One of the model's voices.")] = None
    speed: Annotated[float, typer.Option(min=0.5, max=2, help="1 is normal.")] = 1.0
    model: Annotated[str | None, typer.Option(help="Id of a model; see `models list`.")] = None
    timeout: Timeout = None
    clip: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="3 to 30 s of a voice to take on; needs the next one."),
    ] = None
    i_have_consent: Annotated[bool, typer.Option("--i-have-consent", help=f"{VOICE_CONSENT}.")] = (
        False
    )

    @property
    def options(self) -> SpeakOptions:
        """What the library is told; without a clip, nothing of consent."""
        given: SpeakOptions = {"speed": self.speed, "timeout_s": self.timeout}
        if self.clip is not None:
            given |= {"clip": self.clip, "consent": self.i_have_consent}
        return given


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(speak))


def speak(
    text: Annotated[str, typer.Argument(help='What to say; "-" reads what is piped in.')] = "-",
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="mp3, wav, flac, opus or aac."),
    ] = None,
    format: Annotated[str, typer.Option(help="What to write into a pipe.")] = "wav",
    speaking: Speaking,
    where: Where,
    as_json: Json = False,
) -> None:
    """Speak a text."""
    from workers.media.audio import format_of

    from .opening import open_quintet

    said = read_stdin() if text == "-" else text
    if not said.strip():
        raise UnsupportedInputError(
            'There is nothing to say: quintet speak "…", or pipe a text in.'
        )
    if output is None and (as_json or sys.stdout.isatty()):
        raise UnsupportedInputError(
            "Where to? Name a file with -o speech.mp3, or pipe the sound on."
        )
    format_of(output.suffix.removeprefix(".").lower() if output else format)
    with open_quintet(where, voice=speaking.voice, tts=speaking.model) as quintet:
        if output is None:
            _pipe(quintet, said, speaking, format)
            return
        with progress("Speaking") as report:
            speech = quintet.speak(
                said, voice=speaking.voice, on_progress=report, **speaking.options
            )
        speech.save(output)
    if as_json:
        emit(_object(speech, output))
    else:
        say(f"{output}: {speech.duration_s:.1f} s")


def _pipe(quintet: Quintet, text: str, how: Speaking, format: str) -> None:
    """Write each sentence to standard output as soon as it is spoken."""
    from workers.media.audio import StreamEncoder

    encoder: StreamEncoder | None = None
    with quintet.stream_speech(text, voice=how.voice, **how.options) as sentences:
        for sentence in sentences:
            encoder = encoder or StreamEncoder(format, sentence.sample_rate)
            sys.stdout.buffer.write(encoder.feed(sentence.pcm))
            sys.stdout.buffer.flush()
    if encoder is not None:
        sys.stdout.buffer.write(encoder.finish())
        sys.stdout.buffer.flush()


def _object(speech: Speech, output: Path) -> dict[str, object]:
    return {
        "output": str(output),
        "duration_s": speech.duration_s,
        "sample_rate": speech.sample_rate,
        "sentences": [
            {"start_s": sentence.start_s, "text": sentence.text} for sentence in speech.sentences
        ],
    }
