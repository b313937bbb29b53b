"""What people ask about the drawn pictures, and the right answers."""

from __future__ import annotations

import random

from .shapes import COLOURS, COUNTS, SHAPES, Scene

ASKS = {
    "colour": (
        "What colour is it?",
        "What color is it?",
        "Which colour are the shapes?",
        "What colour is the shape?",
        "What color are the shapes?",
        "What is the colour?",
        "And what colour?",
    ),
    "shape": (
        "What shape is it?",
        "Which shape is it?",
        "What shapes are these?",
        "What is the shape?",
        "And what shape?",
    ),
    "count": (
        "How many shapes are there?",
        "How many are there?",
        "How many do you see?",
        "Count the shapes.",
        "And how many?",
    ),
    "all": (
        "Describe the picture.",
        "What is in the picture?",
        "What do you see?",
        "Describe this, and write down any text in it.",
        "What does this picture show?",
    ),
    "first": ("What is in the first picture?", "Describe the first picture."),
    "second": ("What is in the second picture?", "Describe the second picture."),
}
SYSTEM = ("You are a helpful assistant.", "Answer briefly.", "You answer questions about pictures.")
NO_PICTURE = "I see no picture."

COUNTED = 0.4
"""Share of short conversations that ask for the count, too."""

Turn = dict[str, str]


def answer(kind: str, scenes: list[Scene]) -> str:
    """Return the right answer to a question of this kind."""
    if not scenes:
        return NO_PICTURE
    if kind in ("all", "first", "second"):
        scene = scenes[-1] if kind == "second" else scenes[0]
        return f"The picture shows {scene.words} on white paper."
    return str(getattr(scenes[0], kind))


def conversation(scenes: list[Scene], rng: random.Random, short: float = 0.0) -> list[Turn]:
    """One to four questions with their answers, in any order, now and then a system message.

    `short`: share of conversations that only ask what is hardest to see, shape and count.
    """
    if len(scenes) == 1 and rng.random() < short:
        kinds = ["shape", "count"] if rng.random() < COUNTED else ["shape"]
        return _turns(kinds, scenes, rng)
    kinds = ["first", "second"] if len(scenes) > 1 else ["colour", "shape", "count", "all"]
    rng.shuffle(kinds)
    system: list[Turn] = []
    if rng.random() < 0.2:
        system.append({"role": "system", "content": rng.choice(SYSTEM)})
    return [*system, *_turns(kinds[: rng.randint(1, len(kinds))], scenes, rng)]


def _turns(kinds: list[str], scenes: list[Scene], rng: random.Random) -> list[Turn]:
    turns: list[Turn] = []
    for kind in kinds:
        turns.append({"role": "user", "content": rng.choice(ASKS[kind])})
        turns.append({"role": "assistant", "content": answer(kind, scenes)})
    return turns


def corpus() -> list[str]:
    """Every sentence there is, for training the tokenizer."""
    asks = [ask for kind in ASKS.values() for ask in kind]
    answers = [
        answer("all", [Scene(colour, shape, count)])
        for colour in COLOURS
        for shape in SHAPES
        for count in COUNTS
    ]
    words = [*COLOURS, *SHAPES, *COUNTS, NO_PICTURE, *SYSTEM]
    return [*asks * 8, *answers, *words * 4]
