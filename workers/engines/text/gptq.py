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

from workers.messages.errors import EngineNotInstalledError, LoadError
from workers.messages.process_spec import WorkerSettings

from .engine import TextEngine
from .hf import HfTextEngine, HfTextWorker

METHODS = ("gptq", "awq")


class GptqTextWorker(HfTextWorker):
    """Answers Generate and Complete with a GPTQ or AWQ model."""

    def create_engine(self, model_path: str, settings: WorkerSettings) -> TextEngine:
        """See `TextWorker.create_engine`."""
        path = Path(model_path)
        folder = path if path.is_dir() else path.parent
        _check(folder, settings)
        _quieten()
        return HfTextEngine(folder, settings)


def _check(folder: Path, settings: WorkerSettings) -> None:
    """Raises: EngineNotInstalledError, LoadError before seconds are spent on imports."""
    card = settings.card
    missing = [name for name in ("gptqmodel", "optimum") if find_spec(name) is None]
    if missing:
        raise EngineNotInstalledError(
            f"{card.name} needs the package {missing[0]}, which is not installed.",
            "Run: quintet env create gptq, and write environment: gptq into the model's card.",
        )
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
