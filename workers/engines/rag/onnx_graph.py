"""An ONNX graph whose weights stay where they are: in a safetensors file, which ONNX Runtime maps.

Collects nodes, constants and references; knows no architecture and runs nothing.
Source: the ONNX specification, "External Data"; safetensors keeps its tensors raw and little-endian,
which is what ONNX expects there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workers.models.facts.safetensors_header import TensorPlace

if TYPE_CHECKING:
    import onnx
    from numpy.typing import NDArray

OPSET, IR_VERSION = 20, 10
"""The first opset with Gelu, and the format version of its time: any ONNX Runtime since 1.17 reads them."""
FLOAT, INT64, _FLOAT16, _BFLOAT16 = 1, 7, 10, 16
"""Of `onnx.TensorProto.DataType`."""
_TYPES = {"F32": FLOAT, "F16": _FLOAT16, "BF16": _BFLOAT16}
"""Of safetensors → of ONNX."""


@dataclass(frozen=True, slots=True)
class GraphValue:
    """An input or output of the graph."""

    name: str
    kind: int
    """`FLOAT` or `INT64`."""
    shape: tuple[str | int, ...]
    """A word where the size is known at run time only."""


class OnnxGraph:
    """Collects nodes, constants and references to weights."""

    def __init__(self, weights_name: str, places: Mapping[str, TensorPlace]) -> None:
        """`weights_name`: of the file in which the tensors lie."""
        self._weights_name = weights_name
        self._places = places
        self._nodes: list[onnx.NodeProto] = []
        self._values: list[onnx.TensorProto] = []

    def named(self, result: str, operator: str, inputs: list[str], **attributes: Any) -> str:
        """Add a node and return the name of its result."""
        from onnx import helper

        self._nodes.append(helper.make_node(operator, inputs, [result], **attributes))
        return result

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node and return a name for its result."""
        return self.named(f"{operator}_{len(self._nodes)}", operator, list(inputs), **attributes)

    def constant(self, values: Any, dtype: str = "int64") -> str:
        """Add a small constant and return its name."""
        import numpy as np
        from onnx import numpy_helper

        name = f"constant_{len(self._values)}"
        array: NDArray[Any] = np.array(values, dtype=dtype)
        self._values.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, name: str) -> str:
        """Refer to a tensor of the file and return its name, as float32.

        Raises: KeyError if there is none, ValueError if its type is not known.
        """
        from onnx import TensorProto

        place = self._places[name]
        if place.dtype not in _TYPES:
            raise ValueError(f"the tensor {name} is of the type {place.dtype}")
        tensor = TensorProto(
            name=name,
            data_type=_TYPES[place.dtype],
            dims=place.shape,
            data_location=TensorProto.EXTERNAL,
        )
        where = {
            "location": self._weights_name, "offset": place.start, "length": place.num_bytes,
        }  # fmt: skip
        for key, value in where.items():
            tensor.external_data.add(key=key, value=str(value))
        self._values.append(tensor)
        return name if place.dtype == "F32" else self.node("Cast", name, to=FLOAT)

    def serialised(self, inputs: Sequence[GraphValue], outputs: Sequence[GraphValue]) -> bytes:
        """Return all of it as an ONNX model."""
        from onnx import helper

        ins, outs = (
            [helper.make_tensor_value_info(v.name, v.kind, v.shape) for v in values]
            for values in (inputs, outputs)
        )
        graph = helper.make_graph(self._nodes, "graph", ins, outs, self._values)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        serialised: bytes = model.SerializeToString()
        return serialised
