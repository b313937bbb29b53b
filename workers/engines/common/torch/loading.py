"""Transformers models into memory: device, dtype, quantisation, threads, and what goes wrong there.

For every engine on torch; knows no modality. A card's `options` say:

- `load_in`: `nf4` or `int8`, quantised by bitsandbytes while the weights are read (also on a CPU).
  The head stays as it is, and what `keep` names, by full module paths
  (`model.multi_modal_projector`): short names match nothing. Weights that are quantised in their file
  (GPTQ, AWQ, bitsandbytes) say so themselves and need no option.
- `dtype`: `float32`, `bfloat16` or `float16`. Without it: bfloat16 on a GPU that has it, else float16;
  on a CPU as in the file, so that it takes the memory that the file does, but bfloat16 for float16,
  which CPUs are slow at (a prompt of 200 tokens, 66 M model: 1.05 s; bfloat16 0.12, float32 0.38).
- `attention`: transformers' name of an implementation (`sdpa`, `eager`).

Only safetensors are read, no code from a model's folder is run, nothing is fetched.
"""

from __future__ import annotations

import gc
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from workers.messages.amounts import done_words
from workers.messages.errors import (
    EngineNotInstalledError,
    LoadError,
    OutOfMemoryError,
    WeightsError,
)
from workers.messages.process_spec import WorkerSettings
from workers.specs.shared import TORCH_INSTALL

log = logging.getLogger("quintet.torch")

INSTALL = f"Run: {TORCH_INSTALL}"
MIB = 1024 * 1024
_OUT_OF_MEMORY = re.compile(r"out of memory|can't allocate memory|not enough memory", re.IGNORECASE)
_ASKED = re.compile(r"[Tt]ried to allocate ([\d.]+ \w+)")


def import_torch(threads: int) -> Any:
    """Return torch with its threads bounded. Raises: EngineNotInstalledError."""
    try:
        torch: Any = import_module("torch")
        transformers = import_transformers()
    except ImportError as err:
        raise EngineNotInstalledError(
            f"This model needs the package {err.name}, which is not installed.", hint=INSTALL
        ) from err
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(threads)
    try:
        torch.set_num_interop_threads(1)
    except RuntimeError:  # torch allows this only before its first work in a process
        log.debug("torch has worked already: its inter-op threads stay as they are")
    return torch


def import_transformers() -> Any:
    """Return the package, whose types are too loose for ours. Raises: ImportError."""
    return import_module("transformers")


def device_of(settings: WorkerSettings) -> str:
    """Return the device that will be used: the one asked for, or "cpu" if torch cannot use it."""
    import torch

    if settings.device.startswith("cuda") and not torch.cuda.is_available():
        log.warning(
            "this torch %s finds no GPU: %s runs on the CPU", torch.__version__, settings.card.id
        )
        return "cpu"
    return settings.device


def dtype_of(settings: WorkerSettings, folder: Path, device: str) -> Any:
    """Return the torch dtype of weights and computation; "auto": the file's own.

    Raises: LoadError for an unknown name.
    """
    import torch

    name = settings.card.options.get("dtype")
    if name is None and device == "cpu":
        return torch.bfloat16 if _dtype_in_file(folder) == "float16" else "auto"
    if name is None:
        has_bfloat16 = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.bfloat16 if has_bfloat16 else torch.float16
    if name not in ("float32", "bfloat16", "float16"):
        raise LoadError(f"dtype is {name!r}; it must be float32, bfloat16 or float16.")
    return getattr(torch, name)


def _dtype_in_file(folder: Path) -> str:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""  # transformers will say what is wrong with it
    return str(config.get("dtype") or config.get("torch_dtype") or "")


def load_model(
    model_class: Any, folder: Path, settings: WorkerSettings, keep: tuple[str, ...] = ()
) -> Any:
    """Load `model_class.from_pretrained(folder)` for inference, as the card's options say.

    `keep`: full paths of modules that must not be quantised, besides the card's own.
    Raises: EngineNotInstalledError, OutOfMemoryError, WeightsError, LoadError.
    """
    device = device_of(settings)
    options = settings.card.options
    arguments: dict[str, Any] = {"device_map": {"": device}}
    arguments["dtype"] = dtype_of(settings, folder, device)
    arguments["quantization_config"] = _quantization(options, keep)
    if options.get("attention"):
        arguments["attn_implementation"] = options["attention"]
    given = {name: value for name, value in arguments.items() if value is not None}
    name = settings.card.name
    with loading_errors(name), memory_errors(name, device):
        model = model_class.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            **given,
        )
    return model.eval()


def _quantization(options: Any, keep: tuple[str, ...]) -> Any:
    load_in = options.get("load_in")
    if load_in is None:
        return None
    if load_in not in ("nf4", "int8"):
        raise LoadError(f"load_in is {load_in!r}; it must be nf4 or int8.")
    # It warns of each product in int8, and of a package with kernels that would come from a network.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    try:
        import bitsandbytes  # noqa: F401 — transformers says too late that it is missing
    except ImportError as err:
        raise EngineNotInstalledError(
            f"load_in: {load_in} needs the package bitsandbytes, which is not installed.",
            hint=INSTALL,
        ) from err
    configure = import_transformers().BitsAndBytesConfig
    kept = [*keep, *options.get("keep", ())]
    # None lets transformers find the head by itself; with names of our own it does not look.
    skipped = ["lm_head", *kept] if kept else None
    if load_in == "int8":
        return configure(load_in_8bit=True, llm_int8_skip_modules=skipped)
    return configure(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        llm_int8_skip_modules=skipped,
    )


@contextmanager
def loading_errors(name: str) -> Iterator[None]:
    """Say in a sentence why weights could not be loaded."""
    try:
        yield
    except ImportError as err:
        raise EngineNotInstalledError(
            f"The weights of {name} are quantised in a way that needs another package: {err}.",
            hint="Run: quintet env create gptq, and write environment: gptq into the model's card.",
        ) from err
    except (OSError, ValueError, KeyError) as err:
        reason = str(err).strip().splitlines()[0] if str(err).strip() else type(err).__name__
        if "safetensors" in reason or "trust_remote_code" in reason:
            raise WeightsError(
                f"The weights of {name} cannot be used: {reason}",
                hint="Only safetensors of the architectures that transformers knows are loaded.",
            ) from err
        raise LoadError(f"transformers could not load {name}: {reason}") from err


@contextmanager
def memory_errors(name: str, device: str) -> Iterator[None]:
    """Turn torch's errors for full memory into ours, with the numbers. Raises: OutOfMemoryError."""
    try:
        yield
    except (MemoryError, RuntimeError) as err:
        if not is_out_of_memory(err):
            raise
        raise out_of_memory(err, name, device) from err


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch, bitsandbytes or Python found no room."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and bool(_OUT_OF_MEMORY.search(str(error)))
    )


def out_of_memory(error: BaseException, name: str, device: str) -> OutOfMemoryError:
    """Return what to tell people about torch's error."""
    asked = _ASKED.search(str(error))
    needed = f" It asked for {asked.group(1)} more." if asked else ""
    return OutOfMemoryError(
        f"{name} does not fit: {_memory_of(device)}.{needed}",
        hint="Use a shorter prompt, a smaller or more strongly quantised model, or let others sleep.",
    )


def _memory_of(device: str) -> str:
    if device == "cpu":
        return "the machine's memory is full"
    import torch

    free, total = torch.cuda.mem_get_info(device)
    return f"{done_words(free, total)} are free on {device}"


def free_cache(device: str) -> None:
    """Give back what torch keeps for later; only what no variable or traceback holds any more."""
    gc.collect()
    if device != "cpu":
        import torch

        torch.cuda.empty_cache()
