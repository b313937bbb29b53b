"""Work without an end, one kind for each modality, and how much of it was done in a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from workers.client import Client
from workers.messages import (
    AudioDelta,
    ChatMessage,
    Event,
    Finished,
    Generate,
    Ingest,
    Media,
    Modality,
    Progress,
    Request,
    SamplingParams,
    Synthesize,
    TextDelta,
    Transcribe,
)

from .material import long_text, spoken

WARM_S = 1.5
"""Until each is in its stride: the first prompt is read, the first chapter is cut."""
TIMEOUT_S = 20.0
"""So long is waited for a lump of work that was begun within the window."""
CLIP_SENTENCES = 1
MAX_TOKENS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One kind of work."""

    modality: Modality
    make: Callable[[], Request]
    """A fresh request."""
    done: Callable[[Event], float]
    """How much work an event stands for: letters, bytes of sound, chunks."""


class Chapters:
    """Chunks that are done, of progress that is told as a sum within one document."""

    def __init__(self) -> None:
        self._before = 0.0

    def __call__(self, event: Event) -> float:
        """Return how many more are done."""
        if not isinstance(event, Progress) or event.unit != "chunks":
            return 0.0
        more = event.done - self._before if event.done >= self._before else event.done
        self._before = event.done
        return more


def kinds(client: Client) -> dict[str, Work]:
    """Return the four kinds, with a clip that the default voice has spoken."""
    clip = Media(name="clip.wav", data=spoken(client, long_text(CLIP_SENTENCES)))
    first_day = iter(range(0, 10**9, 4000))
    story = ChatMessage(role="user", text="Write a long story about a fox and a river.")

    def chat() -> Request:
        sampling = SamplingParams(max_tokens=MAX_TOKENS, ignore_eos=True)
        return Generate(messages=(story,), sampling=sampling)

    def index() -> Request:
        book = long_text(4000, next(first_day)).encode()
        return Ingest(collection="busy", documents=(Media(name="book.txt", data=book),))

    return {
        "chat": Work(modality="text", make=chat, done=_letters),
        "indexing": Work(modality="rag", make=index, done=Chapters()),
        "transcription": Work(
            modality="stt",
            make=lambda: Transcribe(audio=clip),
            done=partial(_per, Finished),
        ),
        "speech": Work(
            modality="tts",
            make=lambda: Synthesize(text=long_text(100)),
            done=lambda event: len(event.pcm) if isinstance(event, AudioDelta) else 0.0,
        ),
    }


def _letters(event: Event) -> float:
    """Tokens that come fast are joined, so pieces do not count them."""
    return float(len(event.text)) if isinstance(event, TextDelta) else 0.0


def _per(kind: type[Event], event: Event) -> float:
    return float(isinstance(event, kind))


class Busy:
    """Some threads that keep a worker busy, and when it had done how much."""

    def __init__(self, client: Client, work: Work, num_streams: int = 1) -> None:
        self._done: list[tuple[float, float]] = []
        """Second of the clock, and how much more was done then."""
        self._client = client
        self._work = work
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(num_streams)]

    @contextmanager
    def running(self) -> Iterator[Busy]:
        """Work while the block lasts."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    @property
    def latest(self) -> float:
        """When something was done last."""
        return self._done[-1][0] if self._done else 0.0

    def rate(self, begin: float, end: float) -> float:
        """Return the amount per second between two moments.

        Work comes in lumps (a clip, a batch of chunks): from the first lump after `begin` to the
        first after `end`; if there is none, the time until now counts.
        """
        done = [(at, amount) for at, amount in self._done if at >= begin]
        late = [at for at, _ in done if at >= end]
        if not late or late[0] == done[0][0]:
            return sum(amount for _, amount in done) / (time.perf_counter() - begin)
        amounts = [amount for at, amount in done[1:] if at <= late[0]]
        return sum(amounts) / (late[0] - done[0][0])

    def _run(self) -> None:
        while not self._stop.is_set():
            for event in self._client.stream(self._work.make()):
                with self._lock:
                    amount = self._work.done(event)
                    if amount:
                        self._done.append((time.perf_counter(), amount))
                if self._stop.is_set():
                    break


def rates(busy: list[Busy], window_s: float) -> list[float]:
    """Return how much each has done per second while all are busy together."""
    time.sleep(WARM_S)
    begin = time.perf_counter()
    time.sleep(window_s)
    end = time.perf_counter()
    while any(one.latest < end for one in busy) and time.perf_counter() < end + TIMEOUT_S:
        time.sleep(0.01)
    return [one.rate(begin, end) for one in busy]
