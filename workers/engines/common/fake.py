"""What the fake engines share: a set speed, set failures, set memory; no weights and no library.

They answer the same to the same request: for work on the page and the doors, for tests, and to
measure what the pool itself costs. `quintet serve --engine fake`; cards in `configs/fake_models/`.

A card's options are `FakeOptions`. Besides, the first word of a text may be an order for this request
alone: `!refuse`, `!fail`, `!die`, `!hang`, `!memory` do what they say, `!slow` takes 0.1 s a word,
`!model` answers with the model's id, `!think` thinks the words that follow before it says them.
"""

from __future__ import annotations

import os
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from configs.errors import explain
from workers.engines.contract import CancelToken
from workers.messages import Loading
from workers.messages.errors import (
    GenerationError,
    LoadError,
    OutOfMemoryError,
    UnsupportedInputError,
)
from workers.messages.process_spec import ReportLoading, WorkerSettings

POLL_S = 0.01
"""How often a pause looks whether somebody still waits for its end."""
SLOW_S = 0.1
PAGE_BYTES = 4096
DIED = 9
"""Exit status of a process that was told to die."""

Failure = Literal["refuse", "fail", "die", "hang", "memory"]


class FakeOptions(BaseModel):
    """The `options` of a card for a fake engine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens_per_s: float = Field(default=0.0, ge=0)
    """Words, sentences, pictures or texts in a second; 0: as fast as it can."""
    load_s: float = Field(default=0.0, ge=0)
    """How long loading takes."""
    mib: int = Field(default=0, ge=0)
    """Memory that is really taken, and touched."""
    fail_load: Failure | None = None
    """What goes wrong while it loads."""
    fail: Failure | None = None
    """What goes wrong with every request."""
    slots: int | None = Field(default=None, ge=1)
    threads: int | None = Field(default=None, ge=0)
    """Both as for every engine: they stand in for the settings'."""


class Fake:
    """One loaded fake model."""

    def __init__(self, settings: WorkerSettings, report: ReportLoading) -> None:
        """Raises: LoadError for wrong options; whatever `fail_load` asks for."""
        self.model_id = settings.card.id
        try:
            self.options = FakeOptions.model_validate(dict(settings.card.options))
        except ValidationError as err:
            reason = explain(err, FakeOptions)
            raise LoadError(f"The options of {settings.card.id} are not right: {reason}.") from err
        report(Loading(what="pretending to load", fraction=0.5))
        if self.options.fail_load == "refuse":
            raise LoadError("The fake refuses to load.", "Take fail_load out of its card.")
        _go_wrong(self.options.fail_load)
        time.sleep(self.options.load_s)
        self._held = bytearray(self.options.mib << 20)
        self._held[::PAGE_BYTES] = b"\1" * len(self._held[::PAGE_BYTES])  # or it is not resident

    def obey(self, text: str) -> str:
        """Do what the card or the text orders; returns what is to be answered to.

        Raises: UnsupportedInputError, GenerationError, OutOfMemoryError, if told to.
        """
        _go_wrong(self.options.fail)
        order, _, _ = text.partition(" ")
        _go_wrong(order.removeprefix("!") if order.startswith("!") else None)
        return self.model_id if order == "!model" else text

    def pace(self, text: str) -> float:
        """Return how many seconds a piece of the answer to this text takes."""
        if text.startswith("!slow"):
            return SLOW_S
        return 1 / self.options.tokens_per_s if self.options.tokens_per_s else 0.0


def rest(seconds: float, cancel: CancelToken) -> None:
    """Wait, but not for what nobody wants any more."""
    until = time.monotonic() + seconds
    while not cancel.is_cancelled and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, POLL_S))


def _go_wrong(how: str | None) -> None:
    match how:
        case "refuse":
            raise UnsupportedInputError("The fake refuses this.", "Say something else.")
        case "fail":
            raise GenerationError("The fake failed, as it was told to.")
        case "memory":
            raise OutOfMemoryError("The fake found no memory, as it was told to.")
        case "die":
            os._exit(DIED)
        case "hang":
            while True:
                time.sleep(60)
