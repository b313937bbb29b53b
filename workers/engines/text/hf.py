"""Safetensors models through transformers, in this process. See `workers.engines.common.torch.loading` for options.

What was found out (transformers 5.23, torch 2.13, two cores), and why it is set up as it is:

- Its continuous batching takes a temperature, top_k and top_p per request, but no seed, min_p,
  penalty, constraint or alternatives' logprobs: a request would not get what it was promised. Each
  runs a `generate` of its own instead (`workers.engines.common.torch.generation`), `slots` of them at once. That
  costs what one after another costs (3.4 s of CPU for 128 tokens of a 66 M model, in four streams or
  in one); the library's batches would have cost 1.9 s.
- A KV cache grows with its conversation, never beyond `context_length`, and ends with the answer.
- A template that knows no system turn (Gemma, early Mistral) gets its words in the first user turn.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from workers.engines.common.torch.generation import Ended, Order, Read, TorchWriter, Written
from workers.engines.common.torch.loading import (
    import_torch,
    import_transformers,
    load_model,
    loading_errors,
)
from workers.engines.contract import CancelToken
from workers.messages import Complete, Generate
from workers.messages.errors import ContextTooLongError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.models.tuning.context import context_tokens

from .engine import Completion, Delta, Piece, PromptProgress, TextEngine
from .hf_constraint import Constraints
from .hf_prompt import ChatPrompts
from .hf_thoughts import ThoughtMask
from .thoughts import Tags, split_thoughts, with_answer_limit


class HfTextEngine(TextEngine):
    """One model of a folder with `config.json`, safetensors and a fast tokenizer."""

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """See `Engine.load`."""
        name, self.slots = settings.card.name, settings.slots
        folder = model_folder(folder, settings)
        self._torch = import_torch(settings.threads)
        library = import_transformers()
        with loading_errors(name):
            tokenizer = library.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, use_fast=True, trust_remote_code=False
            )
        model = load_model(library.AutoModelForCausalLM, folder, settings)
        self._writer = TorchWriter(model, tokenizer, name)
        self._prompts = ChatPrompts(tokenizer, name)
        self._constraints = Constraints(tokenizer, model.config.vocab_size, self._writer.eos_ids)
        self.device = self._writer.device
        self.context_length = _context_length(settings, model.config)
        self.capabilities = frozenset({"continues"})
        if self._prompts.shows_tools:
            self.capabilities |= {"shows_tools"}
        if self._prompts.tags is not None:
            self.capabilities |= {"thinks"}

    def generate(
        self, request: Generate | Complete, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """See `TextEngine`."""
        ids, after = self._prompts.encode(request)
        order = Order(
            sampling=request.sampling,
            max_tokens=self._room(len(ids), request.sampling.max_tokens),
            mask=self._constraints.mask_for(request.constraint),
            after=after,
        )
        tags = self._prompts.tags
        if isinstance(request, Generate) and tags is not None:
            pieces = self._thought_over(request, tags, ids, order, cancel)
        else:
            pieces = self._written(ids, order, cancel)
        with closing(pieces):
            yield from pieces

    def _thought_over(
        self, request: Generate, tags: Tags, ids: list[int], order: Order, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        """Yield the answer of a model that may think first."""
        is_open = self._prompts.opens_thought(ids)
        longest, limit = request.thinking.max_tokens, request.sampling.max_tokens
        if longest is None and order.mask is None:
            return split_thoughts(self._written(ids, order, cancel), tags, is_open=is_open)
        mask = ThoughtMask(
            self._writer.tokenizer, tags, order.mask, is_open=is_open, max_tokens=longest
        )
        order = replace(order, mask=mask)
        if longest is None or limit is None:
            return split_thoughts(self._written(ids, order, cancel), tags, is_open=is_open)
        room = self._room(len(ids), limit + longest + mask.num_end_tokens)
        pieces = self._written(ids, replace(order, max_tokens=room), cancel)
        return with_answer_limit(split_thoughts(pieces, tags, is_open=is_open), limit, len(ids))

    def _written(
        self, ids: list[int], order: Order, cancel: CancelToken
    ) -> Generator[Piece, None, None]:
        row = self._torch.tensor([ids], device=self.device)
        inputs = {"input_ids": row, "attention_mask": self._torch.ones_like(row)}
        with closing(self._writer.write(inputs, order, cancel)) as written:
            for piece in written:
                yield _as_piece(piece)

    def _room(self, num_prompt: int, max_tokens: int | None) -> int:
        room = self.context_length - num_prompt
        if room < 1:
            raise ContextTooLongError(
                f"The conversation is {num_prompt:,} tokens long, "
                f"the model's context holds {self.context_length:,}.",
                hint="Shorten the message, or start a new chat.",
                num_tokens=num_prompt,
            )
        return room if max_tokens is None else min(room, max_tokens)

    def close(self) -> None:
        """See `TextEngine`."""
        del self._writer


def model_folder(folder: Path, settings: WorkerSettings) -> Path:
    """Return where `config.json` is: beside the weights, which may lie deeper in the card's folder."""
    path = folder / settings.card.weight_file
    return path if path.is_dir() else path.parent


def _context_length(settings: WorkerSettings, config: Any) -> int:
    """Never more than the model was made for, by its own configuration too."""
    made_for = getattr(config.get_text_config(), "max_position_embeddings", None)
    return context_tokens(settings.card, settings.limits, int(made_for or 0))


def _as_piece(piece: Read | Written | Ended) -> Piece:
    if isinstance(piece, Written):
        return Delta(text=piece.text, logprobs=piece.logprobs, num_tokens=piece.num_tokens)
    if isinstance(piece, Read):
        return PromptProgress(done_tokens=piece.done, total_tokens=piece.total)
    return Completion(reason=piece.reason, usage=piece.usage)
