"""Quantise a model to GPTQ with 4 bits; run by the environment gptq, as a user would make such a file.

python quantize_gptq.py FOLDER OUT CALIBRATION.json
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.cpu_count = lambda: 8  # gptqmodel sizes its thread pools by it, and refuses two cores


def main(folder: str, out: str, calibration: str) -> None:
    from gptqmodel import GPTQModel, QuantizeConfig

    texts = json.loads(Path(calibration).read_text(encoding="utf-8"))
    model = GPTQModel.load(folder, QuantizeConfig(bits=4, group_size=32), device="cpu")
    model.quantize(texts, batch_size=1)
    model.save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
