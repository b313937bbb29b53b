"""Drawn pictures of one to three equal shapes, and what is true of them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

SIDE_PX = 48
COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 160, 60),
    "blue": (40, 70, 220),
    "yellow": (240, 210, 30),
    "orange": (245, 130, 20),
    "purple": (130, 40, 160),
    "black": (20, 20, 20),
    "grey": (130, 130, 130),
}
SHAPES = ("circle", "square", "triangle", "cross")
COUNTS = ("one", "two", "three")
RESAMPLING = Image.Resampling.BICUBIC
"""As the model's processor scales."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What is true of one picture."""

    colour: str
    shape: str
    count: str

    @property
    def words(self) -> str:
        """For example "two red circles"."""
        plural = {"cross": "crosses"}.get(self.shape, f"{self.shape}s")
        return f"{self.count} {self.colour} {self.shape if self.count == 'one' else plural}"


def random_scene(rng: random.Random) -> Scene:
    """Each colour, shape and count is equally likely."""
    return Scene(rng.choice(list(COLOURS)), rng.choice(SHAPES), rng.choice(COUNTS))


def draw(scene: Scene, rng: random.Random, scale: int = 1) -> Image.Image:
    """Draw `scene` on a jittered grid of 2 × 2 cells, 48 × `scale` pixels wide and high."""
    white = rng.randint(243, 255)
    side = SIDE_PX * scale
    image = Image.new("RGB", (side, side), (white, white, white))
    pen = ImageDraw.Draw(image)
    ink = _jitter(COLOURS[scene.colour], rng)
    for cell in rng.sample(range(4), COUNTS.index(scene.count) + 1):
        radius = rng.uniform(6.5, 9.5) * scale
        slack = side / 4 - radius - scale
        x = side * (0.25 + 0.5 * (cell % 2)) + rng.uniform(-slack, slack)
        y = side * (0.25 + 0.5 * (cell // 2)) + rng.uniform(-slack, slack)
        _draw_shape(pen, scene.shape, (x, y, radius), ink)
    return image


def draw_any_scale(scene: Scene, rng: random.Random) -> Image.Image:
    """48 × 48 pixels, with hard edges or with the soft ones of a scaled-down picture."""
    image = draw(scene, rng, rng.choice((1, 1, 2, 4)))
    return image.resize((SIDE_PX, SIDE_PX), RESAMPLING)


def _jitter(colour: tuple[int, int, int], rng: random.Random) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, part + rng.randint(-10, 10))) for part in colour)
    return red, green, blue


def _draw_shape(
    pen: ImageDraw.ImageDraw,
    shape: str,
    place: tuple[float, float, float],
    ink: tuple[int, int, int],
) -> None:
    x, y, radius = place
    if shape == "circle":
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    elif shape == "square":
        side = radius * 0.9
        pen.rectangle((x - side, y - side, x + side, y + side), fill=ink)
    elif shape == "triangle":
        corners = [(x, y - radius), (x - radius, y + radius * 0.8), (x + radius, y + radius * 0.8)]
        pen.polygon(corners, fill=ink)
    else:
        arm = radius * 0.36
        pen.rectangle((x - radius, y - arm, x + radius, y + arm), fill=ink)
        pen.rectangle((x - arm, y - radius, x + arm, y + radius), fill=ink)
