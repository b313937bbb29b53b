"""Sets a machine up: fetches the models of its set one after the other, and uses each when it is here.

What was begun is written down, so that it goes on after a cut, in whichever program: the page's own, or
`quintet models setup`. Safe to use from any thread.
"""

from __future__ import annotations

import logging
import threading
import zlib
from collections.abc import Callable, Sequence

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.messages import Modality
from workers.messages.errors import (
    AppError,
    DownloadError,
    DownloadPausedError,
    UnknownModelError,
)
from workers.models.downloads.progress import DownloadProgress, OnProgress
from workers.models.environments.places import missing_environment
from workers.models.lookup import Models
from workers.models.manager import ModelManager, ModelStatus

from .beginning import begin_set
from .choices import Choices, change_choices, read_choices, update_choices
from .choosing import Chosen, ModelChooser
from .documents import has_documents
from .getting import Fetching, ModelGetter
from .machine_set import Machine, MachineSet
from .offer import UNDER_WAY, OfferedModel, SetOffer, ids_for, modality_of, offer_of, parts_of
from .progress import SetupProgress, stage_of
from .pulling import pull_and_wait

log = logging.getLogger("quintet.models")


class ModelSetup:
    """The set for this machine, on one data folder."""

    def __init__(
        self,
        manager: ModelManager,
        models: Models,
        settings: Settings,
        read_machine: Callable[[], Machine],
        *,
        is_serving: bool = True,
    ) -> None:
        """`is_serving`: this program answers requests, and uses what it has fetched at once."""
        self._manager = manager
        self._models = models
        self._data_dir = settings.data_dir
        self._hub = settings.hub
        self._sets = MachineSet(settings.data_dir, read_machine)
        self._chooser = ModelChooser(manager, models, settings, is_serving=is_serving)
        self._getter = ModelGetter(manager, self._chooser, self._changed)
        self._num_changes = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._problem: AppError | None = None
        self._is_done = False
        self._paused = threading.Event()

    def ids_for(self, modality: Modality) -> tuple[str, ...]:
        """Return which models are recommended for a modality, those of this machine's set first."""
        return ids_for(self._sets.ranked, modality)

    def not_kept(self, modality: Modality) -> str:
        """Return why what was chosen for a modality lasts until the end only; "": it is kept."""
        return self._chooser.not_kept(modality)

    @property
    def revision(self) -> str:
        """Something else whenever there is news about what is used and fetched; costs no look at the disk."""
        models = self._models
        used = [models.default(name).id for name in models.modalities]
        coming = [(what.card.id, what.percent, what.problem) for what in self._getter.running()]
        return format(zlib.crc32(repr((self._num_changes, used, coming)).encode()), "x")

    def _changed(self) -> None:
        self._num_changes += 1

    @property
    def choices(self) -> Choices:
        """What was chosen on this data folder."""
        return read_choices(self._data_dir)

    def offer(self, only: Sequence[str] = ()) -> SetOffer:
        """Return what this machine is offered. Raises: UnsupportedInputError for parts that no set has."""
        return offer_of(
            self._sets.current,
            self._status,
            parts=parts_of(only),
            missing_environment=lambda card: missing_environment(card, self._data_dir),
            has_documents=has_documents(self._data_dir),
        )

    def progress(self) -> SetupProgress:
        """Return how far it is, for the page."""
        now, offer, choices = self._models.default("text"), self.offer(), self.choices
        is_running = self.is_running
        problem = None if is_running else self._problem
        stage = stage_of(
            offer,
            choices,
            is_running=is_running,
            is_small=now.source.startswith("package:"),
            is_done=self._is_done,
            has_failed=problem is not None,
        )
        reasons = map(self.not_kept, self._models.modalities)
        return SetupProgress(
            stage=stage,
            offer=offer,
            choices=choices,
            now=now,
            problem=problem,
            not_kept=next(filter(None, reasons), ""),
        )

    @property
    def is_running(self) -> bool:
        """Whether this program fetches the set now."""
        return self._thread is not None and self._thread.is_alive()

    def fetching(self) -> tuple[Fetching, ...]:
        """Return what this program downloads now, and what has failed a moment ago."""
        return self._getter.running()

    def on_the_way(self, modality: Modality) -> Fetching | None:
        """Return what a modality is going to use, or what could not be had for it."""
        return self._getter.on_the_way(modality)

    def start(self, *, accept_license: bool = False) -> None:
        """Begin in the background, or go on; what goes wrong later is in `progress`.

        Raises: DownloadError, saying where files are put by hand, if no hub can be reached.
        """
        with self._lock:
            if self.is_running and not self._paused.is_set():
                return
            try:
                offered = self._begin((), accept_license=accept_license)
            except AppError as err:
                self._problem = err
                self._changed()
                raise
            for model in offered:
                if modality_of(model.part) is not None:
                    self._chooser.want(model.card)
            before, self._paused, self._problem = self._thread, threading.Event(), None
            self._is_done = False
            self._thread = threading.Thread(
                target=self._run, args=(offered, self._paused, before), name="setup", daemon=True
            )
            self._thread.start()
            self._changed()

    def pause(self) -> None:
        """Stop after the present block; what has arrived is kept."""
        self._paused.set()
        for model in self.offer().models:
            if model.status.state in UNDER_WAY:
                self._manager.pause(model.card.id)

    def decline(self) -> None:
        """Offer nothing any more on the page; the command and the Models tab still do."""
        self._is_done, self._problem = False, None
        change_choices(self._data_dir, is_declined=True, wanted=())
        self._changed()

    def undo(self) -> tuple[ModelCard, ...]:
        """Use what was used before the set, now and after every start; the weights stay.

        Returns the models that take its place. Raises: OSError.
        """
        self._is_done, self._problem = False, None
        back = self._chooser.restore()
        self._changed()
        return back

    def choose(self, model_id: str, context_tokens: int | None = None) -> Chosen:
        """Use a model that is here, now and after every start.

        Raises: UnknownModelError; NotFetchedError and other reasons why it cannot be used now.
        """
        chosen = self._chooser.choose(model_id, context_tokens)
        self._getter.forget(chosen.card.modality)
        self._changed()
        return chosen

    def get(self, model_id: str, *, accept_license: bool = False) -> ModelCard:
        """Fetch a model in the background and use it when it is here; what goes wrong then is in `on_the_way`.

        Raises: as `ModelManager.pull`.
        """
        card = self._getter.get(model_id, accept_license=accept_license)
        self._changed()
        return card

    def fetch(
        self,
        report: OnProgress,
        *,
        only: Sequence[str] = (),
        accept_license: bool = False,
        on_here: Callable[[ModelCard], None] = lambda card: None,
    ) -> SetOffer:
        """Fetch the set and wait for it; `on_here` is called with each model that can be used.

        Raises: as `start` and `ModelManager.fetch`.
        """
        offered = self._begin(only, accept_license=accept_license)
        for model in offered:
            self._manager.fetch(
                model.card.id, self._measured(report), accept_license=accept_license
            )
            self._keep(model, is_wanted=True)
            on_here(model.card)
        return self.offer(only)

    def _begin(self, only: Sequence[str], *, accept_license: bool) -> tuple[OfferedModel, ...]:
        return begin_set(
            lambda: self.offer(only),
            self._data_dir,
            self._hub,
            set_id=self._sets.current.id,
            accept_license=accept_license,
        )

    def _run(
        self,
        offered: Sequence[OfferedModel],
        paused: threading.Event,
        before: threading.Thread | None,
    ) -> None:
        """The thread: one model after the other, the text model first."""
        if before is not None:
            before.join()
        try:
            for model in offered:
                if paused.is_set():
                    return
                pull_and_wait(self._manager, model, paused, self._note_speed)
                self._keep(model)
            self._is_done = True
        except DownloadPausedError:
            log.info("setting up was paused")
        except AppError as err:
            log.warning("setting up stopped: %s", err)
            self._problem = err
        except OSError as err:
            log.exception("setting up stopped")
            self._problem = DownloadError(f"What was chosen cannot be kept: {err}.")
        finally:
            with self._lock:
                if self._thread is threading.current_thread():  # else it goes on, and is wanted
                    for model in offered:
                        self._chooser.drop(model.card)
            self._changed()

    _speed = 0.0
    """Bytes a second, as last seen."""

    def _note_speed(self, bytes_per_s: float) -> None:
        self._speed = bytes_per_s or self._speed

    def _measured(self, report: OnProgress) -> OnProgress:
        def note_speed(step: DownloadProgress) -> None:
            self._note_speed(step.speed_bytes_s)
            report(step)

        return note_speed

    def _keep(self, model: OfferedModel, *, is_wanted: bool = False) -> None:
        """Use a model that is here from now on, unless another one was chosen meanwhile."""
        fields: dict[str, object] = {"bytes_per_s": self._speed} if self._speed else {}

        def arrived(kept: Choices) -> dict[str, object]:
            return {"wanted": tuple(n for n in kept.wanted if n != model.card.id), **fields}

        update_choices(self._data_dir, arrived)
        self._models.renew()
        if modality_of(model.part) is None:
            return
        if is_wanted:
            self._chooser.choose(model.card.id)
        else:
            self._chooser.choose_if_wanted(model.card)
        self._changed()

    def _status(self, model_id: str) -> ModelStatus | None:
        try:
            return self._manager.status(model_id)
        except UnknownModelError:
            return None
