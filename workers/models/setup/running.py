"""Sets a machine up: fetches the models of its set one after the other, and uses each when it is here.

What was begun is written down, so that it goes on after a cut, in whichever program: the page's own, or
`quintet models setup`. Safe to use from any thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import cached_property

from configs.catalogue import ModelCard
from configs.errors import ConfigError
from configs.sets import ModelSet, load_sets, set_for
from configs.settings import Settings
from workers.messages.errors import (
    AppError,
    DownloadError,
    DownloadPausedError,
    NotFetchedError,
    UnknownModelError,
)
from workers.models.downloads.download import license_not_accepted
from workers.models.downloads.folders import model_folder
from workers.models.downloads.placed import take_placed
from workers.models.downloads.progress import DownloadProgress, OnProgress
from workers.models.environments.places import Environments, environment_of
from workers.models.lookup import Models
from workers.models.manager import ModelManager, ModelStatus
from workers.models.packaged import is_reachable

from .choices import Choices, change_choices, read_choices
from .documents import has_documents
from .offer import UNDER_WAY, OfferedModel, SetOffer, modality_of, offer_of, parts_of
from .progress import SetupProgress, stage_of

log = logging.getLogger("quintet.models")

POLL_S = 0.25

Machine = tuple[int, int]
"""MiB: RAM that is free, or that our own models hold; all of the largest graphics card's, 0 without one."""


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
        self._read_machine = read_machine
        self._is_serving = is_serving
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._problem: AppError | None = None
        self._is_done = False
        self._last_set: ModelSet | None = None
        self._paused = threading.Event()

    @cached_property
    def _sets(self) -> tuple[ModelSet, ...]:
        return load_sets()

    def _set(self) -> ModelSet:
        """The set that was begun, as long as some of it is missing; else this machine's.

        One for the whole program: what is free trembles, and the offer should not.
        """
        choices = self.choices
        begun = [one for one in self._sets if choices.wanted and one.id == choices.wanted_set]
        if begun or self._last_set is None:
            self._last_set = begun[0] if begun else set_for(self._sets, *self._read_machine())
        return self._last_set

    @property
    def choices(self) -> Choices:
        """What was chosen on this data folder."""
        return read_choices(self._data_dir)

    def offer(self, only: Sequence[str] = ()) -> SetOffer:
        """Return what this machine is offered. Raises: UnsupportedInputError for parts that no set has."""
        return offer_of(
            self._set(),
            self._status,
            parts=parts_of(only),
            missing_environment=self._missing_environment,
            has_documents=has_documents(self._data_dir),
        )

    def progress(self) -> SetupProgress:
        """Return how far it is, for the page."""
        thread, now, offer, choices = self._thread, self._text(), self.offer(), self.choices
        is_running = thread is not None and thread.is_alive()
        problem = None if is_running else self._problem
        stage = stage_of(
            offer,
            choices,
            is_running=is_running,
            is_small=now.source.startswith("package:"),
            is_done=self._is_done,
            has_failed=problem is not None,
        )
        return SetupProgress(stage=stage, offer=offer, choices=choices, now=now, problem=problem)

    def _text(self) -> ModelCard:
        return self._models.default("text")

    def start(self, *, accept_license: bool = False) -> None:
        """Begin in the background, or go on; what goes wrong later is in `progress`.

        Raises: DownloadError, saying where files are put by hand, if no hub can be reached.
        """
        with self._lock:
            if self._thread is not None and self._thread.is_alive() and not self._paused.is_set():
                return
            try:
                offered = self._begin((), accept_license=accept_license)
            except AppError as err:
                self._problem = err
                raise
            before, self._paused, self._problem = self._thread, threading.Event(), None
            self._is_done = False
            self._thread = threading.Thread(
                target=self._run, args=(offered, self._paused, before), name="setup", daemon=True
            )
            self._thread.start()

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

    def undo(self) -> None:
        """Forget what was chosen: from the next start on, the models of the settings are used.

        The weights stay. Raises: OSError.
        """
        self._is_done, self._problem = False, None
        change_choices(self._data_dir, defaults={}, wanted=(), is_declined=True)

    def choose(self, model_id: str) -> ModelCard:
        """Use a model that is here, now and after every start.

        Raises: UnknownModelError; NotFetchedError and other reasons why it cannot be used now; OSError.
        """
        card = self._manager.use(model_id)
        change_choices(self._data_dir, defaults={**self.choices.defaults, card.modality: card.id})
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
            self._keep(model)
            on_here(model.card)
        return self.offer(only)

    def _begin(self, only: Sequence[str], *, accept_license: bool) -> tuple[OfferedModel, ...]:
        """Take over what lies here, see that the rest can be had, and write down what is wanted."""
        offer = self.offer(only)
        for model in offer.missing:
            take_placed(model.card, self._data_dir)
        offer = self.offer(only)
        if offer.licences and not accept_license:
            raise license_not_accepted(offer.licences[0].card)
        if offer.missing and not is_reachable(self._hub):
            raise self._unreachable(offer.missing)
        ids = tuple(model.card.id for model in offer.models)
        change_choices(self._data_dir, wanted=ids, wanted_set=self._set().id, is_declined=False)
        return offer.models

    def _unreachable(self, missing: Sequence[OfferedModel]) -> DownloadError:
        first = missing[0].card
        folder = model_folder(first, self._data_dir)
        return DownloadError(
            f"No model hub can be reached from here; {first.name} and {len(missing) - 1} more are "
            "missing."
            if len(missing) > 1
            else f"No model hub can be reached from here; {first.name} is missing.",
            f"Put {' and '.join(first.files)} into {folder}, then do this again.",
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
                self._pull(model, paused)
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

    def _pull(self, model: OfferedModel, paused: threading.Event) -> None:
        """Wait until a model is here. Raises: AppError; DownloadPausedError."""
        status = self._manager.status(model.card.id)
        if not OfferedModel(part=model.part, status=status).is_here:
            self._manager.pull(model.card.id, accept_license=True)  # asked for in `_begin`
        while (status := self._manager.status(model.card.id)).state in UNDER_WAY:
            if status.download is not None and status.download.speed_bytes_s:
                self._speed = status.download.speed_bytes_s
            if paused.wait(POLL_S):
                self._manager.pause(model.card.id)
                raise DownloadPausedError(f"{model.card.name} was paused.")
        if OfferedModel(part=model.part, status=status).is_here:
            return
        if status.state == "paused":
            raise DownloadPausedError(f"{model.card.name} was paused.")
        raise DownloadError(status.hint or f"{model.card.name}: {status.words}.")

    _speed = 0.0
    """Bytes a second, as last seen."""

    def _measured(self, report: OnProgress) -> OnProgress:
        def note_speed(step: DownloadProgress) -> None:
            self._speed = step.speed_bytes_s or self._speed
            report(step)

        return note_speed

    def _keep(self, model: OfferedModel) -> None:
        """Use a model that is here from now on, and after every start."""
        modality = modality_of(model.part)
        fields: dict[str, object] = {"bytes_per_s": self._speed} if self._speed else {}
        if modality is not None:
            fields["defaults"] = {**self.choices.defaults, modality: model.card.id}
        wanted = tuple(name for name in self.choices.wanted if name != model.card.id)
        change_choices(self._data_dir, wanted=wanted, **fields)
        self._models.renew()
        if self._is_serving and modality is not None:
            self._manager.use(model.card.id)

    def _status(self, model_id: str) -> ModelStatus | None:
        try:
            return self._manager.status(model_id)
        except UnknownModelError:
            return None

    def _missing_environment(self, card: ModelCard) -> str:
        try:
            reason = Environments(data_dir=self._data_dir).unavailable_reason_of(card)
        except (ConfigError, NotFetchedError) as err:
            return str(err)
        return environment_of(card) if reason is not None else ""
