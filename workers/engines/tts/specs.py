"""The records of the engines for speech out: see `workers.specs.spec`."""

from __future__ import annotations

from workers.specs.shared import fake_spec, remote_spec
from workers.specs.spec import EngineSpec

SPECS = (
    EngineSpec(
        modality="tts",
        name="piper",
        target="workers.engines.tts.piper_tts:PiperEngine",
        title="Piper",
        distributions=("piper-tts", "onnxruntime"),
        imports=("piper", "onnxruntime"),
        memory="workers.pool.memory.estimate_onnx:estimate_piper",
        speed="workers.pool.speed.estimate_sound_speed:estimate_piper",
    ),
    EngineSpec(
        modality="tts",
        name="kokoro",
        target="workers.engines.tts.kokoro_tts:KokoroEngine",
        title="Kokoro",
        distributions=("kokoro-onnx", "onnxruntime"),
        imports=("kokoro_onnx", "onnxruntime"),
        environments=("kokoro",),
        memory="workers.pool.memory.estimate_onnx:estimate_voice",
    ),
    EngineSpec(
        modality="tts",
        name="coqui",
        target="workers.engines.tts.coqui:CoquiEngine",
        title="Coqui",
        distributions=("coqui-tts", "torch", "torchaudio", "torchcodec"),
        imports=("TTS", "torch", "torchaudio"),
        environments=("coqui",),
        devices=("cpu", "cuda"),
        memory="workers.pool.memory.estimate_torch:estimate_torch",
    ),
    remote_spec("tts", "workers.engines.tts.remote:RemoteTtsEngine"),
    fake_spec("tts", "workers.engines.tts.fake:FakeTtsEngine"),
)
