"""Recognisers of NVIDIA's kinds as ONNX, in the layout that onnx-asr reads: which files make a model.

Source: istupakov/onnx-asr, `models/nemo.py` (`_get_model_files`).
"""

from __future__ import annotations

from .repo_files import RepoFiles
from .values import Values, card_values

_PARTS = {
    "nemo-conformer-tdt": ("encoder-model", "decoder_joint-model"),
    "nemo-conformer-rnnt": ("encoder-model", "decoder_joint-model"),
    "nemo-conformer-aed": ("encoder-model", "decoder-model"),
    "nemo-conformer-ctc": ("model",),
}
"""Kind, as `config.json` says it → names of its graphs, the weights proper first."""
_SUFFIXES = (".int8.onnx", ".onnx")
"""The first that is there is taken: a CPU is as good with int8."""
_BESIDE = ("vocab.txt", "config.json")


def of_onnx_asr(repo: RepoFiles, _modality: str) -> Values | None:
    """Return the fields of the card; None if it is no such model."""
    if any(name not in repo.files for name in _BESIDE):
        return None
    parts = _PARTS.get(str(repo.json("config.json").get("model_type")))
    if parts is None:
        return None
    for suffix in _SUFFIXES:
        names = [part + suffix for part in parts]
        if all(name in repo.files for name in names) and repo.chosen in ("", *names):
            return _card(repo, names, is_int8=suffix != ".onnx")
    return None


def _card(repo: RepoFiles, names: list[str], *, is_int8: bool) -> Values:
    """Weights of more than 2 GB lie beside their graph."""
    outside = [f"{name}.data" for name in names if f"{name}.data" in repo.files]
    num_bytes = repo.size(*names, *outside)
    return card_values(
        repo,
        modality="stt",
        engine="onnxasr",
        files=[*names, *outside, *_BESIDE],
        quantization="int8" if is_int8 else "f32",
        parameters_m=round(num_bytes / (1e6 if is_int8 else 4e6), 1),
        weights_bytes=num_bytes,
        languages=(),
    )
