"""g4l's benchmark report: six fields for a GGUF file of a folder.

    python -m benchmarks.report smollm2 --models-dir models --iterations 5

Tokens are those that the engine counted. The first iteration loads the model; it stays in memory
for the others, as it does for users.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from contextlib import closing
from dataclasses import dataclass

import psutil

from compat.g4l.local_engine import LocalEngine
from workers.messages import ChatMessage, Finished, TextDelta
from workers.messages.errors import AppError
from workers.pool.threads import usable_cores

PROMPT = ChatMessage(role="user", text="Hello, how are you?")
MAX_TOKENS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One answer."""

    loading_s: float
    """From the call to the first token."""
    total_s: float
    """From the first token to the end."""
    num_tokens: int


def measure(engine: LocalEngine, model: str) -> Run:
    """Answer the prompt once. Raises: AppError, FileNotFoundError."""
    called = time.perf_counter()
    first: float | None = None
    num_tokens = 0
    sampling = {"temperature": 0.8, "max_tokens": MAX_TOKENS}
    with closing(engine.events(model, {"messages": (PROMPT,), "sampling": sampling})) as events:
        for event in events:
            if isinstance(event, TextDelta) and first is None:
                first = time.perf_counter()
            elif isinstance(event, Finished):
                num_tokens = event.usage.completion_tokens
    ended = time.perf_counter()
    first = first or ended
    return Run(loading_s=first - called, total_s=ended - first, num_tokens=num_tokens)


def header(gpu_layers: int) -> str:
    """Return what the numbers were measured on."""
    battery = psutil.sensors_battery()
    power = "Plugged in" if battery is None or battery.power_plugged else "Unplugged"
    rows = {
        "PC": f"{platform.system()} {platform.machine()}",
        "CPU/GPU": "GPU" if gpu_layers else "CPU",
        "Cores": str(usable_cores()),
        "GPU Layers": str(gpu_layers),
        "GPU Offload": "yes" if gpu_layers else "no",
    }
    return "\n".join([*(f"{name}: {value}" for name, value in rows.items()), "", f"{power}:"])


def report(model: str, runs: list[Run]) -> str:
    """Return the six fields, in g4l's order and units."""
    tokens = statistics.mean(run.num_tokens for run in runs)
    total_s = statistics.mean(run.total_s for run in runs)
    loading_s = statistics.mean(run.loading_s for run in runs)
    speed = tokens / total_s if total_s else 0.0
    return "\n".join(
        [
            f"Model: {model}",
            f"Number of iterations: {len(runs)}",
            f"Average loading time: {loading_s:.2f}s",
            f"Average total tokens: {tokens:.2f}",
            f"Average total time: {total_s:.2f}s",
            f"Average speed: {speed:.2f} t/s",
        ]
    )


def main(arguments: list[str]) -> int:
    """Print the report; returns the exit status."""
    parser = argparse.ArgumentParser(prog="benchmarks.report", description="g4l's six fields.")
    parser.add_argument("model", help="name of the GGUF file, without its ending")
    parser.add_argument("--models-dir", default="models")
    parser.add_argument("--iterations", type=int, default=1)
    parser.add_argument("--gpu-layers", type=int, default=0)
    flags = parser.parse_args(arguments)
    engine = LocalEngine(gpu_layers=flags.gpu_layers, models_dir=flags.models_dir)
    try:
        runs = [measure(engine, flags.model) for _ in range(max(1, flags.iterations))]
    except AppError as err:
        print(f"report: {err}", file=sys.stderr)
        return 2
    finally:
        engine.close()
    print(header(flags.gpu_layers), report(flags.model, runs), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
