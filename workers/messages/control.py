"""What pool and process tell each other outside any request."""

from __future__ import annotations

from dataclasses import dataclass

# --- to the process: on a pipe of its own, so that a busy worker still hears it ---------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop this request; the worker looks between tokens, segments, sentences and pages."""

    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """Are you alive? Answered by Pong from a thread of its own, also while the engine works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """Cancel what runs, close the engine and exit."""


# --- from the process, about itself ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """How far the model is on its way into memory."""

    what: str
    """For people: "checking weights", "loading"."""
    fraction: float | None = None
    """[0, 1]; None when unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The model is in memory; requests may come."""

    slots: int
    """How many requests the engine works on at once."""
    device: str
    """"cpu", "cuda:0", "mtl0", "vulkan0"; the host of a remote one."""
    capabilities: frozenset[str]
    """What this engine can do beyond the minimum: "answers", "translate", a language code…"""
    lacks: frozenset[str] = frozenset()
    """What this model cannot do that others of its kind can: see `workers.specs.hearing`."""
    voices: tuple[str, ...] = ()
    context_length: int = 0
    """Tokens a conversation may hold; 0 where the word has no meaning."""
    load_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFailed:
    """The model could not be loaded; the process exits."""

    code: str
    message: str
    hint: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWords:
    """The process ends in a moment, and this is what its engine's own program said of it."""

    text: str
    """For people; "" if it said nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """The answer to Ping, from a thread that a hanging engine does not stop."""

    progress_at: float
    """`time.monotonic()` at which any of its requests last came further (`CancelToken.progressed`)."""
