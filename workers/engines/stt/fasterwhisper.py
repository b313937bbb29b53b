"""Whisper through faster-whisper and CTranslate2, on a CPU or with CUDA, without torch.

Options of a card: `compute_type`, the numbers to compute in (int8, int8_float16, float16, …); left
out, int8 on a CPU and int8_float16 on CUDA. The only file that knows faster-whisper's recogniser.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.contract import CancelToken, RequestCancelledError
from workers.messages import Decoding, Word
from workers.messages.errors import LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.specs.spec import missing_library

from .ctranslate import compute_type, open_cuda_libraries, split_device, to_app_error
from .engine import Hints, Segment, SttEngine

if TYPE_CHECKING:
    import faster_whisper

    from .engine import Pcm

FRAMES_PER_S = 100
"""Mel frames, in which Whisper counts its way through a window."""
POLL_S = 0.02
"""How often a running call looks at its cancel token; its result is taken at once."""
TEMPERATURES = (0.0, 0.4, 0.8)
"""Tried in turn while the text repeats itself or is unlikely. Three instead of the library's six:
on music and noise each try costs seconds and the later ones rarely help."""


class _Interruptible:
    """A CTranslate2 Whisper whose calls can be left, since they cannot be interrupted.

    What was begun runs out in a thread of its own (a second or two); the next call waits for it
    there, and can be left as well. Everything else is passed through.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whisper")
        self.cancel = CancelToken()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def encode(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(self._model.encode, *args, **kwargs)

    def generate(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(self._model.generate, *args, **kwargs)

    def align(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(self._model.align, *args, **kwargs)

    def close(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _run(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        pending = self._thread.submit(call, *args, **kwargs)
        while not self.cancel.is_cancelled:
            if wait([pending], timeout=POLL_S).done:
                self.cancel.progressed()
                return pending.result()
        pending.cancel()
        raise RequestCancelledError


class FasterWhisperEngine(SttEngine):
    """See `SttEngine`."""

    def __init__(self) -> None:
        self._name = ""
        self._whisper: faster_whisper.WhisperModel | None = None
        self._model: _Interruptible | None = None

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        try:
            from faster_whisper import WhisperModel
        except ImportError as err:
            raise missing_library("stt", "fasterwhisper", err) from err
        # One line per window and file lengths in the log are of no use to anyone.
        logging.getLogger("faster_whisper").setLevel(logging.WARNING)
        self._name, self.device = settings.card.name, settings.device
        kind, index = split_device(settings.device)
        wanted = compute_type(settings.card, settings.device)
        if kind == "cuda":
            open_cuda_libraries(settings.card)
        try:
            whisper = WhisperModel(
                str(folder),
                device=kind,
                device_index=index,
                compute_type=wanted,
                cpu_threads=settings.threads,
                local_files_only=True,
            )
        except (RuntimeError, ValueError) as err:
            raise to_app_error(err, self._name, self.device, LoadError) from err
        self.languages = tuple(whisper.supported_languages)
        self.can_translate = bool(whisper.model.is_multilingual)
        self._model = _Interruptible(whisper.model)
        whisper.model = self._model
        self._whisper = whisper

    def detect_language(self, pcm: Pcm, cancel: CancelToken) -> tuple[str, float]:
        """See `SttEngine.detect_language`."""
        whisper = self._listening_to(cancel)
        try:
            language, probability, _ = whisper.detect_language(audio=pcm)
        except RequestCancelledError:
            return self.languages[0], 0.0
        except RuntimeError as err:
            raise to_app_error(err, self._name, self.device) from err
        return language, float(probability)

    def transcribe(self, pcm: Pcm, hints: Hints, cancel: CancelToken) -> Iterator[Segment]:
        """See `SttEngine.transcribe`."""
        whisper = self._listening_to(cancel)
        try:
            segments, _ = whisper.transcribe(
                pcm,
                language=hints.language,
                task="translate" if hints.translate else "transcribe",
                temperature=TEMPERATURES,
                condition_on_previous_text=False,
                word_timestamps=hints.word_timestamps,
                initial_prompt=hints.initial_prompt or None,
                hotwords=hints.hotwords or None,
            )
            for segment in segments:
                yield _to_segment(segment)
        except RequestCancelledError:
            return
        except RuntimeError as err:
            raise to_app_error(err, self._name, self.device) from err

    def close(self) -> None:
        """See `Engine.close`."""
        if self._model is not None:
            self._model.close()
        self._whisper = self._model = None

    def _listening_to(self, cancel: CancelToken) -> faster_whisper.WhisperModel:
        if self._whisper is None or self._model is None:
            raise LoadError("The speech model is not loaded.")
        self._model.cancel = cancel
        return self._whisper


def _to_segment(segment: Any) -> Segment:
    # Times of aligned words are NumPy scalars, which must not cross the queue.
    words = tuple(
        Word(
            start_s=float(word.start),
            end_s=float(word.end),
            text=word.word.strip(),
            probability=float(word.probability),
        )
        for word in segment.words or ()
    )
    return Segment(
        start_s=float(segment.start),
        end_s=float(segment.end),
        text=segment.text.strip(),
        words=words,
        decoding=Decoding(
            token_ids=tuple(int(token) for token in segment.tokens),
            temperature=float(segment.temperature or 0.0),
            avg_logprob=float(segment.avg_logprob),
            compression_ratio=float(segment.compression_ratio),
            no_speech_prob=float(segment.no_speech_prob),
            window_start_s=segment.seek / FRAMES_PER_S,
        ),
    )
