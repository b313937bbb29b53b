"""From settings and catalogue to a pool and its client. Starts nothing."""

from __future__ import annotations

from collections.abc import Mapping

from configs.catalogue import ModelCard
from configs.settings import Settings, WorkerConfig

from .client import Client
from .job import Patience
from .messages import MODALITIES, Modality
from .models import Models
from .pool import Pool
from .process import Birth
from .registry import WORKERS
from .threads import usable_cores, wait_policy
from .worker import WorkerSettings

Registry = dict[str, dict[str, str]]


def build_pool(
    settings: Settings, catalogue: Mapping[str, ModelCard], registry: Registry = WORKERS
) -> tuple[Pool, Client]:
    """Return a pool that is not started yet, and its client.

    Raises: UnknownModelError if a worker's model has no card or the card is of another modality.
    """
    models = Models(lambda: catalogue, {name: _config(settings, name).model for name in MODALITIES})
    births = {name: _birth(settings, name, models.default(name), registry) for name in MODALITIES}
    patience = Patience(
        max_waiting=settings.pool.max_waiting,
        idle_ttl_s=settings.pool.idle_ttl_s,
        ping_timeout_s=settings.pool.ping_timeout_s,
    )
    pool = Pool(births, patience)
    return pool, Client(pool, models)


def _config(settings: Settings, modality: Modality) -> WorkerConfig:
    config: WorkerConfig = getattr(settings.workers, modality)
    return config


def _birth(settings: Settings, modality: Modality, card: ModelCard, registry: Registry) -> Birth:
    config = _config(settings, modality)
    threads = config.threads or usable_cores()
    return Birth(
        name=modality,
        modality=modality,
        engine=card.engine,
        registry=registry,
        settings=WorkerSettings(
            card=card,
            threads=threads,
            slots=config.slots,
            data_dir=settings.data_dir,
            limits=dict(settings.limits),
        ),
        environment=wait_policy(threads),
        log_level=settings.log_level,
    )
