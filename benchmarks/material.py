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

PROSE = """\
The committee met on Tuesday to discuss whether the old bridge should be repaired or replaced. Several \
engineers argued that the stone pillars were still sound, although the deck had suffered from salt and \
frost. A retired teacher asked how long the work would take and who would pay for it. Nobody had a good \
answer, so the chairman promised a report before the end of the summer.
Meanwhile the bakery on the corner began to sell a dark rye bread made after a recipe from the north. \
People queued in the rain for it. My neighbour bought four loaves and gave one to the postman, who had \
carried her parcels up five flights of stairs all winter. He blushed and said that it was only his job.
In the evening we walked along the canal. Two swans drifted past a barge painted green and yellow, and a \
boy was fishing without any luck. He told us that he had once caught an eel as long as his arm, but his \
sister laughed and shook her head. Later it became windy, and the lamps swung above the water.
Scientists have measured how quickly glaciers retreat by comparing photographs taken from the same \
place, decades apart. The differences are striking. Where there was once a wall of blue ice, there is now \
a lake with floating fragments, and the marks of the former edge can be seen high on the rock. Some \
valleys have changed so much that older maps are useless for hikers.
She opened the envelope slowly. Inside was a key, a photograph of a house she did not recognise, and a \
short note in a handwriting that reminded her of her grandfather. It said only: come before the apples \
fall. She looked at the calendar, counted the weeks, and packed a small suitcase."""
"""A minute and a half of speech in which nothing is said twice."""


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
