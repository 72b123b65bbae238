"""From torch modules to ONNX files without traces of the machine they were made on."""

import contextlib
import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn

from model_export.graphs import CONTEXT, SNIPPET, Head, Trunk
from monitor.model.collector import LOUDNESS_PER_UNIT, MEL_PER_UNIT, WINDOW
from monitor.model.scores import OUTPUTS
from training.networks import Outputs
from training.networks.soundeqnet import SoundEQnet

OPSET = 18
"""Understood by ONNX Runtime 1.14 and later."""


class Window(nn.Module):
    """A sibling on whole windows of log-mel: (w, 3001, 64) to Outputs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, log_mel: Tensor) -> Outputs:
        """Leave out the loudness, which siblings do not hear."""
        return self.network(log_mel, None)  # type: ignore[no-any-return]


def write_graph(
    module: nn.Module,
    path: Path,
    inputs: Mapping[str, Tensor],
    outputs: Sequence[str],
    dynamic: Mapping[str, Mapping[int, Any]],
) -> None:
    """Export `module`, called with example `inputs`, to `path`; `dynamic` names the axes of free length."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=tuple(dict(dynamic[name]) if name in dynamic else None for name in inputs),
            opset_version=OPSET,
            dynamo=True,
            optimize=True,
            verbose=False,
        )
    assert program is not None
    model = _anonymous(program.model_proto)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())


def _anonymous(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop stack traces, source paths and the names of tools."""
    model.producer_name, model.producer_version, model.doc_string = "soundscape-monitor", "", ""
    del model.metadata_props[:]
    graph = model.graph
    graph.doc_string = ""
    for item in (*graph.node, *graph.initializer, *graph.input, *graph.output, *graph.value_info):
        item.doc_string = ""
        del item.metadata_props[:]
    del graph.metadata_props[:]
    del graph.value_info[:]
    return model


def write_incremental(network: SoundEQnet, folder: Path) -> None:
    """Write trunk.onnx (one hop of the convolutions) and head.onnx (pooled windows to scores)."""
    units = torch.export.Dim("units", min=1, max=WINDOW)
    windows = torch.export.Dim("windows", min=1, max=64)
    trunk = Trunk(network)
    write_graph(
        trunk,
        folder / "trunk.onnx",
        {
            "mel": torch.zeros(1, 1, 64, CONTEXT + 25 * MEL_PER_UNIT),
            "loudness": torch.zeros(1, 1, 1, CONTEXT + 25 * LOUDNESS_PER_UNIT),
            "snippets": torch.zeros(3, 1, 64, SNIPPET),
            "state": torch.zeros(sum(trunk.state_sizes)),
        },
        ("mel_embeddings", "loudness_embeddings", "edges", "next_state"),
        {"mel": {3: CONTEXT + MEL_PER_UNIT * units}, "loudness": {3: CONTEXT + LOUDNESS_PER_UNIT * units}},
    )
    write_graph(
        Head(network),
        folder / "head.onnx",
        {"mel": torch.zeros(2, 4, 320), "loudness": torch.zeros(2, 4, 64)},
        OUTPUTS,
        {"mel": {0: windows}, "loudness": {0: windows}},
    )


def write_window(network: nn.Module, folder: Path) -> None:
    """Write window.onnx: a sibling on whole windows."""
    windows = torch.export.Dim("windows", min=1, max=64)
    example = {"log_mel": torch.zeros(2, WINDOW * MEL_PER_UNIT + 1, 64)}
    write_graph(Window(network), folder / "window.onnx", example, OUTPUTS, {"log_mel": {0: windows}})
