"""The program that encodes speech while it is still being spoken; `encoder.py` starts it.

    python -m workers.media.encoding NAME RATE_HZ

reads the sample rate on a line of its own, then PCM, and writes the file as `StreamEncoder` does. It
imports little: while it starts, the voice wants the cores for the first sentence.
"""

from __future__ import annotations

import sys

from .audio import PCM_WIDTH, StreamEncoder

BLOCK_BYTES = 4096
"""About a tenth of a second of speech."""


def main(name: str, rate_hz: int) -> None:
    """Encode standard input to standard output until it ends; nothing at all gives nothing."""
    import av  # noqa: F401 — while the first sentence is still being spoken

    source, target = open(sys.stdin.fileno(), "rb"), sys.stdout.buffer  # noqa: SIM115
    head = source.readline()
    if not head:
        return
    encoder = StreamEncoder(name, int(head), rate_hz=rate_hz)
    rest = b""
    while block := source.read1(BLOCK_BYTES):
        pcm = rest + block
        whole = len(pcm) - len(pcm) % PCM_WIDTH
        target.write(encoder.feed(pcm[:whole]))
        target.flush()
        rest = pcm[whole:]
    target.write(encoder.finish())
    target.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
