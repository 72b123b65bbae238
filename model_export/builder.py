"""A small hand for writing ONNX graphs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
"""Understood by ONNX Runtime 1.14 and later."""
IR_VERSION = 9
END = np.iinfo(np.int64).max
"""As the end of a slice: to the last element."""

Shape = Sequence[int | str]


class GraphBuilder:
    """Collects nodes and constants; values are addressed by name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, NDArray[Any]] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Name of a constant, stored once; floats are stored as float32."""
        self._constants.setdefault(name, value.astype(np.float32) if value.dtype.kind == "f" else value)
        return name

    def integers(self, *values: int) -> str:
        """Name of a vector of int64."""
        return self.constant("i_" + "_".join(str(v).replace("-", "m") for v in values), np.array(values, np.int64))

    def node(self, op: str, *inputs: str, name: str | None = None, **attributes: Any) -> str:
        """Add a node of one output; return the output's name."""
        name = name or f"{op.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, list(inputs), [name], name=f"{name}_{op}", **attributes))
        return name

    def split(self, value: str, sizes: Sequence[int], axis: int) -> list[str]:
        """Cut a value along an axis; return the names of the pieces."""
        names = [f"{value}_{i}" for i in range(len(sizes))]
        self._nodes.append(helper.make_node("Split", [value, self.integers(*sizes)], names, axis=axis))
        return names

    def slice(self, value: str, start: int, end: int, axis: int) -> str:
        """Elements [start, end) along an axis; negative numbers count from the end."""
        return self.node("Slice", value, self.integers(start), self.integers(end), self.integers(axis))

    def reshape(self, value: str, *shape: int, name: str | None = None) -> str:
        """Give a value another shape: 0 keeps a length, -1 is what is left."""
        return self.node("Reshape", value, self.integers(*shape), name=name)

    def affine(self, value: str, scale: str, offset: str, name: str | None = None) -> str:
        """Multiply and add, broadcasting."""
        return self.node("Add", self.node("Mul", value, scale), offset, name=name)

    def linear(self, value: str, name: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        """A linear layer on the last axis; weight (..., in, out), bias (..., out)."""
        return self.node(
            "Add",
            self.node("MatMul", value, self.constant(f"{name}.weight", weight)),
            self.constant(f"{name}.bias", bias),
        )

    def gelu(self, value: str) -> str:
        """Gaussian error linear unit: x (1 + erf(x / sqrt 2)) / 2."""
        half = self.constant("half", np.array(0.5))
        erf = self.node("Erf", self.node("Mul", value, self.constant("sqrt_half", np.array(0.5**0.5))))
        doubled = self.node("Mul", value, self.node("Add", erf, self.constant("one", np.array(1.0))))
        return self.node("Mul", doubled, half)

    def model(self, inputs: dict[str, Shape], outputs: dict[str, Shape]) -> onnx.ModelProto:
        """The checked model, all inputs and outputs float32."""
        graph = helper.make_graph(
            self._nodes,
            "graph",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
            [numpy_helper.from_array(np.ascontiguousarray(v), name) for name, v in self._constants.items()],
        )
        model = helper.make_model(
            graph,
            producer_name="soundscape-monitor",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model, full_check=True)
        return model
