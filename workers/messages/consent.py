"""Nobody's voice is cloned without their leave: asked at every door, and once more by the worker."""

from __future__ import annotations

from . import VOICE_CONSENT, Synthesize
from .errors import UnsupportedInputError


def check_consent(request: Synthesize) -> None:
    """Raises: UnsupportedInputError if a voice is to be cloned and nobody has agreed."""
    if request.voice_clip is not None and not request.has_consent:
        raise UnsupportedInputError(
            f'A voice is cloned only with consent: confirm "{VOICE_CONSENT}".',
            "Set consent to true, tick the box on the page, or add --i-have-consent.",
        )
