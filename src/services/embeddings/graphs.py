"""Writing an ONNX model piece by piece: a small graph file and one file of weights beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

GRAPH_FILE = "model.onnx"
WEIGHTS_FILE = "weights.bin"

_OPSET = 17
_IR_VERSION = 9
_FUSED = "com.microsoft"
_ALIGNMENT = 64
_INLINE_BYTES = 1024


class GraphWriter:
    """Collects nodes and streams tensors to disk, so that a model is never held in memory as a whole.

    Tensors above a kilobyte go to ``weights.bin``, which onnxruntime maps instead of reading: pages that
    no text touches (most of the word embeddings) cost no memory.
    """

    def __init__(self, folder: Path) -> None:
        from onnx import TensorProto, helper, numpy_helper

        self._proto, self._helper, self._numpy = TensorProto, helper, numpy_helper
        self._folder = folder
        self._weights = (folder / WEIGHTS_FILE).open("wb")
        self._nodes: list[Any] = []
        self._tensors: dict[str, Any] = {}

    def __enter__(self) -> GraphWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._weights.close()

    def tensor(self, name: str, values: NDArray[Any]) -> str:
        """Store a constant under ``name`` and return the name; a name given again is stored once."""
        if name not in self._tensors:
            values = np.asarray(values, order="C")
            inline = values.nbytes <= _INLINE_BYTES
            self._tensors[name] = (
                self._numpy.from_array(values, name) if inline else self._external(name, values)
            )
        return name

    def _external(self, name: str, values: NDArray[Any]) -> Any:
        self._weights.write(b"\0" * (-self._weights.tell() % _ALIGNMENT))
        tensor = self._proto(
            name=name,
            dims=values.shape,
            data_type=self._helper.np_dtype_to_tensor_dtype(values.dtype),
            data_location=self._proto.EXTERNAL,
        )
        place = {"location": WEIGHTS_FILE, "offset": self._weights.tell(), "length": values.nbytes}
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        self._weights.write(values.tobytes())
        return tensor

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add a standard operator with one output and return the output's name."""
        self._nodes.append(self._helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def split(self, value: str, sizes: str, outputs: Sequence[str]) -> None:
        """Cut ``value`` along its last axis."""
        self._nodes.append(self._helper.make_node("Split", [value, sizes], list(outputs), axis=-1))

    def fused(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Add one of onnxruntime's own operators with one output and return the output's name."""
        self._nodes.append(self._helper.make_node(kind, list(inputs), [output], domain=_FUSED, **attributes))
        return output

    def cast_to_float(self, value: str, output: str) -> str:
        return self.node("Cast", [value], output, to=self._proto.FLOAT)

    def save(self, name: str, inputs: dict[str, Sequence[str]], outputs: Sequence[str]) -> Path:
        """Write the graph file and return its path. ``inputs`` are int64, with their symbolic shapes."""
        self._weights.close()
        make = self._helper.make_tensor_value_info
        graph = self._helper.make_graph(
            self._nodes,
            name,
            [make(key, self._proto.INT64, list(shape)) for key, shape in inputs.items()],
            [make(key, self._proto.FLOAT, None) for key in outputs],
            list(self._tensors.values()),
        )
        domains = [self._helper.make_opsetid("", _OPSET), self._helper.make_opsetid(_FUSED, 1)]
        model = self._helper.make_model(graph, opset_imports=domains, ir_version=_IR_VERSION)
        path = self._folder / GRAPH_FILE
        path.write_bytes(model.SerializeToString(deterministic=True))
        return path
