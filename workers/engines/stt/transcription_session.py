"""One recording on its way through an engine, as events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from workers.engines.contract import CancelToken
from workers.messages import (
    AudioInfo,
    Decoding,
    Event,
    Finished,
    Progress,
    SegmentDelta,
    Transcribe,
    Usage,
    Word,
)

from .decode import Recording
from .engine import Hints, Segment, SttEngine
from .windows import FindSpeech, Window, cut_windows


class TranscriptionSession:
    """Serves one request and is then thrown away."""

    def __init__(
        self,
        engine: SttEngine,
        find_speech: FindSpeech,
        request: Transcribe,
        recording: Recording,
        cancel: CancelToken,
    ) -> None:
        self._engine = engine
        self._find_speech = find_speech
        self._request = request
        self._recording = recording
        self._cancel = cancel
        self._hints: Hints | None = None
        self._engine_s = 0.0

    def events(self) -> Iterator[Event]:
        """AudioInfo first, then segments and progress in order, then Finished with the usage."""
        yield from self._settle_language(self._known_language())
        blocks = self._recording.blocks(self._cancel)
        windows = cut_windows(blocks, self._find_speech, keep_silence=not self._request.vad)
        yield from self._heard(windows)
        if self._cancel.is_cancelled:
            return
        if self._hints is None:
            yield from self._settle_language(("", 0.0))  # nobody spoke
        usage = Usage(audio_s=self._recording.duration_s, decode_s=self._engine_s)
        yield Finished(request_id=self._request.request_id, usage=usage)

    def _heard(self, windows: Iterator[Window]) -> Iterator[Event]:
        """Give the engine as many windows at once as it wants."""
        waiting: list[Window] = []
        silent_until_s = 0.0
        for window in windows:
            if self._cancel.is_cancelled:
                return
            if len(window.pcm):
                waiting.append(window)
            else:
                silent_until_s = window.end_s
            if len(waiting) >= self._engine.batch_size:
                yield from self._batch_events(waiting)
                waiting = []
            elif not waiting and self._hints is not None:
                yield self._progress(silent_until_s)
        if waiting:
            yield from self._batch_events(waiting)
            if self._hints is not None and not self._cancel.is_cancelled:
                yield self._progress(silent_until_s)

    def _batch_events(self, windows: list[Window]) -> Iterator[Event]:
        began = time.monotonic()
        if self._hints is None:
            detected = self._engine.detect_language(windows[0].pcm, self._cancel)
            yield from self._settle_language(detected)
        if self._hints is None:
            return
        sounds = [window.pcm for window in windows]
        for number, segment in self._engine.transcribe_batch(sounds, self._hints, self._cancel):
            if self._cancel.is_cancelled:
                return
            delta = self._delta(segment, windows[number])
            yield delta
            yield self._progress(delta.end_s)
        self._engine_s += time.monotonic() - began

    def _known_language(self) -> tuple[str, float] | None:
        if self._request.language is not None:
            return self._request.language, 1.0
        if len(self._engine.languages) == 1:
            return self._engine.languages[0], 1.0
        return None

    def _settle_language(self, found: tuple[str, float] | None) -> Iterator[Event]:
        """Fix the language for the whole recording and say so; nothing while it is unknown."""
        if found is None:
            return
        language, probability = found
        self._hints = self._hints_for(language)
        yield AudioInfo(
            request_id=self._request.request_id,
            duration_s=self._recording.duration_s,
            language=language,
            language_probability=probability,
        )

    def _hints_for(self, language: str) -> Hints:
        return Hints(
            language=language,
            translate=self._request.translate,
            word_timestamps=self._request.word_timestamps,
            initial_prompt=self._request.initial_prompt,
            hotwords=self._request.hotwords,
        )

    def _progress(self, done_s: float) -> Progress:
        total_s = max(self._recording.duration_s, done_s)
        return Progress(
            request_id=self._request.request_id, done=done_s, total=total_s, unit="seconds"
        )

    def _delta(self, segment: Segment, window: Window) -> SegmentDelta:
        start_s, end_s = window.to_recording(segment.start_s, segment.end_s)
        return SegmentDelta(
            request_id=self._request.request_id,
            start_s=round(start_s, 3),
            end_s=round(end_s, 3),
            text=segment.text,
            words=tuple(_moved(word, window) for word in segment.words),
            decoding=segment.decoding and _decoding_of(segment.decoding, window),
        )


def _decoding_of(decoding: Decoding, window: Window) -> Decoding:
    at_s = decoding.window_start_s
    return replace(decoding, window_start_s=round(window.to_recording(at_s, at_s)[0], 3))


def _moved(word: Word, window: Window) -> Word:
    """The word's middle decides in which piece it lies, so that it never spans dropped silence."""
    middle_s = (word.start_s + word.end_s) / 2
    shift_s = window.to_recording(middle_s, middle_s)[0] - middle_s
    return replace(
        word, start_s=round(word.start_s + shift_s, 3), end_s=round(word.end_s + shift_s, 3)
    )
