"""Input that the benchmarks make themselves: prose, speech, pictures."""

from __future__ import annotations

import io
import wave

from workers.client import Client
from workers.messages import AudioDelta, Synthesize

SENTENCES = (
    "the lighthouse keeper wrote down the weather every evening at nine.",
    "a small boat crossed the harbour while the fog was lifting.",
    "nobody remembered who had planted the old pear tree behind the church.",
    "the train to the coast left at half past seven from the second platform.",
    "she counted the stairs twice and found one more on the way down.",
    "rain had filled the barrels, and the garden smelled of wet stone.",
)


def long_text(num_sentences: int, first_day: int = 1) -> str:
    """Return plain English prose; no two days are alike, so no chunk is met twice."""
    days = range(first_day, first_day + num_sentences)
    return " ".join(f"On day {day}, {SENTENCES[day % len(SENTENCES)]}" for day in days)


def spoken(client: Client, text: str) -> bytes:
    """Return the text as a WAV file, spoken by the default voice."""
    pieces = [e for e in client.run(Synthesize(text=text)) if isinstance(e, AudioDelta)]
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(pieces[0].sample_rate)
        file.writeframes(b"".join(piece.pcm for piece in pieces))
    return buffer.getvalue()


def picture_of(text: str) -> bytes:
    """Return the text as a PNG page, 60 characters a line."""
    from PIL import Image, ImageDraw, ImageFont

    lines = [text[start : start + 60] for start in range(0, len(text), 60)]
    font = ImageFont.load_default(size=20)
    image = Image.new("RGB", (760, 40 + 30 * len(lines)), "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((20, 20 + 30 * number), line, fill="black", font=font)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()
