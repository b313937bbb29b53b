"""The records of the engines for pictures: see `workers.specs.spec`."""

from __future__ import annotations

from workers.specs.shared import fake_spec, llamacpp_spec, remote_spec, torch_spec
from workers.specs.spec import EngineSpec

SPECS = (
    EngineSpec(
        modality="vision",
        name="rapidocr",
        target="workers.engines.vision.ocr:RapidOcrEngine",
        title="RapidOCR",
        distributions=("rapidocr", "onnxruntime", "opencv-python-headless"),
        imports=("rapidocr", "onnxruntime", "cv2"),
        memory="workers.pool.memory.estimate_onnx:estimate_ocr",
        only_reads=True,
    ),
    torch_spec("vision", "workers.engines.vision.hf:HfVisionEngine"),
    llamacpp_spec("vision", "workers.engines.vision.llamacpp:LlamaCppVisionEngine"),
    remote_spec("vision", "workers.engines.vision.remote:RemoteVisionEngine"),
    fake_spec("vision", "workers.engines.vision.fake:FakeVisionEngine"),
)
