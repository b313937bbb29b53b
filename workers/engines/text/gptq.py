"""GPTQ and AWQ models, through gptqmodel's kernels inside transformers.

Everything but the weights' layers is the transformers engine (`hf.py`): transformers finds in
`config.json` how the weights are quantised and asks gptqmodel for layers that compute with them.
gptqmodel cannot live beside Quintet's own libraries, so its cards say `environment: gptq`. Options:
those of `workers.engines.common.torch.loading`, without `load_in`: these weights are quantised already.

What was found out (gptqmodel 7.6, torch 2.13): on a CPU both kinds load, and answer as the plain
weights do, in float32, bfloat16 and float16. Importing gptqmodel takes 6 s of CPU time. It asks the
kernels of PyTorch for help before its own, and compiles nothing where there is no GPU. Its own log is
for people who quantise: a table, a picture and a line per layer on standard output.
"""

from __future__ import annotations

import json
import logging
import os
from importlib.util import find_spec
from pathlib import Path

from workers.messages.errors import LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.specs.spec import missing_library

from .hf import HfTextEngine, model_folder

METHODS = ("gptq", "awq")


class GptqTextEngine(HfTextEngine):
    """One GPTQ or AWQ model."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        _check(model_folder(folder, settings), settings)
        _quieten()
        super().load(folder, settings, report)


def _check(folder: Path, settings: WorkerSettings) -> None:
    """Raises: EngineNotInstalledError, LoadError before seconds are spent on imports."""
    card = settings.card
    for name in ("gptqmodel", "optimum"):
        if find_spec(name) is None:
            raise missing_library("text", "gptqmodel", ModuleNotFoundError(name=name))
    if card.options.get("load_in"):
        raise LoadError(
            f"load_in is {card.options['load_in']!r}, but the weights of {card.name} are quantised "
            "already.",
            f"Remove it from the card {card.id}.",
        )
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    method = (config.get("quantization_config") or {}).get("quant_method")
    if method not in METHODS:
        raise LoadError(
            f"The config.json of {card.name} says {method or 'nothing'} of how it is quantised; "
            f"this engine runs {' and '.join(METHODS)}.",
            f"Write engine: transformers into the card {card.id}.",
        )


def _quieten() -> None:
    """Keep gptqmodel from drawing on standard output; what it warns of is logged by torch too."""
    os.environ.setdefault("LOGBAR_LEVEL", "ERROR")
    logging.getLogger("gptqmodel").setLevel(logging.ERROR)
