"""Smaller or faster forms of a bundle, and a table of what they cost in accuracy."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from model_export.bundles import seal
from monitor.model.bundle import Bundle
from monitor.model.collector import Job
from monitor.model.incremental import Incremental
from monitor.model.predictor import engine_of
from monitor.model.scores import OUTPUTS, Scores
from monitor.types import Float32Array

SMALL = 256
"""Constants with fewer elements stay float32."""


class Row(NamedTuple):
    """One variant against the float32 bundle, over all windows."""

    variant: str
    size_mb: float
    hop_ms: float
    """Median CPU time of a hop."""
    probability_mean: float
    """Mean difference of scene and event probabilities."""
    probability_max: float
    affect_mean: float
    """Mean difference of ISOP, ISOE and PAQ."""
    affect_max: float


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large constants as float16; they are widened when the graph is loaded: the arithmetic stays float32."""
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    casts = []
    for constant in halved.graph.initializer:
        values = numpy_helper.to_array(constant)
        if constant.data_type == TensorProto.FLOAT and values.size >= SMALL:
            name = constant.name
            constant.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = list(halved.graph.node)
    del halved.graph.node[:]
    halved.graph.node.extend([*casts, *nodes])
    onnx.checker.check_model(halved, full_check=True)
    return halved


class _Recorder(Incremental):
    """Keeps what its trunk is given: calibration data for quantisation."""

    def __init__(self, bundle: Bundle, jobs: Sequence[Job]) -> None:
        super().__init__(bundle)
        self._feeds: list[dict[str, Float32Array]] = []
        for job in jobs:
            self.scores(job)
        self._left = iter(self._feeds)

    def run_trunk(self, feed: dict[str, Float32Array]) -> list[Float32Array]:
        """Run the trunk and keep its input."""
        self._feeds.append(feed)
        return super().run_trunk(feed)

    def get_next(self) -> dict[str, Float32Array] | None:
        """The next feed, or None at the end (ONNX Runtime's protocol)."""
        return next(self._left, None)


def quantise(bundle: Bundle, jobs: Sequence[Job], target: Path) -> None:
    """Write trunk.onnx with the mel convolutions in int8, ranges taken from `jobs`; the first of each branch stays."""
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

    model = onnx.load(bundle.folder / "trunk.onnx")
    convolutions = [node for node in model.graph.node if node.op_type == "Conv" and node.input[1].startswith("mel_")]
    chosen = [node.name for node in convolutions if not node.input[1].endswith("block1.conv1.weight")]
    quantize_static(
        bundle.folder / "trunk.onnx",
        target,
        _Recorder(bundle, jobs),
        quant_format=QuantFormat.QDQ,
        nodes_to_quantize=chosen,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.MinMax,
    )


def variants(bundle: Bundle, calibration: Sequence[Job]) -> Iterator[tuple[str, Callable[[Path], None]]]:
    """Name of each variant, and what writes its graphs to a folder."""

    def copy(folder: Path, *names: str) -> None:
        for name in names:
            (folder / name).write_bytes((bundle.folder / name).read_bytes())

    def half(folder: Path) -> None:
        for name in ("trunk.onnx", "head.onnx"):
            (folder / name).write_bytes(halve(onnx.load(bundle.folder / name)).SerializeToString())

    def int8(folder: Path) -> None:
        copy(folder, "head.onnx")
        quantise(bundle, calibration, folder / "trunk.onnx")

    yield "float32", lambda folder: copy(folder, "trunk.onnx", "head.onnx")
    yield "float16", half
    yield "int8-mel", int8


def compare(bundle: Bundle, calibration: Sequence[Job], held_out: Sequence[Job], out: Path | None = None) -> list[Row]:
    """Make all variants of an incremental bundle and run them on `held_out`; keep them under `out` if given."""
    rows: list[Row] = []
    exact: list[Scores] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, write in variants(bundle, calibration):
            graphs = Path(scratch) / name
            graphs.mkdir()
            write(graphs)
            content = bundle.manifest.model_dump(mode="json", exclude={"id", "files"}) | {"precision": name}
            variant = seal(graphs, (out or Path(scratch) / "sealed") / name, content)
            engine, scores, spent = engine_of(variant), [], []
            for job in held_out:
                begun = time.process_time()
                scores.append(engine.scores(job))
                spent.append(time.process_time() - begun)
            exact = exact or scores
            rows.append(_row(name, variant, float(np.median(spent)), scores, exact))
    return rows


def _row(name: str, bundle: Bundle, hop_s: float, scores: list[Scores], exact: list[Scores]) -> Row:
    probability: list[NDArray[np.floating]] = []
    affect: list[NDArray[np.floating]] = []
    for one, other in zip(scores, exact, strict=True):
        for output in OUTPUTS:
            a, b = getattr(one, output), getattr(other, output)
            if output == "scene":
                a, b = (np.exp(x - x.max(axis=1, keepdims=True)) for x in (a, b))
                a, b = a / a.sum(axis=1, keepdims=True), b / b.sum(axis=1, keepdims=True)
            elif output == "event":
                a, b = 1 / (1 + np.exp(-a)), 1 / (1 + np.exp(-b))
            (probability if output in ("scene", "event") else affect).append(np.abs(a - b).ravel())
    p, q = np.concatenate(probability), np.concatenate(affect)
    size = sum(record.bytes for record in bundle.manifest.files.values())
    return Row(name, size / 1e6, hop_s * 1e3, float(p.mean()), float(p.max()), float(q.mean()), float(q.max()))


def table(rows: Sequence[Row]) -> str:
    """Markdown."""
    head = (
        "| variant | size, MB | hop of 2 s, ms CPU | probabilities: mean, largest | affect: mean, largest |\n"
        "| --- | --- | --- | --- | --- |"
    )
    body = [
        f"| {r.variant} | {r.size_mb:.1f} | {r.hop_ms:.1f} | {r.probability_mean:.5f}, {r.probability_max:.4f} "
        f"| {r.affect_mean:.5f}, {r.affect_max:.4f} |"
        for r in rows
    ]
    return "\n".join([head, *body])
