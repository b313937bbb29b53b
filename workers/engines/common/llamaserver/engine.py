"""What an engine on a `llama-server` has in place of the server in its process: the way there."""

from __future__ import annotations

from typing import Any

from workers.messages.process_spec import ReportLoading, WorkerSettings

from .opening import LlamaServer
from .pacing import Pacing, no_pacing


class OnLlamaServer:
    """To be named before an engine of `llamacpp.py`, whose requests, answers and settings stay."""

    computes_here = False
    _server: LlamaServer

    def new_pacing(self) -> Pacing:
        """Return when a stream is read: as it comes, unless the engine knows better."""
        return no_pacing()

    def _open(
        self, xllamacpp: Any, params: Any, settings: WorkerSettings, report: ReportLoading
    ) -> tuple[Any, str]:
        server = LlamaServer(xllamacpp, params, settings, report, self.new_pacing)
        return server, settings.device if server.devices else "cpu"

    def close(self) -> None:
        """End the program, and then do what the engine does at its end."""
        self._server.close()
        super().close()  # type: ignore[misc]  # the engine's, which comes next in the order of bases
