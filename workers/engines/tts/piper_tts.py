"""Piper voices (VITS in ONNX). The only file that knows piper and ONNX Runtime.

piper-tts is GPL-3.0: an optional dependency, imported in the speech process and nowhere else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.onnx_session import CancellableSession, session_options
from workers.engines.contract import CancelToken
from workers.messages.errors import GenerationError, LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.specs.spec import missing_library

from .engine import TtsEngine

if TYPE_CHECKING:
    from piper import SynthesisConfig

FIXED_SHARE = 0.26
"""How much of the speaking time does not scale: every phoneme lasts a whole number of frames
(256 samples), rounded up. Measured on this voice over length scales from 0.3 to 2.4, where the
duration is 0.26 + 0.74 × scale; without it, speed 2 would be only 1.6 times as fast.
"""


class PiperEngine(TtsEngine):
    """One Piper voice file; a file with several speakers offers each as a voice."""

    language = "en"
    """ISO 639-1 code, of all its voices."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        try:
            import onnxruntime
            import piper
        except ImportError as err:
            raise missing_library("tts", "piper", err) from err
        model = folder / settings.card.weight_file
        try:
            content = json.loads(model.with_suffix(".onnx.json").read_text(encoding="utf-8"))
            self._config = piper.PiperConfig.from_dict(content)
            self._session = onnxruntime.InferenceSession(
                str(model),
                sess_options=session_options(onnxruntime, settings.threads),
                providers=["CPUExecutionProvider"],
            )
        except Exception as err:
            raise LoadError(f"The voice {settings.card.name} could not be loaded: {err}") from err
        self._piper, self.slots = piper, settings.slots
        self._run_options = onnxruntime.RunOptions
        self._speakers = dict(self._config.speaker_id_map) or {_name_of(content): 0}
        self.voices = tuple(self._speakers)
        self.sample_rate = self._config.sample_rate
        self.language = content.get("language", {}).get("family", settings.card.languages[0])

    def language_of(self, voice: str) -> str:
        """See `TtsEngine.language_of`."""
        return self.language

    def speak(self, text: str, voice: str, speed: float, cancel: CancelToken) -> bytes:
        """See `TtsEngine.speak`."""
        bound = self._piper.PiperVoice(
            session=CancellableSession(self._session, self._run_options(), cancel),
            config=self._config,
        )
        config = self._synthesis_config(voice, speed)
        pieces: list[bytes] = []
        try:
            # Piper takes [[…]] as phonemes; from a user it is only a pair of brackets.
            chunks = bound.synthesize(text.replace("[[", "[ ["), syn_config=config)
            pieces.extend(chunk.audio_int16_bytes for chunk in chunks)
        except Exception as err:
            if not cancel.is_cancelled:
                raise GenerationError(f"The voice failed on {text[:60]!r}: {err}") from err
        return b"".join(pieces)

    def close(self) -> None:
        """See `Engine.close`."""
        del self._session

    def _synthesis_config(self, voice: str, speed: float) -> SynthesisConfig:
        return self._piper.SynthesisConfig(
            speaker_id=self._speakers[voice] if len(self._speakers) > 1 else None,
            length_scale=self._config.length_scale * _length_scale(speed),
        )


def _length_scale(speed: float) -> float:
    """Return the scale at which the whole lasts 1 / speed of its normal time."""
    return (1 / speed - FIXED_SHARE) / (1 - FIXED_SHARE)


def _name_of(content: dict[str, Any]) -> str:
    return str(content.get("dataset") or "default")
