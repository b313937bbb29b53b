"""From settings and catalogue to a pool and its client. Starts nothing."""

from __future__ import annotations

import logging

from configs.catalogue import ModelCard
from configs.settings import Settings, WorkerConfig
from workers.messages.process_spec import ProcessSpec, WorkerSettings

from .client import Client
from .messages import MODALITIES, Modality
from .messages.errors import LoadError, UnknownModelError
from .models.availability import Availability, only_beside
from .models.card_reader import CardReader, Catalogue
from .models.downloads.download import is_downloadable
from .models.environments.places import Environments
from .models.graphics.devices import is_card_useless
from .models.llama_server.choosing import adapted
from .models.lookup import Models
from .models.manager import ModelManager
from .models.setup.choices import read_choices
from .models.setup.choosing import use_chosen
from .models.setup.machine_set import Machine
from .models.setup.running import ModelSetup
from .models.tuning.book import TuningBook, is_tunable
from .models.tuning.run_settings import run_settings
from .pool.memory.machine import CPU, read_memory
from .pool.memory.manager import build_memory_manager
from .pool.memory.placement import Placement, place
from .pool.pending import PoolLimits
from .pool.pool import Pool
from .pool.speed.speeds import Speeds
from .pool.threads import usable_cores, wait_policy
from .specs.spec import engine_specs, may_be_default, spec_of

log = logging.getLogger("quintet")


def build_pool(settings: Settings, catalogue: Catalogue) -> tuple[Pool, Client]:
    """Return a pool that is not started yet, and its client.

    Raises: UnknownModelError if a worker's model has no card or the card is of another modality;
    ConfigError if a folder cannot be read.
    """
    models = build_models(settings, catalogue)
    limits = PoolLimits(
        max_waiting=settings.pool.max_waiting,
        idle_ttl_s=settings.pool.idle_ttl_s,
        ping_timeout_s=settings.pool.ping_timeout_s,
        stall_timeout_s=settings.pool.stall_timeout_s,
        spin_timeout_s=settings.pool.spin_timeout_s,
        cancel_grace_s=settings.pool.cancel_grace_s,
        timeout_s={name: _config(settings, name).timeout_s for name in MODALITIES},
    )
    pool = Pool(
        models,
        lambda card, placement: process_spec_of(card, settings, models, placement),
        limits,
        build_memory_manager(settings, lambda card: _co_located(card, models)),
        speeds=Speeds(settings),
    )
    manager = ModelManager(models, Client(pool, models), settings)
    setup = ModelSetup(manager, models, settings, lambda: machine_with(_held_mib(pool)))
    return pool, Client(pool, models, manager=manager, setup=setup)


def machine_with(held_mib: int) -> Machine:
    """Return this machine; `held_mib`: RAM of our own models, which another set would not have.

    A card that no llama.cpp runs on is as good as none.
    """
    ram, *cards = read_memory()
    card_mib = max((card.total_mib for card in cards), default=0)
    if card_mib and is_card_useless():
        card_mib = 0
    return ram.free_mib + held_mib, card_mib


def _held_mib(pool: Pool) -> int:
    return sum(worker.resident_mib for worker in pool.status().workers)


def build_models(settings: Settings, catalogue: Catalogue) -> Models:
    """Return the models that can be asked for. Raises as `build_pool`."""
    defaults = {name: _config(settings, name).model[-1] for name in MODALITIES}
    availability = Availability(data_dir=settings.data_dir, may_fetch=settings.may_fetch)
    read_cards = CardReader(settings, catalogue)
    models = Models(
        read_cards,
        defaults,
        availability,
        reranker=settings.workers.rag.reranker,
        left_out=lambda: read_cards.left_out,
        adapt=adapted(settings),
    )
    if any(len(_config(settings, name).model) > 1 for name in MODALITIES):
        _choose_defaults(models, settings)
    use_chosen(models, read_choices(settings.data_dir).defaults, settings.named_models)
    return models


def _choose_defaults(models: Models, settings: Settings) -> None:
    """Use of each list the first model that is here and fits into what is free now."""
    memory = build_memory_manager(settings)
    headroom_mib = memory.tracker.headroom(memory.tracker.devices())
    for modality in MODALITIES:
        for model_id in _config(settings, modality).model:
            card = models.get(model_id, modality)
            placements = memory.places(card)
            decision = place(placements, headroom_mib, ())
            fits = decision is not None and decision.placement.device == placements[0].device
            if fits and models.is_here(card):
                log.info("%s: %s", modality, card.name)
                models.configure(modality, model_id)
                break


def process_spec_of(
    card: ModelCard,
    settings: Settings,
    models: Models | None = None,
    placement: Placement | None = None,
) -> ProcessSpec:
    """Return what the process that holds this model is told; without a placement, it goes into RAM.

    Raises: LoadError if the card's own `slots` or `threads` are not whole numbers;
    UnknownModelError if no engine has the name that it says; EngineNotInstalledError if its
    environment is not there.
    """
    device = placement.device if placement is not None else CPU
    card = TuningBook(settings.data_dir).applied(card, device)
    if placement is not None:
        card = placement.laid_over(card)
    config = _config(settings, card.modality)
    threads = _count(card, "threads", config.threads, at_least=0) or usable_cores()
    return ProcessSpec(
        name=card.modality,
        modality=card.modality,
        target=_target(card),
        settings=WorkerSettings(
            card=card,
            reranker=_reranker(card, models),
            device=device,
            threads=threads,
            slots=_count(card, "slots", config.slots, at_least=1),
            data_dir=settings.data_dir,
            limits=dict(settings.limits),
            may_fetch=settings.may_fetch(card.id),
            hub=settings.hub,
        ),
        environment=_environment(card, threads, device, settings.may_fetch(card.id)),
        log_level=settings.log_level,
        python=Environments(data_dir=settings.data_dir).python_of(card),
    )


def _target(card: ModelCard) -> str:
    spec = spec_of(card)
    if spec is None:
        known = ", ".join(sorted(spec.name for spec in engine_specs(card.modality)))
        raise UnknownModelError(
            f"{card.name}: no {card.modality} engine is called {card.engine!r}; known: {known}.",
            f"Mend the card {card.id}, or install the package that brings this engine.",
        )
    if not may_be_default(card):
        raise only_beside(card)
    return spec.target


def _co_located(card: ModelCard, models: Models) -> tuple[ModelCard, ...]:
    """Return the models that live in the process of another."""
    reranker = _reranker(card, models)
    return (reranker,) if reranker is not None else ()


def _reranker(card: ModelCard, models: Models | None) -> ModelCard | None:
    if card.modality != "rag" or models is None or models.reranker is None:
        return None
    return models.get(models.reranker, "rag")


def _environment(card: ModelCard, threads: int, device: str, may_fetch: bool) -> dict[str, str]:
    """Workers are kept offline, but for one that may download its model."""
    environment = wait_policy(threads)
    if is_tunable(card):
        environment = wait_policy(threads, run_settings(card, threads, device).spin)
    if may_fetch and is_downloadable(card):
        del environment["HF_HUB_OFFLINE"]
    return environment


def _config(settings: Settings, modality: Modality) -> WorkerConfig:
    config: WorkerConfig = getattr(settings.workers, modality)
    return config


def _count(card: ModelCard, option: str, configured: int, *, at_least: int) -> int:
    """Return the card's own number in place of the configured one."""
    own = card.options.get(option)
    if own is None:
        return configured
    if not isinstance(own, int) or isinstance(own, bool) or own < at_least:
        raise LoadError(
            f"{card.name}: the option {option} is {own!r}, not a whole number from {at_least}.",
            f"Mend the card {card.id}.",
        )
    return own
