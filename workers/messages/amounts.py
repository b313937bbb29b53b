"""Amounts as a person reads them: sizes in decimal units, and the pace of sound. Page, commands and errors use it.

Programs are given MiB and bytes as they are; this is for sentences.
"""

from __future__ import annotations

MIB = 1 << 20
GB, MB, KB = 1_000_000_000, 1_000_000, 1000
LEAST_IN_GB = 0.05 * GB
"""From here one digit of a GB says something."""


def size_words(num_bytes: float) -> str:
    """Return bytes in GB with one digit: "2.7 GB", "0.1 GB"; what is too small for that as "22 MB", "433 kB"."""
    return f"{num_bytes / GB:,.1f} GB" if num_bytes >= LEAST_IN_GB else _small_words(num_bytes)


def fine_size_words(num_bytes: float) -> str:
    """Return the same for sizes that are compared, and may be near each other: "537 MB", "1.5 MB"."""
    return f"{num_bytes / GB:,.1f} GB" if num_bytes >= GB else _small_words(num_bytes)


def memory_words(mib: float) -> str:
    """Return MiB as `size_words` has them: 2350 → "2.5 GB"."""
    return size_words(mib * MIB)


def share_words(part_mib: float, whole_mib: float) -> str:
    """Return MiB of MiB: (1812, 16212) → "1.9 of 17.0 GB"."""
    return f"{part_mib * MIB / GB:,.1f} of {whole_mib * MIB / GB:,.1f} GB"


def done_words(done_bytes: float, total_bytes: float | None) -> str:
    """Return how much has come: "1.6 of 4.1 GB", "12 of 94 MB"; without a total "1.6 GB"."""
    if not total_bytes:
        return fine_size_words(done_bytes)
    unit, name = (GB, "GB") if total_bytes >= GB else (MB, "MB")
    digits = 1 if total_bytes >= GB or total_bytes < 10 * MB else 0
    return f"{done_bytes / unit:,.{digits}f} of {total_bytes / unit:,.{digits}f} {name}"


def pace_words(times: float) -> str:
    """Return seconds of sound per second of work: 1.3 → "1.3× faster than real time"."""
    shown = times if times >= 1 else 1 / times
    number = f"{shown:.0f}" if shown >= 9.95 else f"{shown:.1f}"
    if number == "1.0":
        return "as fast as real time"
    return f"{number}× {'faster' if times >= 1 else 'slower'} than real time"


def _small_words(num_bytes: float) -> str:
    if num_bytes >= 9.95 * MB:
        return f"{num_bytes / MB:.0f} MB"
    if num_bytes >= MB:
        return f"{num_bytes / MB:.1f} MB"
    return f"{max(1, round(num_bytes / KB))} kB" if num_bytes > 0 else "0 GB"
