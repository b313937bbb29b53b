"""The records of the engines for speech in: see `workers.specs.spec`."""

from __future__ import annotations

from workers.specs.shared import fake_spec, remote_spec, torch_spec
from workers.specs.spec import EngineSpec

SPECS = (
    EngineSpec(
        modality="stt",
        name="fasterwhisper",
        target="workers.engines.stt.fasterwhisper:FasterWhisperEngine",
        title="faster-whisper",
        distributions=("faster-whisper", "ctranslate2", "onnxruntime"),
        imports=("faster_whisper", "ctranslate2", "onnxruntime"),
        devices=("cpu", "cuda"),
        devices_probe="workers.models.graphics.devices:whisper_devices",
        memory="workers.pool.memory.estimate_whisper:estimate_whisper",
        speed="workers.pool.speed.estimate_sound_speed:estimate_whisper",
    ),
    EngineSpec(
        modality="stt",
        name="onnxasr",
        target="workers.engines.stt.onnxasr:OnnxAsrEngine",
        title="onnx-asr",
        distributions=("onnx-asr", "onnxruntime"),
        imports=("onnx_asr", "onnxruntime"),
        memory="workers.pool.memory.estimate_onnx:estimate_recogniser",
        lacks=("prompt", "translation"),
    ),
    torch_spec("stt", "workers.engines.stt.hf:HfWhisperEngine"),
    remote_spec("stt", "workers.engines.stt.remote:RemoteSttEngine"),
    fake_spec("stt", "workers.engines.stt.fake:FakeSttEngine"),
)
