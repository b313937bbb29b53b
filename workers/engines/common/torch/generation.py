"""Lets a transformers model write: one answer per call, several at once, each stoppable at any layer.

For every engine on torch whose model has `generate` (language, pictures, speech); knows no modality.

    writer = TorchWriter(model, tokenizer, name)
    for piece in writer.write(inputs, Order(sampling=…, max_tokens=…), cancel):
        Written(text, logprobs)* …, then one Ended(reason, usage) unless it was cancelled

`generate` runs in a thread of its own and looks before every layer whether somebody still waits, so
Stop is heard within a layer's time, also while a long prompt or a picture is read. Prompts of text are
read in pieces of `PREFILL_TOKENS`, which bounds the memory for activations. Full memory fails this one
request, and what torch had put aside is given back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from workers.engines.common.bridge import Outlet, iterate_callbacks
from workers.engines.common.torch.loading import (
    free_cache,
    import_transformers,
    is_out_of_memory,
    out_of_memory,
)
from workers.engines.common.torch.sampling import Choice, Sampler, TokenMask
from workers.engines.common.torch.token_text import TokenText
from workers.engines.contract import CancelToken
from workers.messages import SamplingParams, TokenLogprob, Usage
from workers.messages.errors import LoadError, OutOfMemoryError

PREFILL_TOKENS = 512
"""Tokens of a prompt that are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How one answer is to be written."""

    sampling: SamplingParams
    max_tokens: int
    """Most that the context leaves room for; `sampling.max_tokens` is counted in by the caller."""
    mask: TokenMask | None = None
    after: Sequence[int] = ()
    """Last ids of the prompt, where the completion continues its text (and its spaces matter)."""
    prefill_tokens: int | None = PREFILL_TOKENS
    """None: all at once, which prompts with pictures need."""


@dataclass(frozen=True, slots=True)
class Read:
    """How much of a prompt that takes several pieces has been read, in tokens."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Written:
    """The next piece of the answer, whole characters only."""

    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    num_tokens: int = 1
    """Since the last piece."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an answer that was not cancelled."""

    reason: Literal["stop", "length"]
    usage: Usage


class _NobodyWaitsError(Exception):
    """Thrown through `generate` between two layers."""


_current = threading.local()
"""`.run`: what this thread is working on."""


class _Generation:
    """One call of `generate`; also its streamer, which is told of each token."""

    def __init__(self, outlet: Outlet[Read | Choice], sampler: Sampler, num_prompt: int) -> None:
        self._outlet = outlet
        self._sampler = sampler
        self._num_prompt = num_prompt
        self._num_read = 0

    def check(self) -> None:
        """Raises: _NobodyWaitsError."""
        self._outlet.progressed()
        if self._outlet.is_closed:
            raise _NobodyWaitsError

    def begin_forward(self, num_tokens: int) -> None:
        if 0 < self._num_read < self._num_prompt:
            self._outlet(Read(self._num_read, self._num_prompt))
        self._num_read += num_tokens

    def put(self, ids: Any) -> None:
        """Called with the prompt, then with each token."""
        while self._sampler.choices:
            self._outlet(self._sampler.choices.popleft())

    def end(self) -> None:
        """Called at the end of `generate`."""


class TorchWriter:
    """One model and its tokenizer; `write` may be called from several threads."""

    def __init__(self, model: Any, tokenizer: Any, name: str) -> None:
        """`tokenizer`: transformers' own, the fast kind. The model's own sampling is switched off.

        Raises: LoadError for a tokenizer of the slow kind.
        """
        if not hasattr(tokenizer, "backend_tokenizer"):
            raise LoadError(
                f"The tokenizer of {name} is of the slow kind, which cannot be streamed.",
                hint="Its folder needs a tokenizer.json.",
            )
        self.tokenizer = tokenizer
        self.device = str(model.device)
        self.eos_ids = _eos_ids(model, tokenizer)
        self._model = model
        self._name = name
        model.generation_config = import_transformers().GenerationConfig(
            do_sample=False,
            eos_token_id=self.eos_ids or None,
            pad_token_id=self.eos_ids[0] if self.eos_ids else 0,
            bos_token_id=tokenizer.bos_token_id,
        )
        _listen_between_layers(model)

    def write(
        self, inputs: Mapping[str, Any], order: Order, cancel: CancelToken
    ) -> Generator[Read | Written | Ended, None, None]:
        """Yield the answer to `inputs` (`input_ids` (1, n), `attention_mask`, pictures…).

        Raises: OutOfMemoryError, UnsupportedInputError.
        """
        num_prompt = int(inputs["input_ids"].shape[1])
        sampler = Sampler(order.sampling, order.mask)
        text = TokenText(self.tokenizer.backend_tokenizer, order.sampling.stop, order.after)
        clock = _Clock()

        def work(outlet: Outlet[Read | Choice]) -> None:
            self._generate(inputs, order, sampler, _Generation(outlet, sampler, num_prompt))

        is_ended, num_tokens = False, 0
        with closing(iterate_callbacks(work, cancel)) as items:
            for item in items:
                if isinstance(item, Read):
                    yield item
                    continue
                clock.tick()
                is_ended = item.token_id in self.eos_ids and not order.sampling.ignore_eos
                if is_ended:
                    break
                num_tokens += 1
                if piece := text.add(item.token_id, self._logprob(item, order.sampling)):
                    yield Written(piece, text.logprobs(), num_tokens)
                    num_tokens = 0
                if text.is_stopped:
                    break
        if cancel.is_cancelled:
            return
        is_ended = is_ended or text.is_stopped
        if not text.is_stopped and (piece := text.rest()):
            yield Written(piece, text.logprobs(), num_tokens)
        yield Ended("stop" if is_ended else "length", clock.usage(num_prompt))

    def _generate(
        self, inputs: Mapping[str, Any], order: Order, sampler: Sampler, run: _Generation
    ) -> None:
        options: dict[str, Any] = {"max_new_tokens": order.max_tokens, "streamer": run}
        if order.prefill_tokens and inputs["input_ids"].shape[1] > order.prefill_tokens:
            options["prefill_chunk_size"] = order.prefill_tokens
        if order.sampling.ignore_eos:
            options["eos_token_id"] = -1
        processors = import_transformers().LogitsProcessorList([sampler])
        failure: OutOfMemoryError | None = None
        _current.run = run
        try:
            self._model.generate(**inputs, logits_processor=processors, **options)
        except _NobodyWaitsError:
            pass
        except (MemoryError, RuntimeError) as err:
            if not is_out_of_memory(err):
                raise
            failure = out_of_memory(err, self._name, self.device)
        finally:
            _current.run = None
        if failure is not None:  # only here no traceback holds tensors any more
            free_cache(self.device)
            raise failure

    def _logprob(self, choice: Choice, sampling: SamplingParams) -> TokenLogprob | None:
        if sampling.num_logprobs is None:
            return None
        top = tuple((self._text_of(token_id), value) for token_id, value in choice.top)
        return TokenLogprob(token=self._text_of(choice.token_id), logprob=choice.logprob, top=top)

    def _text_of(self, token_id: int) -> str:
        """The token's text with its leading space, which a decoder drops at the beginning of a text."""
        decode = self.tokenizer.decode
        alone = decode([token_id, token_id])
        return str(alone[len(decode([token_id])) :]) or str(decode([token_id]))


class _Clock:
    """Counts tokens and seconds of one answer."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._first: float | None = None
        self._num_tokens = 0

    def tick(self) -> None:
        if self._first is None:
            self._first = time.monotonic()
        self._num_tokens += 1

    def usage(self, num_prompt: int) -> Usage:
        now = time.monotonic()
        first = self._first or now
        return Usage(
            prompt_tokens=num_prompt,
            completion_tokens=self._num_tokens,
            prefill_s=first - self._started,
            decode_s=now - first,
        )


def _eos_ids(model: Any, tokenizer: Any) -> list[int]:
    """What the weights' generation settings name, and the tokenizer's own: fine-tunes often differ."""
    named = model.generation_config.eos_token_id
    ids = named if isinstance(named, list) else [named]
    return list(dict.fromkeys(i for i in (*ids, tokenizer.eos_token_id) if i is not None))


def _listen_between_layers(model: Any) -> None:
    module_list = _module_list_class()

    def before_layer(module: Any, arguments: Any) -> None:
        if (run := getattr(_current, "run", None)) is not None:
            run.check()

    def before_model(module: Any, arguments: Any, named: Mapping[str, Any]) -> None:
        ids = named.get("input_ids")
        if ids is not None and (run := getattr(_current, "run", None)) is not None:
            run.begin_forward(int(ids.shape[1]))

    model.register_forward_pre_hook(before_model, with_kwargs=True)
    for module in model.modules():
        if isinstance(module, module_list):
            for layer in module:
                layer.register_forward_pre_hook(before_layer)


def _module_list_class() -> Any:
    from importlib import import_module

    torch: Any = import_module("torch")
    return torch.nn.ModuleList
