"""Small ONNX files, put together by the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


class Graph:
    """Nodes in the order in which they are added, each with one output."""

    def __init__(self) -> None:
        from onnx import helper, numpy_helper

        self._helper, self._to_tensor = helper, numpy_helper.from_array
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(self._to_tensor(np.asarray(value, dtype=dtype), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(self._helper.make_node(kind, list(inputs), [name], **attributes))
        return name


Ports = list[tuple[str, str, list[Any]]]
"""Name, type and shape of the inputs, or of the outputs."""


def write_graph(made: tuple[Graph, Ports, Ports], path: Path) -> None:
    """Write a graph with its inputs and outputs."""
    import onnx
    from onnx import helper

    graph, inputs, outputs = made

    def ports(named: Ports) -> list[Any]:
        return [
            helper.make_tensor_value_info(name, getattr(onnx.TensorProto, kind), shape)
            for name, kind, shape in named
        ]

    body = helper.make_graph(graph.nodes, "g", ports(inputs), ports(outputs), graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
