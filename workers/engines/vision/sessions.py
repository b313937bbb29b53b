"""ONNX sessions for RapidOCR that keep to their threads, do not spin, and can be stopped mid-run."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.contract import CancelToken

if TYPE_CHECKING:
    import onnxruntime as ort

POLL_S = 0.05
"""How often a run looks whether it is still wanted."""


def open_session(path: Path, threads: int) -> ort.InferenceSession:
    """Open a model on the CPU with at most `threads` threads that sleep while they wait."""
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.enable_cpu_mem_arena = False  # an arena keeps the largest picture's memory forever
    options.log_severity_level = 4  # a stopped run is no error
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class ReadingStoppedError(Exception):
    """The run was given up because nobody wants its result any more."""


class StoppableModel:
    """Stands in for RapidOCR's session: one input, one output, given up when cancelled."""

    def __init__(self, session: ort.InferenceSession) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self.cancel = CancelToken()
        """The token of the request that runs now."""

    def __call__(self, inputs: Any) -> Any:
        """Run the model on one array. Raises: ReadingStoppedError if cancelled meanwhile."""
        import onnxruntime as ort

        options = ort.RunOptions()
        is_done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(options, is_done), daemon=True)
        watcher.start()
        try:
            outputs = self._session.run(None, {self._input: inputs}, options)[0]
            self.cancel.progressed()
            return outputs
        except Exception as err:
            if self.cancel.is_cancelled:
                raise ReadingStoppedError from err
            raise
        finally:
            is_done.set()
            watcher.join()

    def _watch(self, options: ort.RunOptions, is_done: threading.Event) -> None:
        while not is_done.wait(POLL_S):
            if self.cancel.is_cancelled:
                options.terminate = True
                return
