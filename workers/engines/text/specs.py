"""The records of the engines for text: see `workers.specs.spec`."""

from __future__ import annotations

from dataclasses import replace

from workers.specs.shared import (
    fake_spec,
    llama_server_spec,
    llamacpp_spec,
    remote_spec,
    torch_spec,
)

_TORCH = torch_spec("text", "workers.engines.text.hf:HfTextEngine")
_REMOTE = remote_spec("text", "workers.engines.text.remote:RemoteTextEngine")

SPECS = (
    llamacpp_spec("text", "workers.engines.text.llamacpp:LlamaCppEngine"),
    llama_server_spec("text", "workers.engines.text.llama_server:LlamaServerEngine"),
    replace(_TORCH, imports=(*_TORCH.imports, "llguidance")),
    replace(
        _TORCH,
        name="gptqmodel",
        target="workers.engines.text.gptq:GptqTextEngine",
        title="GPTQModel",
        distributions=("gptqmodel", "optimum"),
        imports=("gptqmodel",),
        install="",
        environments=("gptq",),
        needs_environment=True,
    ),
    replace(
        _TORCH,
        name="vllm",
        target="workers.engines.text.vllm_engine:VllmEngine",
        title="vLLM",
        distributions=("vllm",),
        imports=("vllm",),
        install="",
        environments=("vllm", "vllm-cpu"),
        needs_environment=True,
    ),
    _REMOTE,
    replace(
        _REMOTE,
        name="claude",
        target="workers.engines.text.claude:ClaudeEngine",
        distributions=("anthropic",),
    ),
    fake_spec("text", "workers.engines.text.fake:FakeTextEngine"),
)
