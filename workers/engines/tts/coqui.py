"""Coqui's XTTS-2, which clones voices, and its VITS voices. The only file that knows TTS.

In an environment of its own (`quintet env create coqui`). The card's folder is what Coqui publishes:
`model.pth`, `config.json`, for XTTS also `vocab.json` and `speakers_xtts.pth`. Option of a card:

    language: de     what XTTS speaks; else the first of the card's languages

Three things are particular here:

- The weights are PyTorch's own files, which are pickles. They are read with `weights_only=True`, so
  nothing in them can run: torch's reader knows tensors and plain values, and refuses the rest. That is
  checked before Coqui sees them, and the card's checksums before that.
- torchaudio's native half is linked to CUDA and does not load beside a torch for the CPU. XTTS needs
  only its Python half, which has a fallback for each native function: `_import_coqui` tells it, in the
  words that torchaudio has for it, that there is no native half.
- Coqui opens recordings with torchcodec, which has the same fault. Clips are decoded before
  (`clip.py`) and given as samples; torchcodec need only be installed, it is never imported.
"""

from __future__ import annotations

import hashlib
import sys
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from workers.engines.contract import CancelToken, RequestCancelledError
from workers.media.audio import float_to_pcm, pcm_to_float
from workers.messages.errors import (
    GenerationError,
    LoadError,
    OutOfMemoryError,
    UnsupportedInputError,
)
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.specs.spec import missing_library

from .engine import CloningEngine

if TYPE_CHECKING:
    import torch

MODELS = ("xtts", "vits")
MAX_LEARNED = 16
"""How many clips are remembered: a voice takes some 130 kB."""
SPEAKING_CLIP = "clip-"
"""What the name of a learned voice begins with."""
DEFAULT_VOICE = "default"
"""Name of the one voice of a VITS model that names none."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """What XTTS knows of a voice."""

    latents: torch.Tensor
    embedding: torch.Tensor


class CoquiEngine(CloningEngine):
    """One XTTS or VITS model. It keeps state while it speaks: one request at a time."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        torch = _import_coqui()
        torch.set_num_threads(settings.threads)
        card = settings.card
        self._torch, self._lock = torch, threading.Lock()
        self._learned: OrderedDict[str, Speaker] = OrderedDict()
        self._language = str(card.options.get("language") or card.languages[0])
        with _as_app_errors(torch, f"{card.name} could not be loaded", LoadError):
            config = _read_config(folder)
            self.can_clone = config.model == "xtts"
            _check_harmless(torch, folder, config.model)
            self._model = _load_model(config, folder, folder / card.weight_file)
            self._model.to(settings.device)
            self.device = settings.device
        self._config = config
        self.sample_rate = int(config.audio.get("output_sample_rate") or config.audio.sample_rate)
        self.voices = self._own_voices()
        self._check_language(card.name)

    def language_of(self, voice: str) -> str:
        """See `TtsEngine.language_of`."""
        return self._language[:2]

    def learn(self, pcm: bytes, sample_rate: int) -> str:
        """See `CloningEngine.learn`. What was learned from a clip is used again for the same clip."""
        name = SPEAKING_CLIP + hashlib.sha256(pcm).hexdigest()[:16]
        with self._lock:
            if name not in self._learned:
                with _as_app_errors(self._torch, "The clip's voice could not be learned"):
                    self._learned[name] = self._listen(pcm, sample_rate)
            self._learned.move_to_end(name)
            while len(self._learned) > MAX_LEARNED:
                self._learned.popitem(last=False)
        return name

    def speak(self, text: str, voice: str, speed: float, cancel: CancelToken) -> bytes:
        """See `TtsEngine.speak`."""
        say = self._say_as if self.can_clone else self._say
        try:
            with (
                self._lock,
                _as_app_errors(self._torch, f"The voice failed on {text[:60]!r}"),
            ):
                samples = say(text, voice, speed, cancel)
        except RequestCancelledError:
            return b""
        return float_to_pcm(samples)

    def close(self) -> None:
        """See `Engine.close`."""
        del self._model

    def _own_voices(self) -> tuple[str, ...]:
        speakers = getattr(self._model, "speaker_manager", None)
        names = tuple(speakers.name_to_id) if speakers is not None else ()
        return names or (() if self.can_clone else (DEFAULT_VOICE,))

    def _check_language(self, name: str) -> None:
        known = list(self._config.languages) if self.can_clone else [self._language]
        if self._language not in known:
            raise LoadError(
                f"{name} does not speak {self._language!r}.",
                f"Write one of these as `language` into its card's options: {', '.join(known)}.",
            )

    def _listen(self, pcm: bytes, sample_rate: int) -> Speaker:
        """Make a speaker of a recording."""
        config = self._config
        with self._torch.inference_mode():
            samples = self._torch.from_numpy(pcm_to_float(pcm))[None].to(self._model.device)
            latents = self._model.get_gpt_cond_latents(
                samples,
                sample_rate,
                length=config.gpt_cond_len,
                chunk_length=config.gpt_cond_chunk_len,
            )
            return Speaker(latents, self._model.get_speaker_embedding(samples, sample_rate))

    def _speaker(self, voice: str) -> Speaker:
        if voice in self._learned:
            return self._learned[voice]
        if voice not in self.voices:
            raise GenerationError("The clip's voice was forgotten meanwhile.", "Send it again.")
        known = self._model.speaker_manager.speakers[voice]
        return Speaker(known["gpt_conditioning_latents"], known["speaker_embedding"])

    def _say_as(self, text: str, voice: str, speed: float, cancel: CancelToken) -> Any:
        speaker, config = self._speaker(voice), self._config
        spoken = self._model.inference(
            text,
            self._language,
            speaker.latents,
            speaker.embedding,
            temperature=config.temperature,
            length_penalty=config.length_penalty,
            repetition_penalty=config.repetition_penalty,
            top_k=config.top_k,
            top_p=config.top_p,
            speed=speed,
            stopping_criteria=_until_cancelled(self._torch, cancel),
        )
        return spoken["wav"]

    def _say(self, text: str, voice: str, speed: float, cancel: CancelToken) -> Any:
        """VITS speaks a whole piece at once: cancelling waits for its end."""
        if cancel.is_cancelled:
            raise RequestCancelledError
        self._model.length_scale = self._config.model_args.length_scale / speed
        named = {} if voice == DEFAULT_VOICE else {"speaker": voice}
        return self._model.synthesize(text, **named)["wav"]


def _import_coqui() -> Any:
    """Import TTS and return torch. Raises: EngineNotInstalledError."""
    try:
        import torch

        _hide_native_torchaudio()
        import torchaudio  # noqa: F401
        import TTS.config  # noqa: F401
    except ImportError as err:
        raise missing_library("tts", "coqui", err) from err
    return torch


def _hide_native_torchaudio() -> None:
    """Let torchaudio be imported as where it was built without its C++ extension.

    Source: torchaudio/_extension/__init__.py, whose only two names these are.
    """
    absent: Any = ModuleType("torchaudio._extension")
    absent._IS_TORCHAUDIO_EXT_AVAILABLE = False
    absent.fail_if_no_align = lambda function: function
    sys.modules.setdefault(absent.__name__, absent)


def _read_config(folder: Path) -> Any:
    from TTS.config import load_config

    config = load_config(str(folder / "config.json"))
    if config.model not in MODELS:
        raise LoadError(
            f"config.json describes a model of the kind {config.model!r}.",
            f"The engine coqui runs these: {', '.join(MODELS)}.",
        )
    return config


def _check_harmless(torch: Any, folder: Path, kind: str) -> None:
    """Raises: LoadError if a file holds anything but tensors and plain values.

    Read with `mmap`: the tensors stay on disk.
    """
    known = nullcontext()
    if kind == "xtts":  # its first checkpoint also carries its settings, in classes of Coqui's
        from TTS.tts.models.xtts import _legacy_safe_globals

        known = _legacy_safe_globals()
    with known:
        for path in sorted(folder.glob("*.pth")):
            try:
                torch.load(path, map_location="cpu", weights_only=True, mmap=True)
            except Exception as err:
                raise LoadError(
                    f"{path.name} holds more than weights, or is damaged; it was not loaded."
                ) from err


def _load_model(config: Any, folder: Path, weights: Path) -> Any:
    from TTS.tts.models import setup_model

    model = setup_model(config=config)
    if config.model == "xtts":
        model.load_checkpoint(config, checkpoint_dir=str(folder), checkpoint_path=str(weights))
    else:
        model.load_checkpoint(config, checkpoint_path=str(weights), eval=True)
    return model


def _until_cancelled(torch: Any, cancel: CancelToken) -> list[Any]:
    """Return what transformers asks after each token."""

    def check(input_ids: Any, scores: Any, **_: Any) -> Any:
        cancel.progressed()
        if cancel.is_cancelled:
            raise RequestCancelledError
        return torch.zeros(input_ids.shape[0], dtype=torch.bool, device=input_ids.device)

    return [check]


@contextmanager
def _as_app_errors(
    torch: Any, what: str, kind: type[GenerationError | LoadError] = GenerationError
) -> Iterator[None]:
    """Turn what the libraries raise into our errors."""
    try:
        yield
    except (RequestCancelledError, GenerationError, LoadError, UnsupportedInputError):
        raise
    except torch.OutOfMemoryError as err:
        raise OutOfMemoryError(f"{what}: {str(err).splitlines()[0]}") from err
    except Exception as err:
        raise kind(f"{what}: {err}") from err
