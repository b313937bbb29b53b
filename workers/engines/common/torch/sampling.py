"""Chooses the next token as `SamplingParams` say, for transformers' `generate`.

`generate` draws from torch's one random generator and knows one setting for all: with several
requests at once, neither a seed nor a temperature of one's own would hold. So it runs greedily, and a
logits processor has already chosen: it leaves only one token possible. The filters are transformers'
own, in its order: temperature, top_k, top_p, min_p, typical_p.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from workers.engines.common.torch.loading import import_transformers
from workers.messages import SamplingParams
from workers.messages.errors import UnsupportedInputError

OFF = float("-inf")


@dataclass(frozen=True, slots=True)
class Choice:
    """One token of the completion."""

    token_id: int
    logprob: float
    """Of the model itself, before temperature, penalties and constraints."""
    top: tuple[tuple[int, float], ...]
    """The likeliest tokens and their logprobs, best first."""


class TokenMask(Protocol):
    """What may come next, where an answer must follow rules."""

    def allowed(self, num_logits: int) -> Any:
        """Return a bool tensor of shape (num_logits,)."""
        ...

    def accept(self, token_id: int) -> None:
        """Note the token that was chosen."""
        ...


class Sampler:
    """A logits processor for one request; `choices` are the tokens it chose, oldest first."""

    def __init__(self, sampling: SamplingParams, mask: TokenMask | None = None) -> None:
        """Raises: UnsupportedInputError for what transformers does not have."""
        if sampling.mirostat:
            raise UnsupportedInputError(
                f"mirostat is {sampling.mirostat}: models on transformers do not have it.",
                hint="Leave it out and use top_p or min_p, or choose a GGUF model.",
            )
        self.choices: deque[Choice] = deque()
        self._sampling = sampling
        self._mask = mask
        self._torch: Any = import_module("torch")
        self._num_prompt: int | None = None
        self._filters = _filters(sampling)
        self._random: Any = None

    def __call__(self, input_ids: Any, scores: Any) -> Any:
        """Return the logits with all but the chosen token switched off; both (1, n)."""
        if self._num_prompt is None:
            self._num_prompt = input_ids.shape[1]
        raw = scores[0].float()
        wanted = self._penalized(input_ids, raw.clone())
        if self._mask is not None:
            allowed = self._mask.allowed(wanted.shape[0]).to(wanted.device)
            wanted.masked_fill_(~allowed, OFF)
        token_id = self._draw(input_ids, wanted)
        if self._mask is not None:
            self._mask.accept(token_id)
        self.choices.append(self._choice(token_id, raw))
        only = self._torch.full_like(scores, OFF)
        only[0, token_id] = 0
        return only

    def _penalized(self, input_ids: Any, logits: Any) -> Any:
        sampling, torch = self._sampling, self._torch
        if sampling.repeat_penalty != 1:
            penalty = import_transformers().RepetitionPenaltyLogitsProcessor(
                sampling.repeat_penalty
            )
            logits = penalty(input_ids, logits.unsqueeze(0))[0]
        written = input_ids[0, self._num_prompt :]
        if (sampling.frequency_penalty or sampling.presence_penalty) and len(written):
            counts = torch.bincount(written, minlength=logits.shape[0])
            logits -= sampling.frequency_penalty * counts
            logits -= sampling.presence_penalty * (counts > 0)
        for token_id, bias in sampling.logit_bias:
            if 0 <= token_id < logits.shape[0]:
                logits[token_id] += bias
        return logits

    def _draw(self, input_ids: Any, logits: Any) -> int:
        if self._sampling.temperature == 0:
            return int(logits.argmax())
        filtered = logits.unsqueeze(0)
        for keep in self._filters:
            filtered = keep(input_ids, filtered)
        if self._random is None:
            self._random = self._torch.Generator(device=logits.device)
            seed = self._sampling.seed
            self._random.seed() if seed in (None, -1) else self._random.manual_seed(seed)
        probabilities = filtered[0].softmax(dim=-1)
        return int(self._torch.multinomial(probabilities, 1, generator=self._random))

    def _choice(self, token_id: int, raw: Any) -> Choice:
        num_top = self._sampling.num_logprobs
        if num_top is None:
            return Choice(token_id, 0.0, ())
        logprobs = raw.log_softmax(dim=-1)
        top: tuple[tuple[int, float], ...] = ()
        if num_top:
            best = logprobs.topk(min(num_top, logprobs.shape[0]))
            top = tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True))
        return Choice(token_id, min(0.0, float(logprobs[token_id])), top)


def _filters(sampling: SamplingParams) -> list[Any]:
    library, found = import_transformers(), []
    if sampling.temperature not in (0, 1):
        found.append(library.TemperatureLogitsWarper(float(sampling.temperature)))
    if sampling.top_k > 0:
        found.append(library.TopKLogitsWarper(sampling.top_k))
    if sampling.top_p < 1:
        found.append(library.TopPLogitsWarper(sampling.top_p))
    if sampling.min_p > 0:
        found.append(library.MinPLogitsWarper(sampling.min_p))
    if 0 < sampling.typical_p < 1:
        found.append(library.TypicalLogitsWarper(sampling.typical_p))
    return found
