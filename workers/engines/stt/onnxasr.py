"""NVIDIA's Parakeet and Canary, GigaAM, Zipformer, Whisper: whatever onnx-asr runs, on a CPU, without torch.

Options of a card: `model_type`, what onnx-asr calls the kind of model, where the folder's `config.json`
does not say it. The only file that knows onnx-asr, which is never let near a hub: the files are the card's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from configs.errors import ConfigError
from configs.small_files import read_json
from workers.engines.common.onnx_session import ended_by, session_options
from workers.engines.contract import CancelToken, RequestCancelledError
from workers.messages.errors import GenerationError, LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.specs.spec import missing_library

from .engine import SAMPLE_RATE_HZ, Hints, Segment, SttEngine
from .token_times import HeardTokens, segments_of, words_of

if TYPE_CHECKING:
    from .engine import Pcm

MIN_WINDOW_S = 0.5
"""Shorter ones are filled up with silence: features are scaled by their spread, and one has none."""
_NUMBERS = re.compile(r"[._](int8|uint8|fp16|q4|q4f16|bnb4|quantized)\.onnx$")
"""What the name of a quantised file says, as onnx-asr wants to be told."""


class _Session:
    """One of the model's ONNX sessions, whose runs end when nobody wants the answer any more."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.options: Any = None
        self.cancel = CancelToken()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def run(self, outputs: list[str] | None, feeds: dict[str, Any]) -> Any:
        """As ONNX Runtime's. Raises: RequestCancelledError; ONNX Runtime's own, cancelled meanwhile."""
        self._check()
        results = self._session.run(outputs, feeds, self.options)
        self.cancel.progressed()
        return results

    def run_with_iobinding(self, binding: Any) -> None:
        """The same with arrays that stay where they are."""
        self._check()
        self._session.run_with_iobinding(binding, self.options)
        self.cancel.progressed()

    def _check(self) -> None:
        """The decoder runs once per token, each too short to be ended by the one that watches."""
        if self.cancel.is_cancelled:
            raise RequestCancelledError


class OnnxAsrEngine(SttEngine):
    """See `SttEngine`. Searches greedily, without temperature: the same sound gives the same text."""

    takes_prompt = False

    def __init__(self) -> None:
        self._name = ""
        self._model: Any = None

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        try:
            import onnxruntime
            from onnx_asr.loader import Manager
        except ImportError as err:
            raise missing_library("stt", "onnxasr", err) from err
        card = settings.card
        self._name, self.languages = card.name, card.languages
        self._run_options = onnxruntime.RunOptions
        kind = _kind(folder, card.options.get("model_type"), card.name)
        found = _NUMBERS.search(card.weight_file)
        options = session_options(onnxruntime, settings.threads)
        # Weights put into another order lie in memory twice, for hardly any speed (docs/engines.md).
        options.add_session_config_entry("session.disable_prepacking", "1")
        try:
            manager = Manager(options, ["CPUExecutionProvider"])
            self._model = manager.create_asr(
                kind, folder, quantization=found and found[1], offline=True
            ).with_timestamps()
        except Exception as err:
            raise LoadError(
                f"{card.name} could not be loaded: {type(err).__name__}: {err}",
                f"Its files must be those that onnx-asr reads as {kind}.",
            ) from err
        self._learn(self._model.asr)
        self._sessions = _wrapped(self._model.asr, onnxruntime.InferenceSession)

    def _learn(self, asr: Any) -> None:
        """What this kind of model can, beside writing down."""
        from onnx_asr.models.nemo import NemoConformerAED
        from onnx_asr.models.whisper import WhisperHf, WhisperOrt

        is_canary = isinstance(asr, NemoConformerAED)
        self._takes_language = is_canary or isinstance(asr, (WhisperHf, WhisperOrt))
        self.has_word_times = not self._takes_language
        self.can_translate = self.needs_language = is_canary

    def detect_language(self, pcm: Pcm, cancel: CancelToken) -> tuple[str, float]:
        """See `SttEngine`: these models do not say which language they heard."""
        return "", 0.0

    def transcribe(self, pcm: Pcm, hints: Hints, cancel: CancelToken) -> Iterator[Segment]:
        """See `SttEngine.transcribe`. Without times of tokens, a window is one segment."""
        heard = self._hear(pcm, hints, cancel)
        if heard is None or not heard.text.strip():
            return
        duration_s = len(pcm) / SAMPLE_RATE_HZ
        if heard.timestamps is None:
            yield Segment(start_s=0.0, end_s=duration_s, text=heard.text.strip())
            return
        words = words_of(
            HeardTokens(
                text=heard.text,
                tokens=heard.tokens,
                starts_s=heard.timestamps,
                logprobs=heard.logprobs,
                duration_s=duration_s,
            )
        )
        for segment in segments_of(words, hints.language):
            yield segment if hints.word_timestamps else _without_words(segment)

    def close(self) -> None:
        """See `Engine.close`."""
        self._model, self._sessions = None, []

    def _hear(self, pcm: Pcm, hints: Hints, cancel: CancelToken) -> Any:
        """Return onnx-asr's result; None when cancelled."""
        import numpy as np

        if self._model is None:
            raise LoadError("The speech model is not loaded.")
        missing = int(MIN_WINDOW_S * SAMPLE_RATE_HZ) - len(pcm)
        sound = np.pad(pcm, (0, missing)) if missing > 0 else pcm
        options = self._run_options()
        for session in self._sessions:
            session.options, session.cancel = options, cancel
        try:
            with ended_by(cancel, options):
                return self._model.recognize(
                    sound, sample_rate=SAMPLE_RATE_HZ, **self._wishes(hints)
                )
        except Exception as err:
            if cancel.is_cancelled:
                return None
            raise GenerationError(f"{self._name} failed: {type(err).__name__}: {err}") from err

    def _wishes(self, hints: Hints) -> dict[str, str]:
        """What is said to the kinds of models that can be told something."""
        # An English-only Whisper writes nothing when it is told what it knows.
        knows_one = len(self.languages) == 1 and not self.needs_language
        if not self._takes_language or knows_one or not hints.language:
            return {}
        wishes = {"language": hints.language}
        return wishes | ({"target_language": "en"} if hints.translate else {})


def _kind(folder: Path, wanted: object, name: str) -> str:
    """Return what onnx-asr calls a kind of model. Raises: LoadError naming those that it knows."""
    from onnx_asr.loader import AsrNames, AsrTypeNames

    said = wanted
    if said is None:
        path = folder / "config.json"
        try:
            content = read_json(path) if path.is_file() else {}
        except ConfigError as err:
            raise LoadError(f"{name} could not be loaded: {path.name}: {err}") from err
        said = content.get("model_type") if isinstance(content, dict) else None
    known = [*get_args(AsrTypeNames), *get_args(AsrNames)]
    # A name with a slash is a hub's.
    if not isinstance(said, str) or said not in known or "/" in said:
        raise LoadError(
            f"{name} is of the kind {said!r}, which onnx-asr does not run.",
            f"Its config.json, or the card's option model_type, must name one of: "
            f"{', '.join(kind for kind in known if '/' not in kind)}.",
        )
    return said


def _wrapped(asr: Any, session_class: type) -> list[_Session]:
    """Put ours in the place of a model's sessions, whatever it calls them."""
    sessions = []
    for name, value in vars(asr).items():
        if isinstance(value, session_class):
            sessions.append(_Session(value))
            setattr(asr, name, sessions[-1])
    return sessions


def _without_words(segment: Segment) -> Segment:
    return Segment(start_s=segment.start_s, end_s=segment.end_s, text=segment.text)
