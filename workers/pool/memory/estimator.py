"""What a card's model will need here, in each place where it could run: predicted, or measured before.

Safe to use from any thread. Reads headers of weights (remembered) and the file of measured peaks,
so it belongs beside a request's way in, not on the pool's loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from configs.catalogue import ModelCard
from configs.settings import Settings, WorkerConfig
from workers.models.graphics.devices import NVIDIA
from workers.models.tuning.book import TuningBook, is_tunable
from workers.models.tuning.context import asked_tokens
from workers.models.tuning.run_settings import run_settings
from workers.specs.spec import resolve, spec_of

from .context import ContextUse
from .contexts import Contexts, context_option
from .estimate import LoadOptions, MemoryEstimate, estimate
from .facts import ModelFacts, read_facts
from .machine import CPU, CUDA
from .measured import MeasuredPeaks, PeakKey, key_of
from .placement import Placement, with_options

MAX_TIMES_PREDICTED = 2.0
"""Of the band's upper end: a peak beyond it is not the model's. Predictions were wrong by 32 % at most
(docs/memory.md)."""
EVICTS_ON_GPU = ("text", "vision")
"""What a GPU is for. The others go to the CPU before one of these leaves, or shrinks."""
SMALL_KV = "q8_0"
GPU_SHARES = (1.0, 0.75, 0.5, 0.25)
"""Of the layers of a GGUF model: the largest that fits."""


CoLocated = Callable[[ModelCard], Sequence[ModelCard]]
"""From a card to the models that live in its process besides: a reranker."""


class Estimator:
    """Predictions of one Quintet."""

    def __init__(
        self,
        settings: Settings,
        peaks: MeasuredPeaks,
        capacity_mib: Mapping[str, int],
        co_located: CoLocated = lambda card: (),
    ) -> None:
        """`capacity_mib` is what each device that there is holds in all."""
        self._settings = settings
        self._co_located = co_located
        self._peaks = peaks
        self._devices = frozenset(capacity_mib)
        self._contexts = Contexts(settings, capacity_mib, self._load_options)
        self._tuning = TuningBook(settings.data_dir)
        self._peaks_lock = threading.Lock()

    def placements(self, card: ModelCard) -> tuple[Placement, ...]:
        """Return where the model can run, the best place first."""
        facts = read_facts(card, self._settings.data_dir)
        config = self._config(card)
        wanted = str(card.options.get("device") or config.device)
        places: list[Placement] = []
        tuned = self._tuning.applied
        graphics = ""
        if wanted != "cpu":
            graphics = graphics_device(card, self._settings.data_dir, self._devices)
        if graphics == CUDA:
            places += self._on_gpu(tuned(card, CUDA), facts)
        elif graphics:
            places += self._on_another(tuned(card, graphics), facts, graphics)
        if wanted != "cuda" or not places:
            places += self._on_cpu(tuned(card, CPU), facts, card)
        return tuple(places)

    def estimate(self, card: ModelCard, device: str = CPU) -> MemoryEstimate:
        """Return what the model needs on one device, predicted unless measured."""
        tuned = self._tuning.applied(card, device)
        facts = read_facts(card, self._settings.data_dir)
        first = next(iter(self._contexts.of(tuned, facts, device)), None)
        return self._place(tuned, facts, device, first, {}).memory_estimate

    def record(self, card: ModelCard, device: str, peak_mib: int) -> None:
        """Remember what a worker's process was seen to hold on its device.

        The card's options are those that the process was started with.
        """
        with self._peaks_lock:
            self._peaks.record(self._key(self._tuning.applied(card, device), device), peak_mib)

    def _on_cpu(self, card: ModelCard, facts: ModelFacts, asked: ModelCard) -> list[Placement]:
        """As it was chosen; where that is too much, with a shorter context or a KV cache of half the size."""
        longer, least = _least_apart(self._contexts.of(card, facts, CPU))
        ways: list[dict[str, Any]] = [{}]
        if is_tunable(card) and run_settings(card, 1, CPU).kv_type != SMALL_KV:
            ways += [{"kv_type": SMALL_KV}] * ("kv_type" not in asked.options)
        return [
            *(self._place(card, facts, CPU, use, {}, may_evict=False) for use in longer),
            *(self._place(card, facts, CPU, least, way) for way in ways),
        ]

    def _on_gpu(self, card: ModelCard, facts: ModelFacts) -> list[Placement]:
        """One place with all layers; for a GGUF model, further ones with fewer."""
        spec = spec_of(card)
        can_split = spec is not None and spec.splits_layers and facts.num_layers > 0
        is_cut = can_split and "gpu_layers" not in card.options
        may_evict = card.modality in EVICTS_ON_GPU
        longer, least = _least_apart(self._contexts.of(card, facts, CUDA))
        places = [self._place(card, facts, CUDA, use, {}, may_evict=False) for use in longer]
        for share in GPU_SHARES if is_cut else GPU_SHARES[:1]:
            split = {} if share == 1 else {"gpu_layers": int(share * facts.num_layers)}
            places.append(self._place(card, facts, CUDA, least, split, may_evict=may_evict))
        return places

    def _place(
        self,
        card: ModelCard,
        facts: ModelFacts,
        device: str,
        context: ContextUse | None,
        options: Mapping[str, Any],
        *,
        may_evict: bool = True,
    ) -> Placement:
        options = {**options, **(context_option(context) if context is not None else {})}
        need = self._estimate(with_options(card, options), facts, device)
        need_mib = {device: need.high_mib}
        if device != CPU:
            need_mib[CPU] = round(need.host_mib)
        return Placement(
            device=device,
            need_mib=need_mib,
            memory_estimate=need,
            options=options,
            context=context,
            may_evict=may_evict,
        )

    def _on_another(self, card: ModelCard, facts: ModelFacts, device: str) -> list[Placement]:
        """On a device whose memory nobody tells: it is counted as RAM.

        That it is on a Mac and on most laptops. Elsewhere llama.cpp itself sees to it that the layers fit.
        """
        if card.options.get("gpu_layers") == 0:
            return []
        first = next(iter(self._contexts.of(card, facts, CPU)), None)
        found = self._place(card, facts, device, first, {})
        need = found.memory_estimate
        return [replace(found, need_mib={CPU: round(need.high_mib + need.host_mib)})]

    def _estimate(self, card: ModelCard, facts: ModelFacts, device: str) -> MemoryEstimate:
        """A measured peak replaces the prediction, within bounds.

        Caches fill as conversations grow: a peak below the prediction's band says that they have
        not, so the band's lower end counts. A peak far above it was one request that ran wild: it
        must not make the model too large for everybody, also after a restart.
        """
        predicted = estimate(card, facts, self._load_options(card, device))
        with self._peaks_lock:
            peak_mib = self._peaks.get(self._key(card, device))
        if peak_mib is None:
            return predicted
        most_mib = round(MAX_TIMES_PREDICTED * predicted.high_mib)
        return predicted.measured(min(max(peak_mib, predicted.low_mib), most_mib))

    def _key(self, card: ModelCard, device: str) -> PeakKey:
        return key_of(card, self._load_options(card, device))

    def _load_options(self, card: ModelCard, device: str) -> LoadOptions:
        return load_options(self._settings, card, device, self._co_located(card))

    def _config(self, card: ModelCard) -> WorkerConfig:
        return _config(self._settings, card)


def load_options(
    settings: Settings, card: ModelCard, device: str, extra_cards: Sequence[ModelCard] = ()
) -> LoadOptions:
    """Return how a card's model is used on a device: its own words first, then the settings'."""
    config = _config(settings, card)
    return LoadOptions(
        device=device,
        slots=_whole(card.options.get("slots"), config.slots),
        threads=_whole(card.options.get("threads"), config.threads),
        context_tokens=asked_tokens(card),
        extra_cards=tuple(extra_cards),
    )


def _config(settings: Settings, card: ModelCard) -> WorkerConfig:
    config: WorkerConfig = getattr(settings.workers, card.modality)
    return config


def _least_apart(
    contexts: Sequence[ContextUse],
) -> tuple[Sequence[ContextUse], ContextUse | None]:
    """Return those for which nobody leaves, and the one that is worth that."""
    return (contexts[:-1], contexts[-1]) if contexts else ((), None)


def graphics_device(card: ModelCard, data_dir: Path, known: Collection[str]) -> str:
    """Return the graphics device that a card's engine, as it is installed, can put weights on.

    "cuda:0" if it is one of the `known`, whose memory the driver tells; else the engine's own word
    ("mtl0", "vulkan0"); "": none.
    """
    spec = spec_of(card)
    kinds = spec.devices if spec is not None else ()
    if spec is None or not ("gpu" in kinds or ("cuda" in kinds and CUDA in known)):
        return ""
    found = resolve(spec.devices_probe)(card, data_dir) if spec.devices_probe else (NVIDIA,)
    if CUDA in known and any(device.is_nvidia for device in found):
        return CUDA
    if "gpu" not in kinds:
        return ""
    return next((d.word for d in sorted(found, key=lambda device: device.is_integrated)), "")


def _whole(own: object, configured: int) -> int:
    return own if isinstance(own, int) else configured
