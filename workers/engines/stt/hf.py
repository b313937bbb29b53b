"""Whisper of any size through transformers: safetensors, on a CPU or with CUDA.

A card's options are those of `workers.engines.common.torch.loading` (`dtype`, `load_in`). faster-whisper does the
same work faster; this engine takes fine-tuned checkpoints as they are published. Words get times if
the checkpoint says which attention heads follow the speech (`alignment_heads`).
The only file that knows transformers' Whisper, but for the words in `hf_words.py`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.torch.loading import (
    device_of,
    free_cache,
    import_torch,
    import_transformers,
    load_model,
    loading_errors,
    memory_errors,
)
from workers.engines.contract import CancelToken, RequestCancelledError
from workers.messages import Word
from workers.messages.errors import LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings

from .engine import SAMPLE_RATE_HZ, Hints, Segment, SttEngine
from .hf_words import words_of

if TYPE_CHECKING:
    from .engine import Pcm

SAMPLES_PER_FRAME = 160
FALLBACK = {
    "temperature": (0.0, 0.4, 0.8),
    "compression_ratio_threshold": 1.35,
    "logprob_threshold": -1.0,
    "no_speech_threshold": 0.6,
    "condition_on_prev_tokens": False,
}
"""A text that repeats itself or is unlikely is tried anew, as with faster-whisper. Source:
transformers, `generation_whisper.py`; its compression ratio is that of token ids, not of text."""


class HfWhisperEngine(SttEngine):
    """See `SttEngine`."""

    def __init__(self) -> None:
        self._name = ""
        self._cancel = CancelToken()
        self._model: Any = None

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        self._name = settings.card.name
        self._torch = import_torch(settings.threads)
        transformers = import_transformers()
        self.device = device_of(settings)
        with loading_errors(self._name):
            config = transformers.AutoConfig.from_pretrained(folder, local_files_only=True)
            if config.model_type != "whisper":
                raise LoadError(f"{self._name} is a {config.model_type} model, not a Whisper.")
            self._processor: Any = transformers.WhisperProcessor.from_pretrained(
                folder, local_files_only=True
            )
        model = load_model(transformers.WhisperForConditionalGeneration, folder, settings)
        self._dtype = model.dtype
        self._prepare(model)
        self._model = model

    def _prepare(self, model: Any) -> None:
        """Learn what the checkpoint can; let every layer look at the cancel token."""
        known = model.generation_config
        tokens = getattr(known, "lang_to_id", None) or {}
        if not getattr(known, "is_multilingual", bool(tokens)):
            tokens = {}
        elif not tokens:
            raise LoadError(
                f"{self._name} does not say which languages it knows.",
                "Its generation_config.json needs lang_to_id, as openai/whisper-small has it.",
            )
        self._language_ids = {token.strip("<|>"): number for token, number in tokens.items()}
        self.languages = tuple(self._language_ids) or ("en",)
        self.can_translate = "translate" in (getattr(known, "task_to_id", None) or {})
        self._knows_times = bool(getattr(known, "alignment_heads", None))
        for layer in (*model.model.encoder.layers, *model.model.decoder.layers):
            layer.register_forward_pre_hook(self._look)
        _spare_attention_of(model.model.encoder)

    def detect_language(self, pcm: Pcm, cancel: CancelToken) -> tuple[str, float]:
        """See `SttEngine.detect_language`."""
        codes, ids = list(self._language_ids), list(self._language_ids.values())
        start = self._model.generation_config.decoder_start_token_id
        try:
            with self._working(cancel):
                features = self._features(pcm, is_padded=True)
                begin = self._torch.tensor([[start]], device=self.device)
                logits = self._model(input_features=features, decoder_input_ids=begin).logits
                shares = logits[0, -1, ids].float().softmax(-1)
                best = int(shares.argmax())
                return codes[best], float(shares[best])
        except RequestCancelledError:
            return self.languages[0], 0.0

    def transcribe(self, pcm: Pcm, hints: Hints, cancel: CancelToken) -> Iterator[Segment]:
        """See `SttEngine.transcribe`."""
        with_words = hints.word_timestamps and self._knows_times
        try:
            with self._working(cancel):
                found = self._generate(pcm, hints, with_words)
                segments = [self._to_segment(item, hints, with_words) for item in found]
        except RequestCancelledError:
            return
        yield from (segment for segment in segments if segment.text)

    def close(self) -> None:
        """See `Engine.close`."""
        self._model = None
        free_cache(self.device)

    def _generate(self, pcm: Pcm, hints: Hints, with_words: bool) -> list[dict[str, Any]]:
        """Return the segments of one window, as transformers has them."""
        features = self._features(pcm)
        frames = features.shape[-1]
        spoken: dict[str, Any] = {}
        if self._language_ids:
            spoken["language"] = hints.language
            spoken["task"] = "translate" if hints.translate else "transcribe"
        prompt = ", ".join(filter(None, (hints.initial_prompt, hints.hotwords)))
        if prompt:
            spoken["prompt_ids"] = self._prompt_ids(prompt)
        answer = self._model.generate(
            features,
            attention_mask=self._torch.ones((1, frames), dtype=self._torch.long),
            return_timestamps=True,
            return_segments=True,
            return_token_timestamps=with_words,
            **FALLBACK,
            **spoken,
        )
        segments: list[dict[str, Any]] = answer["segments"][0]
        return segments

    def _features(self, pcm: Pcm, *, is_padded: bool = False) -> Any:
        """Return (1, mel bins, frames): only those of the samples, or padded to half a minute."""
        features = self._processor.feature_extractor(
            pcm, sampling_rate=SAMPLE_RATE_HZ, return_tensors="pt"
        ).input_features
        if not is_padded:
            features = features[..., : max(1, len(pcm) // SAMPLES_PER_FRAME)]
        return features.to(self.device, self._dtype)

    def _prompt_ids(self, prompt: str) -> Any:
        """Token ids of a prompt, cut at its beginning to the half of the context that it may take."""
        ids = self._processor.get_prompt_ids(prompt, return_tensors="pt")
        room = self._model.config.max_target_positions // 2 - 1
        if len(ids) > room:
            ids = self._torch.cat((ids[:1], ids[1 - room :]))
        return ids.to(self.device)

    def _to_segment(self, found: dict[str, Any], hints: Hints, with_words: bool) -> Segment:
        tokenizer = self._processor.tokenizer
        text = tokenizer.decode(found["tokens"], skip_special_tokens=True).strip()
        words: tuple[Word, ...] = ()
        if with_words and text:
            words = words_of(tokenizer, found, hints.language)
        return Segment(
            start_s=float(found["start"]), end_s=float(found["end"]), text=text, words=words
        )

    @contextmanager
    def _working(self, cancel: CancelToken) -> Iterator[None]:
        if self._model is None:
            raise LoadError("The speech model is not loaded.")
        self._cancel = cancel
        with memory_errors(self._name, self.device), self._torch.inference_mode():
            yield

    def _look(self, *_: Any) -> None:
        self._cancel.progressed()
        if self._cancel.is_cancelled:
            raise RequestCancelledError


def _spare_attention_of(encoder: Any) -> None:
    """Do not let word times, which need the decoder's attention, keep that of the encoder.

    transformers asks both for it at once: 3 GB for one window of large-v3.
    """
    own = copy.copy(encoder.config)
    for layer in encoder.layers:
        layer.self_attn.config = own

    def without(_module: Any, _given: Any, output: Any) -> Any:
        return type(output)(last_hidden_state=output.last_hidden_state)

    encoder.register_forward_hook(without)
