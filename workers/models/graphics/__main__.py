"""What `make run` and `make install` call: `python -m workers.models.graphics [--gpu auto|none|BUILD]`."""

from __future__ import annotations

import argparse
import sys

from .builds import ALIASES, BUILDS, INDEX
from .choosing import AUTO, NONE
from .settling import settle


def main() -> int:
    """Return the exit status of `settle`."""
    parser = argparse.ArgumentParser(prog="python -m workers.models.graphics")
    known = ", ".join((AUTO, NONE, *ALIASES, *BUILDS))
    parser.add_argument("--gpu", default=AUTO, help=f"which build of llama.cpp: {known}")
    parser.add_argument("--index", default=INDEX, help="where the builds are, by https")
    given = parser.parse_args()
    return settle(given.gpu or AUTO, given.index or INDEX)


if __name__ == "__main__":
    sys.exit(main())
