"""Benchmarks in the background of a server: one at a time, whoever looks; results go into the book."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace

from configs.catalogue import ModelCard
from workers.client import Client, StopSwitch
from workers.messages.errors import AppError, ResourceError
from workers.models.benchmarks.book import BenchmarkBook
from workers.models.benchmarks.result import BenchmarkResult

from .measuring import Benchmark, Stopped, check_can_be_measured, check_is_idle

log = logging.getLogger("quintet.benchmarks")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchmarkState:
    """The benchmark that runs, or the last one."""

    card: ModelCard
    what: str = "about to begin"
    done: int = 0
    total: int = 0
    """Steps; 0: not known yet."""
    is_running: bool = True
    problem: str = ""
    """Why it gave no result; "" if it did, or was stopped."""
    is_stopped: bool = False

    @property
    def fraction(self) -> float:
        """[0, 1]."""
        return self.done / self.total if self.total else 0.0


class BenchmarkRunner:
    """Of one server. Safe to use from any thread."""

    def __init__(self, client: Client, book: BenchmarkBook) -> None:
        """Nothing runs yet."""
        self._client = client
        self._book = book
        self._lock = threading.Lock()
        self._state: BenchmarkState | None = None
        self._stop = StopSwitch()

    @property
    def state(self) -> BenchmarkState | None:
        """The benchmark that runs, or the last one; None: none yet."""
        return self._state

    def results(self) -> tuple[BenchmarkResult, ...]:
        """Return all results of this data folder, the oldest first."""
        return self._book.all()

    def start(self, model_id: str) -> ModelCard:
        """Begin in the background; what goes wrong later is in `state`.

        Raises: UnknownModelError, NotFetchedError; UnsupportedInputError for a model that works only
        beside another; ResourceError while the worker is busy, or another benchmark runs.
        """
        models = self._client.models
        card = models.get(model_id)
        check_can_be_measured(card)
        card = models.available(card.id, card.modality)
        check_is_idle(self._client, card)
        with self._lock:
            if self._state is not None and self._state.is_running:
                raise ResourceError(
                    f"{self._state.card.name} is being measured.",
                    "Wait until that is done: two at once would measure each other.",
                )
            self._state, self._stop = BenchmarkState(card=card), StopSwitch()
            thread = threading.Thread(
                target=self._run, args=(card, self._stop), name="benchmark", daemon=True
            )
        thread.start()
        return card

    def stop(self) -> None:
        """Stop the one that runs, after its present step; nothing of it is kept."""
        self._stop.press()

    def _run(self, card: ModelCard, stop: StopSwitch) -> None:
        problem = ""
        try:
            runs_as = self._client.manager.status(card.id).runs
            result = Benchmark(self._client, card, self._note, stop).measure(runs_as)
            self._book.note(result)
        except Stopped:
            log.info("the benchmark of %s was stopped", card.name)
        except AppError as err:
            problem = str(err)
        except OSError as err:
            problem = f"The result could not be kept: {err.strerror or err}."
        except Exception as err:
            log.exception("the benchmark of %s failed", card.name)
            problem = f"The benchmark ended in an error: {err!r}."
        finally:
            self._change(is_running=False, problem=problem, is_stopped=stop.is_pressed)

    def _note(self, what: str, done: int, total: int) -> None:
        self._change(what=what, done=done, total=total)

    def _change(self, **changes: object) -> None:
        with self._lock:
            if self._state is not None:
                self._state = replace(self._state, **changes)  # type: ignore[arg-type]
