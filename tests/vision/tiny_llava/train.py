"""Make the weights: `python -m tests.vision.tiny_llava.train --out DIR`.

First the tower alone learns colour, shape and count through three linear heads; then tower,
projector and language model learn together to answer; then the language model learns to listen to
the tower as it was. Seeded; about six minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import logging
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch  # noqa: TID253 — only who trains imports this
import torch.distributed  # noqa: TID253
import torch.multiprocessing  # noqa: TID253
from torch import nn  # noqa: TID253

from .model import NUM_IMAGE_TOKENS, build_model, build_processor, build_tokenizer
from .shapes import COLOURS, COUNTS, SHAPES, Scene, draw_any_scale, random_scene
from .talk import answer, conversation

log = logging.getLogger(__name__)

SEED = 4
HELD_OUT_SEED = 1_000_003
"""Pictures of this seed are never trained on."""
WARMUP = 0.05
LABELS = {"colour": list(COLOURS), "shape": list(SHAPES), "count": list(COUNTS)}
NO_PICTURE = 0.04
IGNORED = -100


@dataclass(frozen=True)
class Mix:
    """What conversations are made of."""

    rng: random.Random
    two_pictures: float
    """Share of conversations about two pictures."""
    short: float
    """Share of conversations that only ask for shape and count."""


def main() -> None:
    """Train, measure on pictures never seen, save in half precision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--tower-steps", type=int, default=400)
    parser.add_argument("--joint-steps", type=int, default=600)
    parser.add_argument("--more-steps", type=int, default=400)
    options = parser.parse_args()
    torch.multiprocessing.spawn(train, (options,), nprocs=options.processes)


def train(rank: int, options: argparse.Namespace) -> None:
    """Do one process's share: its own pictures, gradients averaged with the others' once a step.

    Threads would wait for each other at every multiplication, which busy cores make slow.
    """
    logging.basicConfig(
        level=logging.INFO if rank == 0 else logging.WARNING, format="%(asctime)s %(message)s"
    )
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    torch.distributed.init_process_group(
        "gloo",
        init_method=f"file://{options.out.absolute()}.meet",
        rank=rank,
        world_size=options.processes,
    )
    rng = random.Random(SEED + rank)
    tokenizer = build_tokenizer()
    model = build_model(tokenizer)
    log.info("%d parameters, %d tokens", sum(p.numel() for p in model.parameters()), len(tokenizer))
    train_tower(model.model.vision_tower, options.tower_steps, rng, 128 // options.processes)
    size = 64 // options.processes
    tower = model.model.vision_tower
    seeing = {name: value.clone() for name, value in tower.state_dict().items()}
    train_jointly(model, tokenizer, options.joint_steps, Mix(rng, 0.2, 0.0), size)
    # By now the language model has its words, but the tower that learned beside it has forgotten
    # shapes: it gets back what it saw, and keeps it.
    tower.load_state_dict(seeing)
    tower.requires_grad_(False)
    train_jointly(model, tokenizer, options.more_steps, Mix(rng, 0.1, 0.5), size)
    if rank == 0:
        log.info("held out: %s", measure(model, tokenizer, 1000))
        save(model, tokenizer, options.out)


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write the folder that `AutoProcessor` and `AutoModelForImageTextToText` load."""
    model.to(torch.float16).save_pretrained(folder)
    build_processor(tokenizer).save_pretrained(folder)


def to_pixels(pictures: list[Any]) -> torch.Tensor:
    """Pictures of 48 × 48 → (n, 3, 48, 48), from -1 to 1, as the processor does."""
    pixels = np.stack([np.asarray(picture, dtype=np.float32) for picture in pictures])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2) / 127.5 - 1


def train_tower(tower: Any, steps: int, rng: random.Random, size: int) -> None:
    """Teach the tower to see, through linear heads that are thrown away afterwards."""
    width = tower.config.hidden_size
    heads = nn.ModuleDict({key: nn.Linear(width, len(names)) for key, names in LABELS.items()})
    optimizer, schedule = _optimizer([*tower.parameters(), *heads.parameters()], steps, 1.5e-3)
    started = time.monotonic()
    for step in range(steps):
        scenes = [random_scene(rng) for _ in range(size)]
        pixels = to_pixels([draw_any_scale(scene, rng) for scene in scenes])
        seen = tower(pixels, output_hidden_states=True).hidden_states[-2].mean(dim=1)
        loss = torch.zeros(())
        right = {}
        for key, names in LABELS.items():
            target = torch.tensor([names.index(getattr(scene, key)) for scene in scenes])
            logits = heads[key](seen)
            loss = loss + nn.functional.cross_entropy(logits, target)
            right[key] = (logits.argmax(-1) == target).float().mean().item()
        _step(loss, optimizer, schedule)
        if step % 50 == 0:
            log.info(
                "tower %d: %.3f %s %.0f s", step, loss.item(), right, time.monotonic() - started
            )


def train_jointly(model: Any, tokenizer: Any, steps: int, mix: Mix, size: int) -> None:
    """Teach the whole model to answer; only the answers count for the loss."""
    optimizer, schedule = _optimizer(list(model.parameters()), steps, 2e-3)
    started = time.monotonic()
    for step in range(steps):
        loss = model(**_batch(tokenizer, mix, size)).loss
        _step(loss, optimizer, schedule)
        if step % 25 == 0:
            log.info("joint %d: %.4f %.0f s", step, loss.item(), time.monotonic() - started)
        if step % 150 == 149 and torch.distributed.get_rank() == 0:
            log.info("held out after %d: %s", step + 1, measure(model, tokenizer, 64))


def _optimizer(parameters: list[Any], steps: int, rate: float) -> tuple[Any, Any]:
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=steps, pct_start=WARMUP
    )
    return optimizer, schedule


def _step(loss: Any, optimizer: Any, schedule: Any) -> None:
    optimizer.zero_grad()
    loss.backward()
    _average([p.grad for group in optimizer.param_groups for p in group["params"]])
    for group in optimizer.param_groups:
        nn.utils.clip_grad_norm_(group["params"], 1.0)
    optimizer.step()
    schedule.step()


def _average(gradients: list[Any]) -> None:
    """Over the processes; one message for all, as each costs a wait."""
    known = [gradient for gradient in gradients if gradient is not None]
    joined = torch.cat([gradient.flatten() for gradient in known])
    torch.distributed.all_reduce(joined)
    joined /= torch.distributed.get_world_size()
    pieces = joined.split([gradient.numel() for gradient in known])
    for gradient, piece in zip(known, pieces, strict=True):
        gradient.copy_(piece.view_as(gradient))


def _batch(tokenizer: Any, mix: Mix, size: int) -> dict[str, torch.Tensor]:
    rng = mix.rng
    rows, labels, pictures = [], [], []
    for _ in range(size):
        chance = rng.random()
        num_pictures = 2 if chance < mix.two_pictures else 0 if chance > 1 - NO_PICTURE else 1
        scenes = [random_scene(rng) for _ in range(num_pictures)]
        pictures += [draw_any_scale(scene, rng) for scene in scenes]
        row, label = _tokens(tokenizer, scenes, rng, mix.short)
        rows.append(row)
        labels.append(label)
    length = max(map(len, rows))
    pad = tokenizer.pad_token_id
    return {
        "input_ids": torch.tensor([row + [pad] * (length - len(row)) for row in rows]),
        "attention_mask": torch.tensor([[1] * len(r) + [0] * (length - len(r)) for r in rows]),
        "labels": torch.tensor([row + [IGNORED] * (length - len(row)) for row in labels]),
        "pixel_values": to_pixels(pictures),
    }


def _tokens(
    tokenizer: Any, scenes: list[Scene], rng: random.Random, short: float
) -> tuple[list[int], list[int]]:
    images = "<image>" * (NUM_IMAGE_TOKENS * len(scenes))
    row: list[int] = []
    label: list[int] = []
    for turn in conversation(scenes, rng, short):
        text = turn["content"]
        if turn["role"] == "user" and images:  # most often the picture comes first
            text = text + images if rng.random() < 0.2 else images + text
            images = ""
        ids = tokenizer.encode(f"<|{turn['role']}|>", add_special_tokens=False)
        said = tokenizer.encode(text + "<|end|>", add_special_tokens=False)
        row += ids + said
        label += [IGNORED] * len(ids)
        label += said if turn["role"] == "assistant" else [IGNORED] * len(said)
    return row, label


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is not followed
def measure(model: Any, tokenizer: Any, count: int) -> dict[str, float]:
    """Return the share of right answers on `count` pictures that were never trained on."""
    model.eval()
    rng = random.Random(HELD_OUT_SEED)
    asks = {
        "colour": "What colour is it?",
        "shape": "What shape is it?",
        "count": "How many shapes are there?",
        "all": "Describe the picture.",
        "second": "What is in the second picture?",
    }
    right = {}
    for kind, ask in asks.items():
        num_pictures = 2 if kind == "second" else 1
        groups = [[random_scene(rng) for _ in range(num_pictures)] for _ in range(count)]
        prompt = f"<|user|>{'<image>' * NUM_IMAGE_TOKENS * num_pictures}{ask}<|end|><|assistant|>"
        ids = tokenizer.encode(prompt, add_special_tokens=False)
        made = model.generate(
            input_ids=torch.tensor([ids] * count),
            attention_mask=torch.ones((count, len(ids)), dtype=torch.long),
            pixel_values=to_pixels([draw_any_scale(s, rng) for scenes in groups for s in scenes]),
            max_new_tokens=24,
            do_sample=False,
        )
        said = tokenizer.batch_decode(made[:, len(ids) :], skip_special_tokens=True)
        hits = [text == answer(kind, scenes) for text, scenes in zip(said, groups, strict=True)]
        right[kind] = sum(hits) / count
    model.train()
    return right


if __name__ == "__main__":
    main()
