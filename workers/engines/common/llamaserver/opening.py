"""From parameters of the binding to a `llama-server` that answers: the place of `xllamacpp.Server`."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from workers.media.scratch import scratch_folder
from workers.messages import LastWords, Loading
from workers.messages.errors import GenerationError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.facts.gguf_pieces import piece_names
from workers.models.graphics.devices import EngineDevice
from workers.models.llama_server.asking import ServerProgram, ask, devices
from workers.models.llama_server.finding import find_server

from .flags import device_flags, flags_of
from .pacing import Pacing
from .process import ServerProcess, die_likewise, new_address
from .transport import ServerConnection

LOST_WAIT_S = 2.0
"""From a broken connection to the end of a program that has died, and from there to ours."""

log = logging.getLogger("quintet.worker")


class LlamaServer(ServerConnection):
    """A `llama-server` with one model in it, for as long as this object is not closed."""

    def __init__(
        self,
        xllamacpp: Any,
        params: Any,
        settings: WorkerSettings,
        report: ReportLoading,
        new_pacing: Callable[[], Pacing],
    ) -> None:
        """Start the program and wait for the model. Raises: LoadError, EngineNotInstalledError."""
        card = settings.card
        program = ask(find_server(card, settings.data_dir))
        report(Loading(what=f"loading {card.name}"))
        self.devices = usable_devices(settings, params, program)
        flags = flags_of(params, xllamacpp.CommonParams(), program)
        flags += device_flags(params, self.devices, program)
        with ExitStack() as opened:
            folder = opened.enter_context(scratch_folder(card.modality))
            address = new_address(program, folder)
            self._process = ServerProcess(program, address, flags)
            opened.callback(self._process.stop)
            super().__init__(address, new_pacing)
            opened.callback(super().close)
            size = 0 if self.devices else _size_bytes(Path(params.model.path))
            self._process.wait_until_ready(self.is_ready, card.name, size, report)
            self._opened = opened.pop_all()
        log.info("%s runs on %s (version %s)", card.name, program.path, program.version)
        self._process.watch(lambda code, words: _follow(code, words, report))

    def _lost(self, err: Exception) -> GenerationError:
        """If the program has died, this process follows: nobody must hear of a mere failure before."""
        if self._process.has_ended(LOST_WAIT_S):
            time.sleep(LOST_WAIT_S)
        return super()._lost(err)

    @property
    def pid(self) -> int:
        """Of the program."""
        return self._process.pid

    def close(self) -> None:
        """End the program."""
        self._opened.close()


def _size_bytes(model: Path) -> int:
    """Return the size of a model, of all its pieces if it is cut."""
    pieces = (model.with_name(name) for name in piece_names(model.name))
    return sum(piece.stat().st_size for piece in pieces if piece.exists())


def usable_devices(
    settings: WorkerSettings, params: Any, program: ServerProgram
) -> tuple[EngineDevice, ...]:
    """Return the graphics devices on which the model's layers may lie: none if the pool has said so."""
    if settings.device == "cpu" or params.n_gpu_layers == 0:
        return ()
    return devices(program.path)


def _follow(code: int, words: str, report: ReportLoading) -> None:
    """Tell the pool what the program said, and end as it did."""
    log.error("llama-server has ended (%s): %s", code, words)
    report(LastWords(text=words))
    die_likewise(code)
