"""The builds of llama.cpp's package that its project publishes, and what each needs.

Facts like a model's address: they hold for the version that `requirements/cpu.txt` pins, and are looked
through whenever that moves. The package index that everybody uses has the build for the CPU, which on a
Mac is the one for Metal; the others lie on an index of the project's own.

Source: xllamacpp's README of 2026.10 (addresses, glibc, native code per card) and its workflow
`build-wheel-cuda-hip.yaml` (Vulkan and ROCm for x86_64 alone; CUDA's wheels are linked to NVIDIA's
libraries and do not bring them along).
"""

from __future__ import annotations

from dataclasses import dataclass

PACKAGE = "xllamacpp"
INDEX = "https://xorbitsai.github.io/xllamacpp/whl"
"""The project's own; each build has a folder in it."""
GLIBC = (2, 35)
"""Oldest C library of all builds for graphics cards: Ubuntu 22.04, Debian 12."""

CUDA_12 = ("cuda12",)
"""Lists in `requirements/` with NVIDIA's libraries. Speech recognition needs those of CUDA 12, whichever
llama.cpp runs on: CTranslate2 4.8 opens `libcublas.so.12`, and no cuDNN."""
CUDA_13 = ("cuda13", "cuda12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build."""

    name: str
    """Its folder on the index, and what `GPU=` calls it."""
    title: str
    libraries: tuple[str, ...] = ()
    libraries_mb: int = 0
    """What they weigh to download, in 10⁶ bytes."""
    architectures: tuple[str, ...] = ("x86_64",)
    """As `platform.machine()` calls them."""


BUILDS = {
    build.name: build
    for build in (
        Build(
            name="cu128",
            title="CUDA 12.8",
            libraries=CUDA_12,
            libraries_mb=685,
            architectures=("x86_64", "aarch64"),
        ),
        Build(
            name="cu132",
            title="CUDA 13.2",
            libraries=CUDA_13,
            libraries_mb=1139,
            architectures=("x86_64", "aarch64"),
        ),
        Build(name="vulkan", title="Vulkan"),
        Build(name="rocm-7.2.4", title="ROCm 7.2.4"),
        Build(name="rocm-6.4.1", title="ROCm 6.4.1"),
    )
}
ALIASES = {"rocm": "rocm-7.2.4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CudaNeeds:
    """On which NVIDIA cards a build runs, and with which driver.

    Code that is compiled for a card runs with any driver of the same major CUDA. For every other
    card the driver compiles it when it is loaded (PTX), and must then be as new as the toolkit.
    """

    build: str
    oldest_capability: tuple[int, int]
    native: frozenset[tuple[int, int]]
    """Compute capabilities that it holds compiled code for."""
    driver: int
    """Oldest branch of the driver for those."""
    driver_compiling: int
    """Oldest branch for all others."""


CUDA_NEEDS = (
    CudaNeeds(
        build="cu132",
        oldest_capability=(7, 5),
        native=frozenset({(7, 5), (8, 6), (8, 9), (12, 0), (12, 1)}),
        driver=580,
        driver_compiling=595,
    ),
    CudaNeeds(
        build="cu128",
        oldest_capability=(5, 0),
        native=frozenset({(8, 6), (8, 9), (12, 0)}),
        driver=525,
        driver_compiling=570,
    ),
)
"""The better one first. Source of the drivers: NVIDIA's table of CUDA compatibility (12.x: 525, 13.x: 580)
and the toolkits' own (12.8: 570, 13.2: 595)."""
