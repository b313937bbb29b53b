"""llama.cpp's server alone, in this process: with its own defaults, or with the settings that we chose.

To be run in a process of its own: how threads wait is fixed when the library loads.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from configs.catalogue import ModelCard, load_catalogue
from workers.messages import Generate
from workers.models.tuning.run_settings import run_settings
from workers.models.weights import find_folder
from workers.pool.threads import usable_cores, wait_policy

MODEL = "smollm2-135m-instruct"
CONTEXT_TOKENS = 4096
Kind = Literal["llama.cpp's defaults", "our settings"]
KINDS: tuple[Kind, ...] = ("llama.cpp's defaults", "our settings")

Timing = tuple[float, float]
"""Seconds from the request to its first token, and to its end."""
Ask = Callable[[Generate], Timing]


def with_bare(kind: Kind, slots: int, work: Callable[[Ask], Any]) -> Any:
    """Load the model, and return what `work` makes of a function that asks it."""
    card = load_catalogue()[MODEL]
    chosen = run_settings(card, usable_cores(), "cpu")
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "OMP_NUM_THREADS"):
        os.environ.pop(name, None)
    if kind == "our settings":
        os.environ.update(wait_policy(usable_cores(), chosen.spin))
    import xllamacpp

    from workers.engines.common.llamacpp.options import apply_run_settings
    from workers.engines.common.llamacpp.server import open_server
    from workers.engines.common.llamacpp.spinning import SpinGuard

    params = _params(xllamacpp, card, slots)
    with ExitStack() as stack:
        if kind == "our settings":
            apply_run_settings(params, chosen, xllamacpp)
            stack.enter_context(SpinGuard().at_work())
        server = open_server(xllamacpp, params, card.name, "text")
        return work(_asking(server))


def _params(xllamacpp: Any, card: ModelCard, slots: int) -> Any:
    params = xllamacpp.CommonParams()
    folder = find_folder(card, Path(tempfile.gettempdir()))
    params.model.path = str(folder / card.weight_file)
    params.verbosity, params.n_gpu_layers = 0, 0
    params.n_parallel, params.n_ctx, params.kv_unified = slots, slots * CONTEXT_TOKENS, False
    return params


def _asking(server: Any) -> Ask:
    from workers.engines.text.llamacpp_json import body_of
    from workers.engines.text.slots import ANY_SLOT

    def ask(request: Generate) -> Timing:
        body = body_of(request, ANY_SLOT)
        started = time.perf_counter()
        firsts: list[float] = []

        def take(chunk: dict[str, Any]) -> bool:
            choices = chunk.get("choices")
            if not firsts and choices and choices[0]["delta"].get("content"):
                firsts.append(time.perf_counter() - started)
            return False

        server.handle_chat_completions(body, take)
        ended = time.perf_counter() - started
        return (firsts[0] if firsts else ended), ended

    return ask
