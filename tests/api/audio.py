"""Speaking and listening through OpenAI's own client, and what the tests of both say and ask."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import openai

from tests.running import App

SENTENCES = (
    "Please remember to turn off the lights before you leave the office. "
    "She sells fresh bread and butter at the market every morning."
)
LONG = "The ship sailed on across the wide and quiet sea. " * 60
VOICE = "piper-en-us-joe-medium"
WHISPER = "whisper-tiny-en"
GIVE_UP_S = 15


def speak(client: openai.OpenAI, **options: Any) -> bytes:
    asked = {"model": VOICE, "voice": "joe", "input": SENTENCES, **options}
    return client.audio.speech.create(**asked).content


def listen(client: openai.OpenAI, audio: bytes | Path, name: str = "a.mp3", **options: Any) -> Any:
    data = audio.read_bytes() if isinstance(audio, Path) else audio
    asked = {"model": WHISPER, **options}
    return client.audio.transcriptions.create(file=(name, data), **asked)


def busy(app: App, modality: str) -> bool:
    state: str = httpx.get(f"{app.url}/readyz").json()[modality]
    return state == "busy"


def wait_until_idle(app: App, modality: str) -> None:
    give_up = time.monotonic() + GIVE_UP_S
    while busy(app, modality):
        assert time.monotonic() < give_up
        time.sleep(0.05)
