"""How fast each model is on this machine: seen in use if it was, else predicted from the machine's figures.

What was seen of other models corrects what is predicted. The figures are measured once, in a process of
its own for three seconds, when somebody first asks for a speed; until then there is none. Safe to use from
any thread.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.messages import Finished, Request
from workers.models.tuning.book import TuningBook
from workers.pool.memory.estimator import load_options
from workers.pool.memory.facts import read_facts
from workers.pool.memory.machine import CPU
from workers.pool.memory.placement import Placement
from workers.pool.memory.plan import Plan
from workers.specs.spec import EngineSpec, resolve, spec_of

from .correction import correction
from .device_speed import DeviceSpeed, DeviceSpeeds
from .graphics_speed import graphics_speeds
from .measuring_process import MeasuringProcess, load_now
from .speed_book import SpeedBook
from .speed_case import SpeedCase
from .speed_estimate import UNITS, SpeedEstimate
from .speed_seen import speed_seen, tokens_before

log = logging.getLogger("quintet.speed")

Estimate = Callable[[SpeedCase], float | None]
"""In the unit of the card's modality; None: that cannot be told."""

BUSY = 1.0
"""Programs that computed before: from there a measurement is made again at a later start."""
PAUSE_S = 2.0
"""Between two uses of a model that are noted: embeddings come by the hundred."""


class Speeds:
    """Of one Quintet."""

    def __init__(
        self, settings: Settings, measure: Callable[[], DeviceSpeed] | None = None
    ) -> None:
        """`measure` returns the CPU's figures; None: in a process of its own."""
        self._settings = settings
        self._process = MeasuringProcess()
        self._measure = measure or self._process.measure
        self._book = SpeedBook(settings.data_dir)
        self._tuning = TuningBook(settings.data_dir)
        self._lock = threading.Lock()
        self._has_tried = False
        self._is_closed = False
        self._noted: dict[str, float] = {}
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="speeds")

    def of(self, card: ModelCard, placement: Placement) -> SpeedEstimate | None:
        """Return how fast a model is in a place; None where nobody can tell, or not yet."""
        spec, unit = spec_of(card), UNITS[card.modality]
        if spec is None or spec.is_for_tests or card.is_remote:
            return None
        seen = self._book.model(card, placement.device, placement.options)
        if seen is not None:
            return SpeedEstimate(value=seen, unit=unit, is_measured=True)
        value = self._predicted(card, spec, placement)
        if value is None:
            return None
        value *= correction(self._book.ratios(spec.speed, placement.device))
        return SpeedEstimate(value=value, unit=unit)

    def _predicted(
        self,
        card: ModelCard,
        spec: EngineSpec,
        placement: Placement,
        tokens_before: float | None = None,
    ) -> float | None:
        """Return the speed by the devices' figures alone; None: they or the model's are not known."""
        if not spec.speed:
            return None
        laid = placement.laid_over(self._tuning.applied(card, placement.device))
        case = SpeedCase(
            card=laid,
            facts=read_facts(card, self._settings.data_dir),
            options=load_options(self._settings, laid, placement.device),
            devices=self.devices(),
            tokens_before=tokens_before,
        )
        return _estimator_of(spec.speed)(case)

    def added_to(self, plan: Plan, card: ModelCard) -> Plan:
        """Return a plan with how fast the model would be where it goes; as it is if it goes nowhere."""
        if plan.outcome == "too_large":
            return plan
        return replace(plan, speed=self.of(card, plan.placement))

    def devices(self) -> DeviceSpeeds:
        """Return the figures of the devices that are known."""
        cpu = self._book.device(CPU)
        return {**graphics_speeds(), **({CPU: cpu} if cpu is not None else {})}

    def measure(self) -> None:
        """Measure the CPU if that was never done, or beside others that were at work; takes seconds.

        Once for each program: what fails is told to the log, and speeds are not predicted.
        """
        with self._lock:
            known = self._book.device(CPU)
            is_good = known is not None and known.load < BUSY
            is_worse = known is not None and load_now() >= known.load
            if self._has_tried or is_good or is_worse:
                return
            self._has_tried = True
            try:
                self._book.note_device(CPU, self._measure())
            except (OSError, subprocess.SubprocessError, ValueError, KeyError) as err:
                if not self._is_closed:
                    log.warning("the speed of this machine could not be measured: %s", err)

    def measure_soon(self) -> None:
        """Do so in a thread."""
        if not self._has_tried:
            with suppress(RuntimeError):  # the program ends, and takes no more work
                self._writing.submit(self.measure)

    def note(self, card: ModelCard, placement: Placement, request: Request, end: Finished) -> None:
        """Remember how fast a request was served that had its worker for itself; returns at once."""
        now, value = time.monotonic(), speed_seen(request, end)
        spec = spec_of(card)
        if value is None or spec is None or spec.is_for_tests or not spec.devices:
            return
        if now - self._noted.get(card.id, -PAUSE_S) >= PAUSE_S:
            self._noted[card.id] = now
            with suppress(RuntimeError):
                self._writing.submit(self._note, card, spec, placement, value, tokens_before(end))

    def close(self) -> None:
        """Wait until what was seen is written; what is still being measured is not waited for."""
        self._has_tried = self._is_closed = True
        self._process.stop()
        self._writing.shutdown()

    def _note(
        self, card: ModelCard, spec: EngineSpec, placement: Placement, value: float, before: float
    ) -> None:
        try:
            self._book.note_model(card, placement.device, placement.options, value)
            predicted = self._predicted(card, spec, placement, before)
            is_on_one_device = placement.options.get("gpu_layers") is None
            if predicted is not None and is_on_one_device:
                self._book.note_ratio(card, spec.speed, placement.device, value / predicted)
        except OSError as err:
            log.warning("how fast %s was is not kept: %s", card.name, err)


@lru_cache
def _estimator_of(target: str) -> Estimate:
    found: Estimate = resolve(target)
    return found
