"""How many seconds of sound are heard or spoken in a second: Whisper and Piper.

Whisper hears windows of 30 s: the encoder looks at all frames, the decoder writes some hundred tokens with
five beams. Piper's work grows with its voice and with what is spoken. The constants are from one model each,
tiny.en (37 × real time) and Joe (41 ×) on two cores of a Zen 5 (250 GFLOP/s): for others they are
extrapolated.
"""

from __future__ import annotations

from workers.models.facts.whisper import NUM_FRAMES, WhisperShape, whisper_shape

from .speed_case import SpeedCase

WINDOW_S = 30.0
WINDOW_TOKENS, NUM_BEAMS = 100, 5
"""Of a window full of speech; faster-whisper's beams."""
VOCABULARY = 51_865
WINDOW_FIXED_S = 0.2
"""Spectrum, voice detection, and what each token costs beside its products."""
WHISPER_TIMES = 2.0
"""By which its operations take longer than those of large matrices."""
VOICE_FLOPS_PER_PARAMETER = 380.0
"""For a second of sound."""


def estimate_whisper(case: SpeedCase) -> float | None:
    """Return × real time of a long recording; None where the device's figures are not known."""
    speed, parameters_m = case.device, case.card.parameters_m
    if speed is None or not parameters_m:
        return None
    flops = WHISPER_TIMES * window_flops(whisper_shape(parameters_m), parameters_m)
    return WINDOW_S / (WINDOW_FIXED_S + flops / speed.flops)


def window_flops(shape: WhisperShape, parameters_m: float) -> float:
    """Return the operations of one window: those of its frames, and of its tokens.

    What parameters are not the decoder's are the encoder's: a distilled model has fewer layers there.
    """
    decoder = 16 * shape.hidden_size**2 * shape.decoder_layers + VOCABULARY * shape.hidden_size
    encoder = max(0.0, 1e6 * parameters_m - decoder)
    layers = encoder / (12 * shape.hidden_size**2)
    attention = 4 * NUM_FRAMES**2 * shape.hidden_size * layers
    return 2 * encoder * NUM_FRAMES + attention + 2 * decoder * WINDOW_TOKENS * NUM_BEAMS


def estimate_piper(case: SpeedCase) -> float | None:
    """Return × real time of a voice; None where the device's figures are not known."""
    speed, parameters_m = case.device, case.card.parameters_m
    if speed is None or not parameters_m:
        return None
    return speed.flops / (VOICE_FLOPS_PER_PARAMETER * 1e6 * parameters_m)
